# SPDX-License-Identifier: Apache-2.0
"""The tables of lent packs, and of the attempts made with them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from kiosk.central.tables.base import Instant, Table


class PackRow(Table, table=True):
    """A pack that a kiosk has or had: the unblocking key of `generation`, for `allowance` attempts.

    `number` is the first of two numbers of the card's visits, reserved for its card work.
    `lent_until` is the end of its lease, which each renewal moves; a kiosk's word does not bring it
    closer. `ended_at`: the kiosk reported that it no longer has it, and everything that it did with
    it. `accounted`: that was reported, and the lease is over. `abandoned`: the kiosk is not trusted
    any more, and the card's key is to be renewed.
    """

    __tablename__ = "pack"
    __table_args__ = (Index("ix_pack_lent", "kiosk_id", "card_id"),)

    id: UUID = Field(primary_key=True)
    number: int
    kiosk_id: int = Field(foreign_key="kiosk.id")
    card_id: int = Field(foreign_key="card.id", index=True)
    registration_id: UUID  # it may have been replaced since
    generation: int
    allowance: int
    sealing_key: bytes
    lent_at: datetime = Field(sa_type=Instant)
    lent_until: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    accounted: bool = False
    abandoned: bool = False


class BootKeyRow(Table, table=True):
    """A sealing key that a kiosk has shown in `epoch`, in the order in which they came.

    A kiosk makes one each time that it starts.
    """

    __tablename__ = "boot_key"

    id: int = Field(default=None, primary_key=True)
    kiosk_id: int = Field(foreign_key="kiosk.id", index=True)
    sealing_key: bytes
    epoch: str
    since: datetime = Field(sa_type=Instant)


class PackEventRow(Table, table=True):
    """A kiosk's report of what it did with a pack, under the id that the kiosk made.

    `right` belongs to answers, and `grant_id` identifies the card work after them. `counted`: the
    attempt counts as a failed one of its registration.
    """

    __tablename__ = "pack_event"

    id: UUID = Field(primary_key=True)
    pack_id: UUID = Field(foreign_key="pack.id", index=True)
    kind: str
    number: int
    right: bool = False
    grant_id: UUID | None = None
    counted: bool = False
    recorded_at: datetime = Field(sa_type=Instant)
    received_at: datetime = Field(sa_type=Instant)
