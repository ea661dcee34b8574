# SPDX-License-Identifier: Apache-2.0
"""The store's tables: what happened here, and the replica of what central keeps of cards."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import MetaData
from sqlmodel import Field, SQLModel

metadata = MetaData()
replica_metadata = MetaData()


class OutboxState(StrEnum):
    """What became of a fact: a refused one is kept, for a technician to look at, and not resent."""

    PENDING = "pending"
    DELIVERED = "delivered"
    REFUSED = "refused"


class StoreTable(SQLModel):
    """The base of the store's tables: their metadata is their own, central's are not in it."""

    metadata = metadata


class OutboxRow(StoreTable, table=True):
    """Something that happened here and that central has yet to acknowledge.

    `body` is the contract's OutboxItem as JSON, written once and never changed, `kind` its fact's.
    `position` gives the order in which things happened. `received_at`: when central had it, by
    its clock.
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
    """One row once the kiosk is about to go: nothing new may be recorded."""

    __tablename__ = "closed"

    id: int = Field(default=1, primary_key=True)


class OpenVisit(StoreTable, table=True):
    """A session that asked for a grant and whose card work has not come to its end.

    `facts` is how many facts were recorded of it, counted in the transactions that recorded them.
    """

    __tablename__ = "open_visit"

    session: str = Field(primary_key=True)
    facts: int = 0


class ToldEpoch(StoreTable, table=True):
    """One row: the epoch of central's to which the outbox was last prepared to be handed over."""

    __tablename__ = "told_epoch"

    id: int = Field(default=1, primary_key=True)
    epoch: str


class ReplicaTable(SQLModel):
    """The base of the replica's tables, which are in a file of their own."""

    metadata = replica_metadata


class ReplicaCard(ReplicaTable, table=True):
    """A card of the organisation, by its hash: see `contract.changes`. One tree, without rowids.

    `generation`: the fill in which it was last handed down. What an ended fill did not, is gone.
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
    """One row: how far the replica has come; changed in the transaction that brings it there.

    `epoch` and `highest` are how far central's changes had come at the last page. `cards` counts
    the rows, `total` central's. While `filling`, rows of earlier generations are still good;
    `complete` once a fill has ended. `lost` of `window_cards` cards went since `window_since`
    (seconds of the clock). `audit_head` is the newest that central signed. The `held…` say what is
    held back, the `approved…` what IT let pass.
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
