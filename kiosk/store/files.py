# SPDX-License-Identifier: Apache-2.0
"""Opening the store: SQLite that survives a pulled plug and serves two processes at once.

Two files: what happened here, which must not be lost, and the replica, which central can hand down
again. So a page of changes never holds up the fact that card work is waiting to record, and a
replica that breaks is thrown away by itself.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, MetaData, event
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import NullPool
from sqlmodel import create_engine

from kiosk.errors import SettingsError
from kiosk.store import tables

_BUSY_MS = 5_000
_TURN_SECONDS = 5.0  # then we try without: a service that was stopped in its turn keeps it
_WAL_PAGES = 100  # of 4 KiB: the journal stays small, the state's partition may be
_log = logging.getLogger(__name__)

_OUTBOX = (
    "journal_mode=WAL",
    # A fact that was recorded is on the disk before the next command goes to the card.
    "synchronous=FULL",
    "secure_delete=ON",
    f"busy_timeout={_BUSY_MS}",
    f"wal_autocheckpoint={_WAL_PAGES}",
)
_REPLICA = (
    "journal_mode=WAL",
    # After a power cut the last pages may be missing, with the cursor that goes with them.
    "synchronous=NORMAL",
    "secure_delete=ON",
    f"busy_timeout={_BUSY_MS}",
    f"wal_autocheckpoint={_WAL_PAGES}",
    "cache_size=-2048",  # KiB
)
_LOOKING = ("query_only=ON", "busy_timeout=500")


def open_store(state_directory: Path) -> Engine:
    """The engine of `state_directory`'s store, its tables made where they are missing.

    A store that is no database any more is moved aside, so that the kiosk comes back; central goes
    on reckoning with the worst of what it held. Raises SettingsError where nothing can be written.
    """
    return _open_or_begin_anew(state_directory / "store.sqlite3", tables.metadata, _OUTBOX)


def open_replica(state_directory: Path) -> Engine:
    """The same for the replica, all of which is looked at: it begins anew if it is not whole."""
    return _open_or_begin_anew(
        state_directory / "replica.sqlite3", tables.replica_metadata, _REPLICA, check=True
    )


def read_replica(state_directory: Path) -> Engine:
    """The replica for those who only look, and never keep it open: it may be replaced."""
    path = state_directory / "replica.sqlite3"
    engine = create_engine(
        f"sqlite:///file:{quote(str(path))}?mode=rw&uri=true", poolclass=NullPool
    )
    event.listen(engine, "connect", lambda connection, _: _prepare(connection, _LOOKING))
    return engine


def _open_or_begin_anew(
    path: Path, metadata: MetaData, pragmas: tuple[str, ...], *, check: bool = False
) -> Engine:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o2770)
        with _turn(path.parent):
            return _open_or_replace(path, metadata, pragmas, check=check)
    except (OSError, OperationalError) as error:
        raise SettingsError(str(path.parent), f"cannot be written: {_kind(error)}") from None


def wipe_store(state_directory: Path) -> None:
    """Empty the store, for whoever still has it open too, and remove its files; and the replica.

    What a flash disk keeps beside what it shows is out of our hands. Raises SettingsError.
    """
    replica = (state_directory / "replica.sqlite3", tables.replica_metadata, _REPLICA)
    store = (state_directory / "store.sqlite3", tables.metadata, _OUTBOX)
    try:
        with _turn(state_directory):
            for path, metadata, pragmas in (replica, store):
                engine = _open_or_replace(path, metadata, pragmas, check=False)
                with engine.begin() as connection:
                    for table in metadata.sorted_tables:
                        if table.name != tables.Closed.__tablename__:
                            connection.execute(table.delete())
                engine.dispose()
                for each in state_directory.glob(f"{path.stem}.*"):
                    each.unlink(missing_ok=True)
    except (OSError, DatabaseError) as error:
        raise SettingsError(str(state_directory), f"cannot be wiped: {_kind(error)}") from None


@contextlib.contextmanager
def _turn(state_directory: Path) -> Iterator[None]:
    """The two services start at once: one makes the store, and the other finds it made.

    SQLite by itself would refuse one of them: it does not wait for who changes the journal's mode.
    """
    with (state_directory / "store.turn").open("a") as turn:
        end = time.monotonic() + _TURN_SECONDS
        while time.monotonic() < end:
            try:
                fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.02)
            else:
                break
        yield


def _open_or_replace(
    path: Path, metadata: MetaData, pragmas: tuple[str, ...], *, check: bool
) -> Engine:
    try:
        return _open(path, metadata, pragmas, check=check)
    except DatabaseError as error:
        if isinstance(error, OperationalError):
            raise
    aside = path.with_suffix(f".broken-{int(time.time())}")
    _log.error("%s is broken: moved to %s", path.name, aside)
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{suffix}").rename(f"{aside}{suffix}")
    return _open(path, metadata, pragmas, check=False)


def _open(path: Path, metadata: MetaData, pragmas: tuple[str, ...], *, check: bool) -> Engine:
    # SQLite by itself keeps the group from writing, and the two services are two users.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o660))
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", lambda connection, _: _prepare(connection, pragmas))
    try:
        metadata.create_all(engine)
        if check:
            _check(engine)
    except DatabaseError:
        engine.dispose()
        raise
    return engine


def _check(engine: Engine) -> None:
    with engine.connect() as connection:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    if found != "ok":
        raise DatabaseError("PRAGMA quick_check", None, ValueError(found))


def _kind(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__


def _prepare(connection: Any, pragmas: tuple[str, ...]) -> None:
    try:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
    except Exception:
        connection.close()  # SQLAlchemy does not know it yet
        raise
