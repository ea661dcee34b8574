# SPDX-License-Identifier: Apache-2.0
"""The database: transactions that follow one another and are on disk when their block ends."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from sqlite3 import Error as SqliteError
from typing import Any

from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext
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
from kiosk.central.storage.turns import Turns
from kiosk.central.tables import AuditHead, Installation
from kiosk.errors import SettingsError, StoreFailed

_PLACE = "KIOSK_CENTRAL_DATABASE"
_CHECK = (b"which master key this is", b"", 32)
_PATIENCE = 7.0
"""Seconds to wait for this process's turn, and again for other processes' transactions.

A kiosk waits 15 seconds for its answer.
"""
_CLOSING_SECONDS = 2.0
_OWNER_ALONE = 0o600
_creating = threading.Lock()
_READ_ONLY = "25006"  # SQLSTATE read_only_sql_transaction
_TURN = zlib.crc32(b"smartcard-kiosk")
"""The number of the PostgreSQL advisory lock that every transaction takes."""
_OLDER = SettingsError(
    _PLACE, "of an older version: `kiosk-central migrate` brings it up once nothing uses it"
)
_BROKEN = SettingsError(_PLACE, "a row would refer to one that is not there: nothing was changed")
_UNKNOWN = SettingsError(_PLACE, "of a newer version, or not of this service at all")


class Database:
    """Central's database, SQLite or PostgreSQL by its URL. Raises SettingsError for another."""

    def __init__(self, url: str, journal_file: Path | None = None) -> None:
        target = database_url(url)
        self.url = url
        self._journal = None if journal_file is None else Journal(journal_file)
        postgresql = target.get_backend_name() == "postgresql"
        # Parameters stay out of error messages: some are sealed, some are personal.
        self._engine = create_engine(
            target,
            hide_parameters=True,
            # Reconnect if the server was restarted, without failing a request.
            pool_pre_ping=postgresql,
            connect_args=_postgresql_arguments() if postgresql else {},
        )
        self._closed = False
        event.listen(self._engine, "do_connect", self._refuse_once_closed)
        self._turns = Turns()
        self._readers = self._engine.execution_options(reads_only=True)
        if postgresql:
            _take_turns(self._engine)
            _leave_read_only_servers(self._engine)
        else:
            _keep_sqlite_private(self._engine)
            _make_sqlite_durable(self._engine)

    def prepare(self, master: MasterKey) -> None:
        """Create the tables of a new database, or check that an existing one fits.

        Raises SettingsError if it cannot be used, is of another version, or belongs to another
        master key. Several processes may do this at once.
        """
        with _as_settings_error():
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
        """Bring all tables to this version, or none; return whether that was needed.

        Raises SettingsError.
        """
        with _as_settings_error(), self._upgrading() as connection:
            match migrations.state(connection):
                case State.UNKNOWN:
                    raise _UNKNOWN
                case State.CURRENT:
                    return False
            migrations.upgrade(connection)
            return True

    def is_empty(self) -> bool:
        """Return whether the database has no tables at all. Raises SettingsError."""
        with _as_settings_error(), self._engine.connect() as connection:
            return migrations.state(connection) is State.EMPTY

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
        """Provide a session that commits when the block ends, or rolls back if it raises an error.

        A refusal is not an error: it commits what was counted and audited, and is raised
        afterwards. Loaded rows stay readable after the block. Transactions follow one another, on
        either kind of database and in all processes: nobody else writes between a block's reads and
        its writes. So keep them short. At the end, every change that kiosks follow gets its
        position.
        """
        refused = None
        with self._turn():
            with (
                change_feed.Session(self._engine, expire_on_commit=False) as session,
                session.begin(),
            ):
                # Take our turn now: the block reads a later time than all earlier transactions.
                session.connection()
                try:
                    yield session
                except RequestRefused as refusal:
                    refused = refusal
                change_feed.number(session)
                self._write_journal(session)
            if self._journal is not None:
                self._journal.committed()
        if refused is not None:
            raise refused

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Take turns within this process, in an order of its own: see `turns`.

        SQLite gives its lock to the writer that happens to ask next, and PostgreSQL to the one that
        has waited longest, whatever it is for.
        """
        if not self._turns.take(_PATIENCE):
            raise PoolTimeout
        try:
            yield
        finally:
            self._turns.give_back()

    def _write_journal(self, session: Session) -> None:
        """Write the journal's lines of this transaction.

        Raises StoreFailed if that fails: the transaction is rolled back, and no key leaves central.
        """
        lines = escrow_journal.pending(session)
        if self._journal is None:
            return
        try:
            self._journal.commit(session, lines, datetime.now(UTC))
        except OSError as error:
            raise StoreFailed(f"the journal: {error.strerror}") from None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Provide a session that sees the database at one moment, and blocks nobody."""
        with Session(self._readers, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close the connections, after waiting up to two seconds for other threads.

        Later requests fail with an OperationalError.
        """
        self._end_journal()
        self._closed = True
        pool, end = self._engine.pool, time.monotonic() + _CLOSING_SECONDS
        while isinstance(pool, QueuePool) and pool.checkedout() and time.monotonic() < end:
            time.sleep(0.01)
        self._engine.dispose()

    def _end_journal(self) -> None:
        """Store that this process's journal has no further lines; it is not vital."""
        if self._journal is None or not self._journal.begun or self._closed:
            return
        with contextlib.suppress(SQLAlchemyError), self.transaction() as session:
            self._journal.end(session, datetime.now(UTC))

    def _refuse_once_closed(self, dialect: Dialect, *_: Any) -> None:
        if self._closed:
            raise dialect.loaded_dbapi.OperationalError("closed")


def first_line(error: SQLAlchemyError) -> str:
    """Return the first line of the error for a log; PostgreSQL's further lines show rows."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return f"{type(cause).__name__}: {str(cause).partition(chr(10))[0]}"


@contextmanager
def _as_settings_error() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise SettingsError(_PLACE, first_line(error)) from None


def database_url(url: str) -> URL:
    """Return the URL with its driver. Raises SettingsError."""
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


def _postgresql_arguments() -> dict[str, Any]:
    """Return libpq's connection parameters: a server that is silent or read-only is left soon."""
    return {
        "options": _postgresql_options(),
        # Of several hosts, the one that takes writes; a standby alone is no database.
        "target_session_attrs": "read-write",
        "connect_timeout": 5,
        # A server whose machine is gone answers nothing: after this many milliseconds without an
        # acknowledgement, or after three probes, the connection is closed.
        "tcp_user_timeout": round(_PATIENCE * 1000),
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
    }


def _postgresql_options() -> str:
    milliseconds = round(_PATIENCE * 1000)
    settings = {
        # Counts are on the server's disk before answers are evaluated, whatever its default is.
        "synchronous_commit": "on",
        "lock_timeout": milliseconds,
        # A process that stops within its transaction does not keep the turn.
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


def _leave_read_only_servers(engine: Engine) -> None:
    """Give up all connections of the pool once one of them says that its server is read-only.

    After a switchover the former primary goes on answering as a standby.
    """

    @event.listens_for(engine, "handle_error")
    def failed(context: ExceptionContext) -> None:
        if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY:
            context.is_disconnect = True


# ---------------------------------------------------------------- SQLite


def _keep_sqlite_private(engine: Engine) -> None:
    """Create the file for its owner alone, whatever the umask; SQLite's other files follow it.

    A file that exists is never opened here: a process that closes any descriptor of a file loses
    all its locks on it, SQLite's included (POSIX; sqlite.org/howtocorrupt.html, section 2.2).
    """

    @event.listens_for(engine, "do_connect")
    def connecting(_dialect: Dialect, _record: Any, arguments: list[Any], _: Any) -> None:
        name = str(arguments[0]) if arguments else ":memory:"
        if name in {"", ":memory:"} or name.startswith("file:"):
            return
        # SQLite says what is wrong with a path, in words that are reported.
        with _creating, contextlib.suppress(OSError):
            if not Path(name).exists():
                os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_RDWR, _OWNER_ALONE))
            elif Path(name).stat().st_mode & 0o077:
                Path(name).chmod(_OWNER_ALONE)


def _make_sqlite_durable(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: SqliteConnection, _record: Any) -> None:
        # We send BEGIN ourselves, below: the driver would begin too late, and not IMMEDIATE.
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
            connection.close()  # it has no other owner yet
            raise

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # Counting an attempt reads and then writes, and nobody may write in between.
        connection.exec_driver_sql("BEGIN" if _reads_only(connection) else "BEGIN IMMEDIATE")


def _reads_only(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("reads_only"))
