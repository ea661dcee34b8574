"""The database: one transaction a block, serialised, on disk when the block is left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlmodel import Session

from kiosk.central.master import MasterKey
from kiosk.central.refusal import Refusal
from kiosk.central.tables import AuditHead, Installation, metadata
from kiosk.errors import SettingsError

_CHECK = (b"which master key this is", b"", 32)


class Database:
    """Central's database, SQLite or PostgreSQL by its URL."""

    def __init__(self, url: str) -> None:
        # Parameters stay out of error messages: some of them are sealed, some are personal.
        self._engine = create_engine(url, hide_parameters=True)
        if self._engine.dialect.name == "sqlite":
            _make_sqlite_durable(self._engine)

    def prepare(self, master: MasterKey) -> None:
        """Make the tables that are missing. SettingsError if another master key belongs here."""
        metadata.create_all(self._engine)
        check = master.derive(*_CHECK)
        with self.transaction() as database:
            installed = database.get(Installation, 1)
            if installed is None:
                database.add(Installation(key_check=check))
                database.add(AuditHead(sequence=0, hash=bytes(32)))
            elif installed.key_check != check:
                raise SettingsError(
                    "KIOSK_CENTRAL_MASTER_KEY_FILE", "the database belongs to another master key"
                )

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits when the block is left, or rolls back with the error it raises.

        A refusal is no error: it commits what was counted and audited, and goes on from there.
        What was loaded stays readable afterwards. On SQLite transactions follow one another; what
        must not race on PostgreSQL is read `with_for_update`.
        """
        refused = None
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            try:
                yield session
            except Refusal as refusal:
                refused = refusal
        if refused is not None:
            raise refused

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()


def _make_sqlite_durable(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: SqliteConnection, _record: Any) -> None:
        # We say BEGIN ourselves, below: the driver would begin too late, and not IMMEDIATE.
        connection.isolation_level = None
        for pragma in (
            "busy_timeout = 30000",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # Counting an attempt reads and then writes: nobody may write in between.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
