# SPDX-License-Identifier: Apache-2.0
"""The tables of the estate: the installation, the organisations and their kiosks."""

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
    """Return the name of a new epoch, which no epoch had before."""
    return secrets.token_hex(8)


class Installation(Table, table=True):
    """The installation, in a single row.

    `key_check` identifies the master key that the database belongs to. `stopped`: all unlocking is
    stopped. `epoch` changes after each restore, at `epoch_since`. Everything received until
    `backed_up_until` would survive the loss of this database. `epochs` counts the epochs that were
    begun: see `evidence.epochs.next_number`. `alerted_at`: when alerts were last sent to IT.
    `tidied_at`: when expired rows were last deleted.
    """

    id: int = Field(default=1, primary_key=True)
    key_check: bytes
    stopped: bool = False
    epoch: str = Field(default_factory=new_epoch)
    epoch_since: datetime | None = Field(default=None, sa_type=Instant)
    backed_up_until: datetime | None = Field(default=None, sa_type=Instant)
    epochs: int = 0
    alerted_at: datetime | None = Field(default=None, sa_type=Instant)
    tidied_at: datetime | None = Field(default=None, sa_type=Instant)


class LeaseCards(StrEnum):
    """The cards that kiosks are lent packs of: those seen there lately, or all."""

    SEEN = "seen"
    ALL = "all"


class Organisation(Table, table=True):
    """A trust; every request of a kiosk is limited to its own. `stopped`: no unlocking in it.

    `offline` and `lease_hours`: see `contract.replication.Policy`. `lease_cards`: the cards that
    kiosks are lent packs of. `lease_networks`: the networks from which kiosks are lent packs; empty
    for all. `contacts`: pairs of a name and a detail. `grants` is the number of its last grant, and
    numbers up to `lost_grants` are not looked for any more. `missing_grants`: the journals lack
    some, so no card is unlocked.
    """

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    stopped: bool = False
    offline: bool = False
    lease_hours: int = 12
    lease_cards: LeaseCards = LeaseCards.SEEN
    lease_networks: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    contacts: list[list[str]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    grants: int = 0
    lost_grants: int = 0
    missing_grants: bool = False


class Kiosk(Throttled, Table, table=True):
    """A kiosk, with the Ed25519 keys of its screen and its sync.

    `subject` identifies it in assertions. `public_key` is the screen's, `sync_key` the sync's.

    `copied_at`: when another device showed that it has the identity too; nothing is lent since.
    `lease_networks`: its own, in place of its organisation's; None if it has none of its own.
    `heard_at`: when it last made a request, to within `authentication.HEARD_EVERY`. `retiring`: it
    is to hand over what it has, and is `revoked` afterwards. A revoked kiosk is refused. `epoch`:
    the last one to which it has reported all that it keeps. `emptied_at`: when it last reported
    that nothing was left to report. `health` is its last report about
    itself, and `approval` what IT signed for it; both are messages of the contract.
    """

    id: int = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    name: str = Field(unique=True)
    subject: UUID = Field(unique=True)
    public_key: bytes = Field(unique=True)
    sync_key: bytes | None = Field(default=None, unique=True)
    retiring: bool = False
    revoked: bool = False
    copied_at: datetime | None = Field(default=None, sa_type=Instant)
    lease_networks: list[str] | None = Field(default=None, sa_column=Column(JSON))
    heard_at: datetime | None = Field(default=None, sa_type=Instant)
    epoch: str = ""
    emptied_at: datetime | None = Field(default=None, sa_type=Instant)
    health: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    health_at: datetime | None = Field(default=None, sa_type=Instant)
    approval: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))


class JournalRow(Table, table=True):
    """An escrow journal: the lines that one process wrote to its file, in their order.

    `lines` is the number of the last line that is committed here or was recovered. `ended`: its
    process writes no more, and all its lines are known. `missing` says what recovery did not find
    of it; no card is unlocked until it is found or `lost`, which IT declares.
    """

    __tablename__ = "journal"

    id: UUID = Field(primary_key=True)
    place: str
    lines: int = 0
    began_at: datetime = Field(sa_type=Instant)
    ended: bool = False
    missing: str = ""
    lost: bool = False
