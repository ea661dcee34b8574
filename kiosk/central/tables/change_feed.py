# SPDX-License-Identifier: Apache-2.0
"""The tables of the change feed, and of the events that kiosks report."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from kiosk.central.tables.base import Instant, Table
from kiosk.values import Family


class ChangeCounter(Table, table=True):
    """The position of an organisation's change feed; locked by every transaction that changes it.

    `cards` is the number of cards. Tombstones up to `horizon` are not kept any more.
    """

    __tablename__ = "change_counter"

    organisation_id: int = Field(foreign_key="organisation.id", primary_key=True)
    position: int = 0
    cards: int = 0
    horizon: int = 0


class Tombstone(Table, table=True):
    """A card that left the organisation, at the position at which it did."""

    organisation_id: int = Field(foreign_key="organisation.id", primary_key=True)
    position: int = Field(primary_key=True)
    family: Family
    serial: str
    at: datetime = Field(sa_type=Instant)


class KioskEventRow(Table, table=True):
    """A kiosk's report of something that it did by itself, under the id that the kiosk made."""

    __tablename__ = "kiosk_event"

    id: UUID = Field(primary_key=True)
    kiosk_id: int = Field(foreign_key="kiosk.id", index=True)
    deed: str
    detail: str
    recorded_at: datetime = Field(sa_type=Instant)
    received_at: datetime = Field(sa_type=Instant)
