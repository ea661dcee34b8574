"""The store's tables."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import MetaData
from sqlmodel import Field, SQLModel

metadata = MetaData()


class OutboxState(StrEnum):
    """What became of a fact: a refused one is kept, for a technician to look at, and not resent."""

    PENDING = "pending"
    DELIVERED = "delivered"
    REFUSED = "refused"


class Table(SQLModel):
    """The base of the store's tables: their metadata is their own, central's are not in it."""

    metadata = metadata


class OutboxRow(Table, table=True):
    """Something that happened here and that central has yet to acknowledge.

    `body` is the contract's OutboxItem as JSON, written once and never changed. `position` gives
    the order in which things happened.
    """

    __tablename__ = "outbox"

    position: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True, index=True)
    body: str
    recorded_at: datetime
    attempts: int = 0
    last_answer: str = ""
    state: OutboxState = Field(default=OutboxState.PENDING, index=True)


class Closed(Table, table=True):
    """One row once the kiosk is about to go: nothing new may be recorded."""

    __tablename__ = "closed"

    id: int = Field(default=1, primary_key=True)


class OpenVisit(Table, table=True):
    """A session that asked for a grant and whose card work has not come to its end.

    `facts` is how many facts were recorded of it, counted in the transactions that recorded them.
    """

    __tablename__ = "open_visit"

    session: str = Field(primary_key=True)
    facts: int = 0
