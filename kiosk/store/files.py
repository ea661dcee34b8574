# SPDX-License-Identifier: Apache-2.0
"""Opens the store: SQLite that survives a power cut and serves two processes at once.

There are two files: the outbox, which must not be lost, and the replica, which central can send
again. So a page of changes never delays the fact that card work waits to record, and a broken
replica is discarded alone.
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
_TURN_SECONDS = 5.0  # then go on without the lock: a stopped service would keep it for ever
_WAL_PAGES = 100  # of 4 KiB: keeps the journal small, as the state partition may be small
_log = logging.getLogger(__name__)

_OUTBOX = (
    "journal_mode=WAL",
    # A recorded fact is on the disk before the next command goes to the card.
    "synchronous=FULL",
    "secure_delete=ON",
    f"busy_timeout={_BUSY_MS}",
    f"wal_autocheckpoint={_WAL_PAGES}",
)
_REPLICA = (
    "journal_mode=WAL",
    # After a power cut the last pages may be missing, together with their cursor.
    "synchronous=NORMAL",
    "secure_delete=ON",
    f"busy_timeout={_BUSY_MS}",
    f"wal_autocheckpoint={_WAL_PAGES}",
    "cache_size=-2048",  # KiB
)
_READING = ("query_only=ON", "busy_timeout=500")


def open_store(state_directory: Path) -> Engine:
    """Open `state_directory`'s store and make its missing tables.

    A broken store is moved aside, so that the kiosk starts again; central goes on assuming the
    worst of its content. Raises SettingsError if nothing can be written.
    """
    return _open_with_lock(state_directory / "store.sqlite3", tables.metadata, _OUTBOX)


def open_replica(state_directory: Path) -> Engine:
    """Open the replica in the same way; a full check runs, and a broken replica begins empty."""
    return _open_with_lock(
        state_directory / "replica.sqlite3", tables.replica_metadata, _REPLICA, check=True
    )


def read_replica(state_directory: Path) -> Engine:
    """Return an engine to read the replica; it keeps no connection: the file may be replaced."""
    path = state_directory / "replica.sqlite3"
    engine = create_engine(
        f"sqlite:///file:{quote(str(path))}?mode=rw&uri=true", poolclass=NullPool
    )
    event.listen(engine, "connect", lambda connection, _: _prepare(connection, _READING))
    return engine


def _open_with_lock(
    path: Path, metadata: MetaData, pragmas: tuple[str, ...], *, check: bool = False
) -> Engine:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o2770)
        with _turn(path.parent):
            return _open_or_replace(path, metadata, pragmas, check=check)
    except (OSError, OperationalError) as error:
        raise SettingsError(str(path.parent), f"cannot be written: {_kind(error)}") from None


def wipe_store(state_directory: Path) -> None:
    """Empty the store and the replica for every process that has them open; remove the files.

    A flash disk may keep old copies of its blocks; the kiosk cannot erase those. Raises
    SettingsError.
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
    """Hold the lock under which one of two starting services makes the store.

    Without it SQLite would refuse one of them: it does not wait while another connection changes
    the journal mode.
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
    # SQLite makes files that the group cannot write, but the two services are two users.
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
        connection.close()  # SQLAlchemy does not close it: it does not know it yet
        raise
