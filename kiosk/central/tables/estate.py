# SPDX-License-Identifier: Apache-2.0
"""Where kiosks stand, and which installation this is."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column
from sqlmodel import Field

from kiosk.central.tables.base import Instant, Table, Throttled


def new_epoch() -> str:
    """A name for an epoch: never one that was there before."""
    return secrets.token_hex(8)


class Installation(Table, table=True):
    """One row: which master key this database belongs to, and whether all unlocking is stopped.

    `epoch` is another after each restoring from a backup, at `epoch_since`. What was received by
    `backed_up_until` would survive the loss of this database. `grants`: the number of the last one.
    `alerted_at`: when IT was last written to; `tidied_at`: when what was over was deleted.
    """

    id: int = Field(default=1, primary_key=True)
    key_check: bytes
    stopped: bool = False
    epoch: str = Field(default_factory=new_epoch)
    epoch_since: datetime | None = Field(default=None, sa_type=Instant)
    backed_up_until: datetime | None = Field(default=None, sa_type=Instant)
    grants: int = 0
    alerted_at: datetime | None = Field(default=None, sa_type=Instant)
    tidied_at: datetime | None = Field(default=None, sa_type=Instant)


class LeaseCards(StrEnum):
    """Of which cards kiosks are lent packs: those that were there lately, or all there are."""

    SEEN = "seen"
    ALL = "all"


class Organisation(Table, table=True):
    """A trust. Everything a kiosk may do is scoped to its own. `stopped`: no unlocking there.

    `offline` and `lease_hours`: see `contract.changes.Policy`. `lease_cards`: which cards a
    kiosk is lent packs of. `contacts`: (whom, how) pairs.
    """

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    stopped: bool = False
    offline: bool = False
    lease_hours: int = 12
    lease_cards: LeaseCards = LeaseCards.SEEN
    contacts: list[list[str]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))


class Kiosk(Throttled, Table, table=True):
    """A kiosk, known by the Ed25519 key that its device made, as `subject` of its assertions.

    `heard_at` is when it last asked for anything, to within `authentication.HEARD_EVERY`.
    `retiring`: it is to hand over what it has; then it is `revoked`, and so refused. `epoch`
    is the last one to which it has reported all that it keeps. `health` is what it last said of
    itself, `approval` what IT signed for it: both are messages of the contract.
    """

    id: int = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    name: str = Field(unique=True)
    subject: UUID = Field(unique=True)
    public_key: bytes = Field(unique=True)
    retiring: bool = False
    revoked: bool = False
    heard_at: datetime | None = Field(default=None, sa_type=Instant)
    epoch: str = ""
    health: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    health_at: datetime | None = Field(default=None, sa_type=Instant)
    approval: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
