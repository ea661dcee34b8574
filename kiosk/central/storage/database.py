# SPDX-License-Identifier: Apache-2.0
"""The database: one transaction a block, one after the other, on disk when the block is left."""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from sqlite3 import Error as SqliteError
from typing import Any

from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool
from sqlmodel import Session

from kiosk.central import migrations
from kiosk.central.keys import escrow_journal
from kiosk.central.keys.escrow_journal import Journal
from kiosk.central.keys.master_key import MasterKey
from kiosk.central.migrations import State
from kiosk.central.refusal import RequestRefused
from kiosk.central.storage import change_feed
from kiosk.central.tables import AuditHead, Installation
from kiosk.errors import SettingsError, StoreFailed

_PLACE = "KIOSK_CENTRAL_DATABASE"
_CHECK = (b"which master key this is", b"", 32)
_PATIENCE = 10.0
"""Seconds to wait for the transaction before ours: a kiosk waits 15 for its answer."""
_CLOSING_SECONDS = 2.0
_TURN = zlib.crc32(b"smartcard-kiosk")
"""The number of PostgreSQL's advisory lock that transactions take in turn."""
_OLDER = SettingsError(
    _PLACE, "of an older version: `kiosk-central migrate` brings it up once nothing uses it"
)
_BROKEN = SettingsError(_PLACE, "a row would refer to one that is not there: nothing was changed")
_UNKNOWN = SettingsError(_PLACE, "of a newer version, or not of this service at all")


class Database:
    """Central's database, SQLite or PostgreSQL by its URL. Raises SettingsError for another."""

    def __init__(self, url: str, journal_file: Path | None = None) -> None:
        target = _target(url)
        self._journal = None if journal_file is None else Journal(journal_file)
        postgresql = target.get_backend_name() == "postgresql"
        # Parameters stay out of error messages: some of them are sealed, some are personal.
        self._engine = create_engine(
            target,
            hide_parameters=True,
            # A server that was started anew costs no request.
            pool_pre_ping=postgresql,
            connect_args={"options": _postgresql_options()} if postgresql else {},
        )
        self._closed = False
        event.listen(self._engine, "do_connect", self._refuse_once_closed)
        self._writing = None if postgresql else threading.Lock()
        self._readers = self._engine.execution_options(reads_only=True)
        if postgresql:
            _take_turns(self._engine)
        else:
            _make_sqlite_durable(self._engine)

    def prepare(self, master: MasterKey) -> None:
        """Make a new database ready for use, and look whether one that is there fits.

        Raises SettingsError if it cannot be used, is of another version, or belongs to another
        master key. Several processes may do it at once.
        """
        with _said_plainly():
            with self._engine.begin() as connection:
                match migrations.state(connection):
                    case State.EMPTY:
                        migrations.upgrade(connection)
                    case State.OLDER:
                        raise _OLDER
                    case State.UNKNOWN:
                        raise _UNKNOWN
            self._belong_to(master)

    def migrate(self) -> bool:
        """Bring the tables up to this version, all of them or none: whether there was a need.

        Raises SettingsError.
        """
        with _said_plainly(), self._upgrading() as connection:
            match migrations.state(connection):
                case State.UNKNOWN:
                    raise _UNKNOWN
                case State.CURRENT:
                    return False
            migrations.upgrade(connection)
            return True

    @contextmanager
    def _upgrading(self) -> Iterator[Connection]:
        """A transaction in which SQLite lets a revision make a table anew.

        To drop the former table would break what refers to it, so references are not enforced
        meanwhile, and all of them are checked before the end. Raises SettingsError.
        """
        with self._engine.connect() as connection:
            raw = connection.connection.driver_connection
            if not isinstance(raw, SqliteConnection):
                with connection.begin():
                    yield connection
                return
            raw.execute("PRAGMA foreign_keys = OFF").close()
            try:
                with connection.begin():
                    yield connection
                    if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                        raise _BROKEN
            finally:
                raw.execute("PRAGMA foreign_keys = ON").close()

    def _belong_to(self, master: MasterKey) -> None:
        check = master.derive(*_CHECK)
        with self.transaction() as database:
            installed = database.get(Installation, 1)
            if installed is None:
                database.add(Installation(key_check=check))
                database.add(AuditHead(sequence=0, hash=bytes(32)))
            elif installed.key_check != check:
                raise SettingsError(master.place, "the database belongs to another master key")

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits when the block is left, or rolls back with the error it raises.

        A refusal is no error: it commits what was counted and audited, and goes on from there.
        What was loaded stays readable afterwards. Transactions follow one another, on either
        database, whichever process they are in: between a block's reading and its writing nobody
        writes. So keep them short. What kiosks hold and was changed gets its position at the end.
        """
        refused = None
        with (
            self._turn(),
            change_feed.Session(self._engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            # From here on it is our turn: whoever looks at the clock now sees a later time than all
            # who were before.
            session.connection()
            try:
                yield session
            except RequestRefused as refusal:
                refused = refusal
            change_feed.number(session)
            self._write_journal(session)
        if refused is not None:
            raise refused

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Take turns within this process where the database does not queue those who write.

        SQLite lets whoever happens to look next have it: of many, some would wait for too long.
        """
        if self._writing is None:
            yield
            return
        if not self._writing.acquire(timeout=_PATIENCE):
            raise PoolTimeout
        try:
            yield
        finally:
            self._writing.release()

    def _write_journal(self, session: Session) -> None:
        """Raises StoreFailed: then nothing of the transaction is kept, and no key leaves."""
        lines = escrow_journal.pending(session)
        if self._journal is None:
            return
        try:
            self._journal.write(lines)
        except OSError as error:
            raise StoreFailed(f"the journal: {error.strerror}") from None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees the database as it is at one moment, and holds nobody up."""
        with Session(self._readers, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Let go of the connections, once what other threads are at has ended, or soon.

        Whoever comes later is told that the database is away.
        """
        self._closed = True
        pool, end = self._engine.pool, time.monotonic() + _CLOSING_SECONDS
        while isinstance(pool, QueuePool) and pool.checkedout() and time.monotonic() < end:
            time.sleep(0.01)
        self._engine.dispose()

    def _refuse_once_closed(self, dialect: Dialect, *_: Any) -> None:
        if self._closed:
            raise dialect.loaded_dbapi.OperationalError("closed")


def first_line(error: SQLAlchemyError) -> str:
    """What went wrong, for a log. PostgreSQL's further lines would show what is in a row."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return f"{type(cause).__name__}: {str(cause).partition(chr(10))[0]}"


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise SettingsError(_PLACE, first_line(error)) from None


def _target(url: str) -> URL:
    try:
        target = make_url(url)
    except ArgumentError:
        raise SettingsError(_PLACE, "not a URL such as sqlite:////var/lib/central/db") from None
    match target.get_backend_name():
        case "sqlite":
            return target.set(drivername="sqlite")
        case "postgresql":
            return target.set(drivername="postgresql+psycopg")
        case _:
            raise SettingsError(_PLACE, "neither sqlite:… nor postgresql:…")


# ---------------------------------------------------------------- PostgreSQL


def _postgresql_options() -> str:
    milliseconds = round(_PATIENCE * 1000)
    settings = {
        # Whatever the server's default: what was counted is on its disk before we look.
        "synchronous_commit": "on",
        "lock_timeout": milliseconds,
        # A process that was stopped within its turn does not keep it.
        "idle_in_transaction_session_timeout": milliseconds,
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def _take_turns(engine: Engine) -> None:
    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        if _reads_only(connection):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        else:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURN})")


# ---------------------------------------------------------------- SQLite


def _make_sqlite_durable(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: SqliteConnection, _record: Any) -> None:
        # We say BEGIN ourselves, below: the driver would begin too late, and not IMMEDIATE.
        connection.isolation_level = None
        try:
            for pragma in (
                f"busy_timeout = {round(_PATIENCE * 1000)}",
                "journal_mode = WAL",
                "synchronous = FULL",
                "foreign_keys = ON",
                "secure_delete = ON",
            ):
                connection.execute(f"PRAGMA {pragma}").close()
        except SqliteError:
            connection.close()  # nobody else will: it has not been handed over yet
            raise

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # Counting an attempt reads and then writes: nobody may write in between.
        connection.exec_driver_sql("BEGIN" if _reads_only(connection) else "BEGIN IMMEDIATE")


def _reads_only(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("reads_only"))
