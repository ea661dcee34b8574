# SPDX-License-Identifier: Apache-2.0
"""Copies of the whole database in one file, and the way back from one.

A copy of SQLite is a database (`VACUUM INTO`), one of PostgreSQL is what `pg_dump` writes in its
custom format. Either shows the database at one moment, and nobody waits while it is made.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL

from kiosk.central.storage.database import Database, database_url
from kiosk.errors import SettingsError, StoreFailed

_OWNER_ALONE = 0o600
_PARTIAL = ".partial"
_COMPANIONS = ("", "-wal", "-shm", "-journal")


def write(url: str, file: Path) -> None:
    """Write a copy of the database at `url`, check it, and sync it to the disk.

    `file` appears only once all of it is there. Raises StoreFailed and SettingsError.
    """
    target, partial = database_url(url), file.with_name(file.name + _PARTIAL)
    try:
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWNER_ALONE))
        if target.get_backend_name() == "sqlite":
            _copy_sqlite(Path(target.database or ""), partial)
        else:
            _postgresql("pg_dump", target, "--format=custom", f"--file={partial}")
            _postgresql_program("pg_restore", "--list", str(partial))
        _publish(partial, file)
    except OSError as error:
        raise StoreFailed(f"the backup {file}: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)


def restore(file: Path, url: str) -> None:
    """Make the database at `url` from a copy, and bring it to this version.

    Declines to touch a database that exists: SettingsError. Raises StoreFailed.
    """
    target = database_url(url)
    try:
        if target.get_backend_name() == "sqlite":
            _restore_sqlite(file, Path(target.database or ""))
        else:
            _restore_postgresql(file, target, url)
    except OSError as error:
        raise StoreFailed(f"the backup {file}: {error.strerror}") from None
    database = Database(url)
    try:
        database.migrate()
    finally:
        database.close()


def _publish(partial: Path, file: Path) -> None:
    """Give a complete file its name, for good."""
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    partial.rename(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


# ---------------------------------------------------------------- SQLite


def _copy_sqlite(database: Path, partial: Path) -> None:
    if not database.is_file():
        raise StoreFailed("there is no database yet")
    try:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("VACUUM INTO ?", (str(partial),))
        _check_sqlite(partial)
    except sqlite3.Error as error:
        raise StoreFailed(f"the backup: {error}") from None


def _check_sqlite(file: Path) -> None:
    """Refuse a copy with a damaged page, or one that is no database. Raises StoreFailed."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as copy:
            (said,) = copy.execute("PRAGMA integrity_check").fetchone()
            tables = copy.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.Error as error:
        raise StoreFailed(f"the backup {file}: {error}") from None
    if said != "ok" or tables == (0,):
        raise StoreFailed(f"the backup {file} is damaged")


def _restore_sqlite(file: Path, database: Path) -> None:
    for each in _COMPANIONS:
        if (there := database.with_name(database.name + each)).exists():
            raise SettingsError(str(there), "move it elsewhere first: it is not written over")
    _check_sqlite(file)
    partial = database.with_name(database.name + _PARTIAL)
    try:
        partial.unlink(missing_ok=True)
        with (
            file.open("rb") as source,
            os.fdopen(
                os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWNER_ALONE), "wb"
            ) as made,
        ):
            shutil.copyfileobj(source, made)
        _publish(partial, database)
    finally:
        partial.unlink(missing_ok=True)


# ---------------------------------------------------------------- PostgreSQL


def _restore_postgresql(file: Path, target: URL, url: str) -> None:
    database = Database(url)
    try:
        if not database.is_empty():
            raise SettingsError(
                "KIOSK_CENTRAL_DATABASE",
                "it has tables already: rename it, and create an empty one of that name",
            )
    finally:
        database.close()
    # In one transaction: all of it or nothing.
    _postgresql("pg_restore", target, "--exit-on-error", "--single-transaction", str(file))


def _postgresql(program: str, target: URL, *arguments: str) -> None:
    """Run a program of PostgreSQL's on our database. Raises StoreFailed.

    The password is in its environment, because everybody may read a command line.
    """
    bare = URL.create(
        "postgresql",
        username=target.username,
        host=target.host,
        port=target.port,
        database=target.database,
        query={name: value for name, value in target.query.items() if name != "password"},
    )
    secret = target.password or target.query.get("password")
    password = {"PGPASSWORD": str(secret)} if secret else {}
    _postgresql_program(
        program,
        "--no-owner",
        f"--dbname={bare.render_as_string(hide_password=False)}",
        *arguments,
        **password,
    )


def _postgresql_program(program: str, *arguments: str, **environment: str) -> None:
    try:
        done = subprocess.run(
            [program, *arguments],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise StoreFailed(f"{program} is missing: install postgresql-client") from None
    if done.returncode:
        # The first line alone: others may show rows.
        raise StoreFailed(f"{program}: {done.stderr.strip().partition(chr(10))[0]}")
