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
    `lent_until` is the end of its lease, which each renewal moves. `ended_at`: the kiosk no longer
    has it, and has reported everything. `abandoned`: the kiosk was cut off, and will never report
    that.
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
    abandoned: bool = False


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
