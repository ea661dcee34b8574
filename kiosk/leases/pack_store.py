# SPDX-License-Identifier: Apache-2.0
"""The pack store: the packs of this kiosk, the attempts on each, and the end of each lease.

It is one SQLite file in the memory file system. An attempt is committed there, and as a fact to the
disk, before an envelope is opened. Leases run by CLOCK_BOOTTIME, which nobody can set and which
goes on while the machine sleeps.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import MetaData, event
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Field, Session, SQLModel, col, create_engine, delete, func, select

from kiosk.contract.packs import Pack
from kiosk.errors import StoreFailed
from kiosk.rows import carry_out

FILE = "packs.sqlite3"
_WAITS = (60.0, 300.0)
"""Seconds to wait after the first failed attempt, and after each later one."""
_PRAGMAS = ("journal_mode=MEMORY", "secure_delete=ON", "busy_timeout=5000")
_metadata = MetaData()


def boot_time() -> float:
    """Return the seconds since the machine was started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class _Table(SQLModel):
    metadata = _metadata


class _Row(_Table, table=True):
    """A pack, sealed as it arrived; the other columns say nothing about its holder."""

    __tablename__ = "pack"

    card: bytes = Field(primary_key=True)
    pack: str = Field(unique=True)
    registration: str
    epoch: str
    sealed: bytes
    ends: float
    allowance: int
    attempts: int = 0
    not_before: float = 0.0
    spent: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A pack in the pack store; `ends` and `not_before` are times of `boot_time`."""

    card: bytes
    pack: UUID
    registration: UUID
    epoch: str
    sealed: bytes
    ends: float
    allowance: int
    attempts: int
    not_before: float
    spent: bool

    @property
    def attempts_left(self) -> int:
        """The number of attempts that are still allowed."""
        return 0 if self.spent else max(0, self.allowance - self.attempts)


class PackStore:
    """Packs by the hash of their card, as in the replica; several threads may use it.

    Every method raises StoreFailed.
    """

    def __init__(self, directory: Path, now: Callable[[], float] = boot_time) -> None:
        self.directory, self.now = directory, now
        self._engine = create_engine(f"sqlite:///{directory / FILE}")
        event.listen(self._engine, "connect", lambda connection, _: _prepare(connection))
        with _failing_as_store():
            _metadata.create_all(self._engine)

    def put(self, card: bytes, pack: Pack, sealed: bytes, ends: float) -> Kept | None:
        """Store a pack or its longer lease; return another pack of the same card that it replaces.

        The attempts on a pack stay counted.
        """
        with self._session() as database:
            row = database.get(_Row, card)
            before = None if row is None or row.pack == str(pack.pack) else _kept(row)
            if before is not None:
                database.delete(row)
                database.flush()
                row = None
            row = row or _Row(
                card=card,
                pack=str(pack.pack),
                registration=str(pack.registration),
                epoch=pack.epoch,
                sealed=b"",
                ends=0.0,
                allowance=pack.allowance,
            )
            row.sealed, row.ends, row.epoch = sealed, ends, pack.epoch
            database.add(row)
        return before

    def find(self, card: bytes) -> Kept | None:
        """Return the pack of a card if its lease runs and it is not spent."""
        with self._session() as database:
            row = database.get(_Row, card)
            return None if row is None or row.spent or row.ends <= self.now() else _kept(row)

    def get(self, pack: UUID) -> Kept | None:
        """Return a pack in its present state."""
        with self._session() as database:
            row = _row(database, pack)
            return None if row is None else _kept(row)

    def everything(self) -> list[Kept]:
        """Return all packs."""
        with self._session() as database:
            return [_kept(row) for row in database.exec(select(_Row))]

    def count_ready(self) -> int:
        """Return the number of cards that can be unlocked now."""
        ready = select(func.count()).where(
            _Row.ends > self.now(),
            col(_Row.spent).is_(False),
            col(_Row.attempts) < col(_Row.allowance),
        )
        with self._session() as database:
            return database.exec(ready).one()

    def count(self, pack: UUID) -> int | None:
        """Count an attempt, before it is made, and return its number; None if none is left."""
        with self._session() as database:
            row = _row(database, pack)
            if row is None or _kept(row).attempts_left < 1 or row.ends <= self.now():
                return None
            row.attempts += 1
            row.not_before = self.now() + _WAITS[min(row.attempts, len(_WAITS)) - 1]
            database.add(row)
            return row.attempts

    def was_right(self, pack: UUID) -> None:
        """Drop the wait, because the answers were right."""
        with self._session() as database:
            if (row := _row(database, pack)) is not None:
                row.not_before = 0.0
                database.add(row)

    def spend(self, pack: UUID) -> None:
        """Mark the pack as spent and erase its sealed content."""
        with self._session() as database:
            if (row := _row(database, pack)) is not None:
                row.spent, row.sealed = True, b""
                database.add(row)

    def empty(self) -> None:
        """Remove all packs; never fails, because nothing here can open a pack that remains."""
        with suppress(StoreFailed), self._session() as database:
            carry_out(database, delete(_Row))

    def drop(self, pack: UUID) -> None:
        """Remove the pack."""
        with self._session() as database:
            if (row := _row(database, pack)) is not None:
                database.delete(row)

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with _failing_as_store(), Session(self._engine) as database, database.begin():
            yield database


def _row(database: Session, pack: UUID) -> _Row | None:
    return database.exec(select(_Row).where(_Row.pack == str(pack))).first()


def _kept(row: _Row) -> Kept:
    columns = row.model_dump()
    return Kept(**{**columns, "pack": UUID(row.pack), "registration": UUID(row.registration)})


def _prepare(connection: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@contextmanager
def _failing_as_store() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        # Keep only the kind: the message contains the statement and its values.
        raise StoreFailed(type(error).__name__) from None
