# SPDX-License-Identifier: Apache-2.0
"""The tables of the store: the outbox, and the replica of central's data about cards."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import MetaData
from sqlmodel import Field, SQLModel

metadata = MetaData()
replica_metadata = MetaData()


class OutboxState(StrEnum):
    """The states of a fact; a refused one is kept for a technician and not sent again."""

    PENDING = "pending"
    DELIVERED = "delivered"
    REFUSED = "refused"


class StoreTable(SQLModel):
    """The base of the store's tables, with metadata of their own, apart from central's."""

    metadata = metadata


class OutboxRow(StoreTable, table=True):
    """A fact, and central's answer to it.

    `body` is the contract's OutboxItem as JSON, written once and never changed; `kind` is its
    fact's. `position` is the order in which the facts happened. `received_at` is the time at which
    central received it, by central's clock.
    """

    __tablename__ = "outbox"

    position: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True, index=True)
    kind: str
    body: str
    recorded_at: datetime
    attempts: int = 0
    last_answer: str = ""
    state: OutboxState = Field(default=OutboxState.PENDING, index=True)
    received_at: float | None = None


class Closed(StoreTable, table=True):
    """One row, written when the kiosk goes out of service: nothing new may be recorded."""

    __tablename__ = "closed"

    id: int = Field(default=1, primary_key=True)


class OpenVisit(StoreTable, table=True):
    """A session that requested a grant and whose card work is not over.

    `facts` is the number of its recorded facts, counted in the transactions that recorded them.
    """

    __tablename__ = "open_visit"

    session: str = Field(primary_key=True)
    facts: int = 0


class ReportedEpoch(StoreTable, table=True):
    """One row: the epoch of central for which the outbox was last prepared."""

    __tablename__ = "told_epoch"

    id: int = Field(default=1, primary_key=True)
    epoch: str


class ReplicaTable(SQLModel):
    """The base of the replica's tables, which are in a file of their own."""

    metadata = replica_metadata


class ReplicaCard(ReplicaTable, table=True):
    """A card of the organisation, by its hash (see `contract.replication`).

    The table is one tree, without rowids. `generation` is the fill that last delivered the card.
    Cards that an ended fill did not deliver are removed.
    """

    __tablename__ = "card"
    __table_args__ = {"sqlite_with_rowid": False}

    card: bytes = Field(primary_key=True)
    generation: int
    status: str
    registered: bool
    registration: bytes
    locked: bool
    closed: bool
    frozen: bool
    questions: str
    certificate_ends: date | None
    expires: date | None


class ReplicaStateRow(ReplicaTable, table=True):
    """One row: the replica's progress, changed in the transaction that makes the progress.

    `epoch` and `highest` are the place of central's changes at the last page. `cards` counts the
    rows, `total` is central's count. While `filling`, rows of earlier generations are still valid;
    `complete` is true once a fill has ended. `lost` counts the cards of `window_cards` that
    disappeared since `window_since` (seconds of the clock). `audit_head` is the newest checkpoint
    that central signed. The `held…` fields describe what is held back, the `approved…` fields what
    IT approved.
    """

    __tablename__ = "state"

    id: int = Field(default=1, primary_key=True)
    key: bytes = b""
    cursor: str = ""
    epoch: str = ""
    highest: int = 0
    policy: str = ""
    audit_head: str = ""
    cards: int = 0
    total: int = 0
    generation: int = 1
    filling: bool = True
    complete: bool = False
    window_since: float = 0.0
    window_cards: int = 0
    lost: int = 0
    held_reason: str = ""
    held_organisation: int = 0
    held_epoch: str = ""
    held_head: int = 0
    held_losses: int = 0
    approved_epoch: str = ""
    approved_head: int = 0
