# SPDX-License-Identifier: Apache-2.0
"""In which order things changed, for those who follow."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from kiosk.central.tables.base import Instant, Table
from kiosk.values import Family


class ChangeCounter(Table, table=True):
    """How far an organisation's changes have come. Locked by whoever changes something there.

    `cards` is how many it has; tombstones up to `horizon` are not kept any more.
    """

    __tablename__ = "change_counter"

    organisation_id: int = Field(foreign_key="organisation.id", primary_key=True)
    position: int = 0
    cards: int = 0
    horizon: int = 0


class Tombstone(Table, table=True):
    """A card that an organisation had."""

    organisation_id: int = Field(foreign_key="organisation.id", primary_key=True)
    position: int = Field(primary_key=True)
    family: Family
    serial: str
    at: datetime = Field(sa_type=Instant)


class KioskEventRow(Table, table=True):
    """A kiosk's word, under the id it made, of something that it did by itself."""

    __tablename__ = "kiosk_event"

    id: UUID = Field(primary_key=True)
    kiosk_id: int = Field(foreign_key="kiosk.id", index=True)
    deed: str
    detail: str
    recorded_at: datetime = Field(sa_type=Instant)
    received_at: datetime = Field(sa_type=Instant)
