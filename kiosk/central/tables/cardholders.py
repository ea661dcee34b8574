# SPDX-License-Identifier: Apache-2.0
"""The tables of cardholders, their positions, and letters to them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Column
from sqlmodel import Field

from kiosk.central.tables.base import Instant, Table


class Cardholder(Table, table=True):
    """A person. Only this row and the erasable part of the audit name them.

    `uuid` is their number of twelve digits in the Care Identity Service; `language` is the one that
    letters are written in. `reported_letters` were written since `reported_since` because of
    kiosks' reports, and the last one about a report of before an epoch in `resent_epoch`.
    """

    id: int = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    name: str
    email: str
    uuid: str = ""
    language: str = "en"
    reported_letters: int = 0
    reported_since: datetime | None = Field(default=None, sa_type=Instant)
    resent_epoch: str = ""


class Position(Table, table=True):
    """A position of a cardholder: what they do, and for whom; only shown to the cardholder."""

    id: int = Field(default=None, primary_key=True)
    cardholder_id: int = Field(foreign_key="cardholder.id", index=True)
    code: str
    name: str
    source: str = ""
    organisation_code: str = ""
    organisation_name: str = ""
    start: date | None = None
    end: date | None = None
    modified_at: datetime | None = Field(default=None, sa_type=Instant)


class QueuedNotice(Table, table=True):
    """A letter to a cardholder that is to be delivered; deleted afterwards."""

    __tablename__ = "notice"

    id: int = Field(default=None, primary_key=True)
    address: str
    subject: str
    paragraphs: list[str] = Field(sa_column=Column(JSON, nullable=False))
    language: str = "en"
    written_at: datetime = Field(sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant, index=True)
    attempts: int = 0
