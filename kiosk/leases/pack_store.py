# SPDX-License-Identifier: Apache-2.0
"""The pack store: which packs are here, how often each was tried, how long its lease still runs.

One SQLite file in the memory file system. An attempt is committed there, and as a fact to the disk,
before an envelope is opened. Leases run by CLOCK_BOOTTIME, which nobody sets and which goes on
while the machine sleeps.
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
"""Seconds after a first attempt that failed, and after any other."""
_PRAGMAS = ("journal_mode=MEMORY", "secure_delete=ON", "busy_timeout=5000")
_metadata = MetaData()


def boot_time() -> float:
    """Seconds since the machine was started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class _Table(SQLModel):
    metadata = _metadata


class _Row(_Table, table=True):
    """A pack, sealed as it came. What is beside it says nothing of its holder."""

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
    """A pack on the pack store. `ends` and `not_before` are moments of `boot_time`."""

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
        """How often it may still be tried."""
        return 0 if self.spent else max(0, self.allowance - self.attempts)


class PackStore:
    """Safe to use from several threads. Every method raises StoreFailed.

    Cards are known by the hash that stands for them in the replica.
    """

    def __init__(self, directory: Path, now: Callable[[], float] = boot_time) -> None:
        self.directory, self.now = directory, now
        self._engine = create_engine(f"sqlite:///{directory / FILE}")
        event.listen(self._engine, "connect", lambda connection, _: _prepare(connection))
        with _failing_as_store():
            _metadata.create_all(self._engine)

    def put(self, card: bytes, pack: Pack, sealed: bytes, ends: float) -> Kept | None:
        """Keep a pack, or its longer lease; the pack of the same card that was here before it.

        What was tried stays tried.
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
        """The pack of a card whose lease runs and that is not spent."""
        with self._session() as database:
            row = database.get(_Row, card)
            return None if row is None or row.spent or row.ends <= self.now() else _kept(row)

    def get(self, pack: UUID) -> Kept | None:
        """A pack, as it stands now."""
        with self._session() as database:
            row = _row(database, pack)
            return None if row is None else _kept(row)

    def everything(self) -> list[Kept]:
        """All that is here."""
        with self._session() as database:
            return [_kept(row) for row in database.exec(select(_Row))]

    def count_ready(self) -> int:
        """How many cards can be unlocked now."""
        ready = select(func.count()).where(
            _Row.ends > self.now(),
            col(_Row.spent).is_(False),
            col(_Row.attempts) < col(_Row.allowance),
        )
        with self._session() as database:
            return database.exec(ready).one()

    def count(self, pack: UUID) -> int | None:
        """Count an attempt, which is looked at afterwards: its number. None: there is none."""
        with self._session() as database:
            row = _row(database, pack)
            if row is None or _kept(row).attempts_left < 1 or row.ends <= self.now():
                return None
            row.attempts += 1
            row.not_before = self.now() + _WAITS[min(row.attempts, len(_WAITS)) - 1]
            database.add(row)
            return row.attempts

    def was_right(self, pack: UUID) -> None:
        """The attempt was none to wait after."""
        with self._session() as database:
            if (row := _row(database, pack)) is not None:
                row.not_before = 0.0
                database.add(row)

    def spend(self, pack: UUID) -> None:
        """Nothing more is unlocked with it; what opens the card is gone from here."""
        with self._session() as database:
            if (row := _row(database, pack)) is not None:
                row.spent, row.sealed = True, b""
                database.add(row)

    def empty(self) -> None:
        """Have nothing any more. Never fails: what cannot be deleted is opened by nothing here."""
        with suppress(StoreFailed), self._session() as database:
            carry_out(database, delete(_Row))

    def drop(self, pack: UUID) -> None:
        """Have it no more."""
        with self._session() as database:
            if (row := _row(database, pack)) is not None:
                database.delete(row)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with _failing_as_store(), Session(self._engine) as database, database.begin():
            yield database


def _row(database: Session, pack: UUID) -> _Row | None:
    return database.exec(select(_Row).where(_Row.pack == str(pack))).first()


def _kept(row: _Row) -> Kept:
    told = row.model_dump()
    return Kept(**{**told, "pack": UUID(row.pack), "registration": UUID(row.registration)})


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
        # Only the kind: the message carries the statement and its values.
        raise StoreFailed(type(error).__name__) from None
