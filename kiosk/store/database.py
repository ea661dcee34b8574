"""Opening the store: SQLite that survives a pulled plug and serves two processes at once."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlmodel import create_engine

from kiosk.errors import SettingsError
from kiosk.store import tables

_BUSY_MS = 5_000
_TURN_SECONDS = 5.0  # then we try without: a service that was stopped in its turn keeps it
_WAL_PAGES = 100  # of 4 KiB: the journal stays small, the state's partition may be
_log = logging.getLogger(__name__)


def open_store(state_directory: Path) -> Engine:
    """The engine of `state_directory`'s store, its tables made where they are missing.

    A store that is no database any more is moved aside, so that the kiosk comes back; central goes
    on reckoning with the worst of what it held. Raises SettingsError where nothing can be written.
    """
    try:
        state_directory.mkdir(parents=True, exist_ok=True, mode=0o2770)
        with _turn(state_directory):
            return _open_or_replace(state_directory / "store.sqlite3")
    except (OSError, OperationalError) as error:
        raise SettingsError(str(state_directory), f"cannot be written: {_kind(error)}") from None


def wipe_store(state_directory: Path) -> None:
    """Empty the store, for whoever still has it open too, and remove its files.

    What a flash disk keeps beside what it shows is out of our hands. Raises SettingsError.
    """
    try:
        with _turn(state_directory):
            engine = _open_or_replace(state_directory / "store.sqlite3")
            with engine.begin() as connection:
                for table in tables.metadata.sorted_tables:
                    if table.name != tables.Closed.__tablename__:
                        connection.execute(table.delete())
            engine.dispose()
            for each in state_directory.glob("store.*"):
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


def _open_or_replace(path: Path) -> Engine:
    try:
        return _open(path)
    except DatabaseError as error:
        if isinstance(error, OperationalError):
            raise
    aside = path.with_suffix(f".broken-{int(time.time())}")
    _log.error("the store is broken: moved to %s", aside)
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{suffix}").rename(f"{aside}{suffix}")
    return _open(path)


def _open(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _prepare)
    try:
        tables.metadata.create_all(engine)
    except DatabaseError:
        engine.dispose()
        raise
    return engine


def _kind(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__


def _prepare(connection: Any, _record: object) -> None:
    try:
        _set_up(connection.cursor())
    except Exception:
        connection.close()  # SQLAlchemy does not know it yet
        raise


def _set_up(cursor: Any) -> None:
    cursor.execute("PRAGMA journal_mode=WAL")
    # FULL: a fact that was recorded is on the disk before the next command goes to the card.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    cursor.execute(f"PRAGMA wal_autocheckpoint={_WAL_PAGES}")
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()
