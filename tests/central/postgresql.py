# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server for the tests, from Debian's package, in a temporary folder."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql

from kiosk.central.storage.database import Database
from kiosk.central.tables import metadata
from tests.patience import PATIENCE, wait_until
from tests.processes import Process, end, start

_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    # Committed data survives the end of the server, killed or not: the operating system has it.
    # Surviving a crash of the machine is PostgreSQL's own promise, and would take most of the time.
    "fsync": "off",
    "full_page_writes": "off",
    "max_wal_size": "32MB",
    "shared_buffers": "32MB",
    "max_connections": "200",
    "autovacuum": "off",
    "log_min_messages": "fatal",
}


class Cluster:
    """A server that listens only on a socket in its folder. Ends with this process."""

    def __init__(self) -> None:
        self._programs = _programs()
        self._numbers = count(1)
        self._unused: list[str] = []
        self.folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
        self._data = self.folder / "data"
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody")
        initdb = self._run(
            "initdb", "-U", "central", "-A", "trust", "-E", "UTF8", "--locale", "C", "--no-sync",
            "--wal-segsize", "1", "-D", str(self._data),
        )  # fmt: skip
        try:
            if initdb.wait(PATIENCE):
                raise RuntimeError((self.folder / "log").read_text())
        finally:
            end(initdb)
        self.start()

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        self._server = self._run(
            "postgres", "-D", str(self._data), "-k", str(self.folder), *settings
        )
        try:
            wait_until(self._is_ready, (self.folder / "log").read_text)
        except BaseException:
            self.stop()
            raise

    def _is_ready(self) -> bool:
        if self._server.poll() is not None:
            raise RuntimeError((self.folder / "log").read_text())
        asked = self._run("pg_isready", "-q", "-h", str(self.folder))
        try:
            return asked.wait(PATIENCE) == 0
        finally:
            end(asked)

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stop the server. SIGQUIT stops it at once, as if it had crashed."""
        end(self._server, how)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop the server, and remove its files."""
        self.stop()
        shutil.rmtree(self.folder)

    @contextmanager
    def database(self) -> Iterator[str]:
        """Return the URL of a database with all tables and no rows.

        It is emptied afterwards for the next test: to create another takes longer than most tests.
        """
        url = self._unused.pop() if self._unused else self._new_database()
        yield url
        with psycopg.connect(url) as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))
        self._unused.append(url)

    def _new_database(self) -> str:
        url = self.new_database()
        tables = Database(url)
        tables.migrate()
        tables.close()
        return url

    def new_database(self) -> str:
        """Return the URL of a database without any tables."""
        name = f"test{next(self._numbers)}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self._url(name)

    def files(self, url: str) -> list[Path]:
        """Return a database's files with the write-ahead log, once everything has been written."""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
            (place,) = connection.execute("SELECT pg_relation_filepath('pg_class')").fetchone() or (
                "",
            )
        return [(self._data / place).parent, self._data / "pg_wal", self.folder / "log"]

    def _url(self, name: str) -> str:
        return f"postgresql://central@/{name}?host={self.folder}"

    def _run(self, program: str, *arguments: str) -> Process:
        """Run a program of the server as another user than root, because it refuses root."""
        somebody = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        with (self.folder / "log").open("ab") as log:
            return start(
                [
                    "setpriv",
                    *(somebody if os.geteuid() == 0 else ()),
                    "--pdeathsig=QUIT",
                    str(self._programs / program),
                    *arguments,
                ],
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"},
                stdout=log,
                stderr=log,
            )


def _programs() -> Path:
    """Return the folder of the newest server on this machine."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if not found:
        raise RuntimeError("there is no PostgreSQL server here: apt-get install postgresql")
    return found[-1].parent
