# SPDX-License-Identifier: Apache-2.0
"""What was lent to kiosks, and what became of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from kiosk.central.tables.base import Instant, Table


class PackRow(Table, table=True):
    """A pack that a kiosk has, or had: the unblocking key of `generation`, for so many attempts.

    `number` is the first of two that were kept free among the grants for its card work.
    `lent_until` is the end of its lease, made later by each renewal. `ended_at`: the kiosk has it
    no more, and has reported all that it did with it. `abandoned`: the kiosk was cut off, and will
    never say so.
    """

    __tablename__ = "pack"
    __table_args__ = (Index("ix_pack_lent", "kiosk_id", "card_id"),)

    id: UUID = Field(primary_key=True)
    number: int = Field(unique=True)
    kiosk_id: int = Field(foreign_key="kiosk.id")
    card_id: int = Field(foreign_key="card.id", index=True)
    registration_id: UUID  # which may since have been replaced
    generation: int
    allowance: int
    sealing_key: bytes
    lent_at: datetime = Field(sa_type=Instant)
    lent_until: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    abandoned: bool = False


class PackEventRow(Table, table=True):
    """A kiosk's word, under the id it made, of what it did with a pack.

    `right` goes with answers, and `grant_id` names the card work that followed them. An attempt
    that was `counted` is a failed one of its registration's.
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
