# SPDX-License-Identifier: Apache-2.0
"""A locked, full, missing or broken database: a plain answer, and no half-done change."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from kiosk.central.audit import trail
from kiosk.central.service import assembly
from kiosk.central.storage import database
from kiosk.central.storage.database import Database
from kiosk.central.tables import Attempt, Registration
from kiosk.errors import SettingsError
from tests.central.postgresql import Cluster
from tests.central.world import WRONG, Clock, KioskClient, PersonalCard, Service, problem
from tests.patience import PATIENCE, wait_until


def failures(service: Service) -> tuple[int, int]:
    """Return the number of attempts, and the failures counted for the registration."""
    with service.services.database.reading() as session:
        attempts = len(session.exec(select(Attempt)).all())
        return attempts, session.exec(select(Registration.failures)).one()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "central.db"


@pytest.fixture
def on_sqlite(file: Path, tmp_path: Path) -> Iterator[Service]:
    running = Service(tmp_path, Clock(), f"sqlite:///{file}")
    running.start()
    yield running
    running.stop()


def test_a_locked_database_is_a_temporary_refusal(
    service: Service,
    kiosk: KioskClient,
    card: PersonalCard,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    another = Database(service.settings.database)
    monkeypatch.setattr(database, "_PATIENCE", 0.2)
    service.restart()
    opened = kiosk.opened(card)
    with another.transaction() as session:
        session.connection()
        answer = kiosk.answer(card, opened, WRONG)
    another.close()
    assert (answer.status_code, problem(answer)) == (503, "unavailable")
    assert failures(service) == (0, 0)
    assert problem(kiosk.answer(card, opened, WRONG)) == "answers-wrong"
    assert failures(service) == (1, 1)
    assert "the database: " in caplog.text
    assert "Traceback" not in caplog.text


def test_a_stopped_process_loses_its_turn(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cluster.database() as url:
        other = Database(url)
        monkeypatch.setattr(database, "_PATIENCE", 0.2)
        stopped = Database(url)

        def keep_the_turn() -> None:
            with stopped.transaction() as kept:
                kept.connection()
                with other.transaction() as session:
                    session.connection()

        with pytest.raises(DBAPIError, match="idle-in-transaction timeout"):
            keep_the_turn()
        stopped.close()
        other.close()


def test_a_full_disk_is_a_temporary_refusal(on_sqlite: Service) -> None:
    kiosk = on_sqlite.kiosk("ward 7")
    card = kiosk.know(PersonalCard())
    engine = on_sqlite.services.database._engine
    with engine.begin() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    @event.listens_for(engine, "begin")
    def limited(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")

    answers = (kiosk.open(card) for _ in range(1000))
    full = next(answer for answer in answers if answer.status_code != 200)
    assert (full.status_code, problem(full)) == (503, "unavailable")
    event.remove(engine, "begin", limited)
    engine.dispose()
    with on_sqlite.services.database.reading() as session:
        assert trail.first_break(session) is None
    kiosk.opened(card)


# ---------------------------------------------------------------- broken


@pytest.mark.dealt
@pytest.mark.parametrize(("start", "end"), [(0, 100), (4096, None), (0, None)])
def test_a_broken_file_is_refused_at_the_start(
    on_sqlite: Service, file: Path, start: int, end: int | None
) -> None:
    on_sqlite.kiosk("ward 7").know(PersonalCard())
    on_sqlite.stop()
    content = bytearray(file.read_bytes())
    assert len(content) > 40_000
    content[start:end] = b"\xff" * len(content[start:end])
    file.write_bytes(content)
    command = [sys.executable, "-m", "kiosk.central", "serve"]
    environment = {
        "KIOSK_CENTRAL_DATABASE": on_sqlite.settings.database,
        "KIOSK_CENTRAL_MASTER_KEY_FILE": str(on_sqlite.settings.master_key_file),
        "KIOSK_CENTRAL_NAME": "a trust",
    }
    refused = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("kiosk-central: KIOSK_CENTRAL_DATABASE: DatabaseError: ")
    assert refused.stderr.count("\n") == 1
    assert file.read_bytes() == content


def test_a_file_that_breaks_while_served_is_a_plain_error(
    on_sqlite: Service, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kiosk = on_sqlite.kiosk("ward 7")
    card = kiosk.know(PersonalCard())
    kiosk.opened(card)
    with on_sqlite.services.database._engine.connect() as connection:
        connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    on_sqlite.services.database._engine.dispose()
    file.write_bytes(b"\xff" * file.stat().st_size)
    answer = kiosk.open(card)
    assert (answer.status_code, problem(answer)) == (500, "internal")
    assert "the database: DatabaseError" in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("url", ["sqlite:////nowhere/central.db", "postgresql:///x?host=/nowhere"])
def test_a_missing_database_is_refused_at_the_start(tmp_path: Path, url: str) -> None:
    service = Service(tmp_path, Clock(), url)
    with pytest.raises(SettingsError, match=r"KIOSK_CENTRAL_DATABASE.*OperationalError"):
        assembly.assemble(service.settings)


# ---------------------------------------------------------------- PostgreSQL's server


def test_the_service_recovers_after_a_restart_of_postgresql(tmp_path: Path) -> None:
    """Attempts that were counted before the kill are there afterwards; no service restarts."""
    with Cluster() as cluster, cluster.database() as url:
        service = Service(tmp_path, Clock(), url)
        service.start()
        kiosk = service.kiosk("ward 7")
        card = kiosk.know(PersonalCard())
        opened = kiosk.opened(card)
        assert problem(kiosk.answer(card, opened, WRONG)) == "answers-wrong"
        cluster.stop(signal.SIGKILL)
        away = kiosk.answer(card, opened, WRONG)
        assert (away.status_code, problem(away)) == (503, "unavailable")
        cluster.start()
        assert failures(service) == (1, 1)
        assert problem(kiosk.answer(card, opened, WRONG)) == "wait"
        service.stop()


def test_only_the_owner_may_read_the_file_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = Database(f"sqlite:///{tmp_path}/central.db")
        made.migrate()
        with made.transaction():
            kept = [each for each in tmp_path.iterdir() if each.stat().st_mode & 0o077]
        made.close()
    finally:
        os.umask(before)
    assert (tmp_path / "central.db").exists()
    assert kept == []


def reads_only(held: Database) -> bool:
    """Return whether the pooled connection's server process has read the new setting."""
    with held.reading() as session:
        shown = session.connection().exec_driver_sql("SHOW default_transaction_read_only")
        return str(shown.scalar_one()) == "on"


def plant(held: Database) -> None:
    with held.transaction() as session:
        session.connection().exec_driver_sql("CREATE TABLE planted (x int)")


def test_the_service_reconnects_if_the_server_became_a_standby(cluster: Cluster) -> None:
    with cluster.database() as url:
        held = Database(url)
        with held.transaction():
            pass
        with psycopg.connect(url, autocommit=True) as operator:
            operator.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            operator.execute("SELECT pg_reload_conf()")
        try:
            wait_until(lambda: reads_only(held), "the setting has reached the connection")
            with pytest.raises(DBAPIError, match="read-only"):
                plant(held)
            # The pool was closed: the next request connects to a server that accepts writes.
            with pytest.raises(DBAPIError, match="read-only"), held.transaction():
                pass
        finally:
            with psycopg.connect(url, autocommit=True) as operator:
                operator.execute("SET default_transaction_read_only = off")
                operator.execute("ALTER SYSTEM RESET default_transaction_read_only")
                operator.execute("SELECT pg_reload_conf()")
        with held.transaction():
            pass
        held.close()
