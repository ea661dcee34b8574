# SPDX-License-Identifier: Apache-2.0
"""The tables come by migrations, on either database, and are those that the software declares."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text

from kiosk.central import migrations, settings
from kiosk.central.__main__ import main
from kiosk.central.keys import master_key
from kiosk.central.migrations import State
from kiosk.central.storage.database import Database
from kiosk.errors import SettingsError
from tests.central.postgresql import Cluster

FURTHER = """
from alembic import op
revision, down_revision = "further", "0001"
def upgrade() -> None:
    op.execute("CREATE TABLE further (id INTEGER)")
    op.execute("{last}")
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/central.db"
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.new_database()


@pytest.fixture
def connection(empty_url: str) -> Iterator[Connection]:
    engine = create_engine(empty_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connected:
        yield connected
    engine.dispose()


@pytest.fixture
def environment(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Mapping[str, str]:
    chosen = {
        "KIOSK_CENTRAL_DATABASE": empty_url,
        "KIOSK_CENTRAL_MASTER_KEY_FILE": f"{tmp_path}/master.key",
        "KIOSK_CENTRAL_NAME": "a trust",
        "KIOSK_CENTRAL_PORT": "0",
    }
    master_key.create(tmp_path / "master.key")
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    return os.environ | chosen


@pytest.fixture
def further(tmp_path: Path) -> Path:
    """Where the migrations of a later version of the software are."""
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    for name in ("env.py", "versions/0001_tables.py"):
        (folder / name).write_text((migrations.FOLDER / name).read_text())
    return folder


def test_what_migrations_make_is_what_the_software_declares(
    empty_url: str, connection: Connection
) -> None:
    database = Database(empty_url)
    assert database.migrate()
    assert not database.migrate()
    database.close()
    assert migrations.state(connection) is State.CURRENT
    assert migrations.differences(connection) == []
    connection.execute(text("ALTER TABLE card ADD COLUMN planted INTEGER"))
    assert [change[0] for change in migrations.differences(connection)] == ["remove_column"]


def test_the_first_migration_was_written_from_the_tables(tmp_path: Path) -> None:
    """Enumerations too, which a comparison of tables does not look into. If not: make migration."""
    written = migrations.write_first(tmp_path)
    formatted = subprocess.run(
        [str(Path(sys.executable).with_name("ruff")), "format", "--line-length", "100", "-"],
        input=written.read_text(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert formatted == (migrations.FOLDER / "versions" / written.name).read_text()


@pytest.mark.dealt
def test_services_that_start_at_once_make_the_tables_once(
    environment: Mapping[str, str], empty_url: str, connection: Connection
) -> None:
    def start() -> subprocess.CompletedProcess[str]:
        verify = [sys.executable, "-m", "kiosk.central", "audit", "verify"]
        return subprocess.run(verify, env=environment, capture_output=True, text=True, check=False)

    with ThreadPoolExecutor(4) as pool:
        ended = [future.result() for future in [pool.submit(start) for _ in range(4)]]
    assert [(one.returncode, one.stderr) for one in ended] == [(0, "")] * 4
    assert connection.execute(text("SELECT count(*) FROM audit_head")).scalar() == 1


# ---------------------------------------------------------------- of another version


def test_an_older_database_is_brought_up_when_asked(
    environment: Mapping[str, str],
    further: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    connection: Connection,
) -> None:
    assert main(["audit", "verify"]) == 0
    (further / "versions" / "0002.py").write_text(FURTHER.format(last="SELECT 1"))
    monkeypatch.setattr(migrations, "FOLDER", further)
    assert main(["audit", "verify"]) == 2
    assert "kiosk-central migrate" in capsys.readouterr().err
    assert migrations.state(connection) is State.OLDER
    connection.rollback()
    assert main(["migrate"]) == 0
    assert "of this version now" in capsys.readouterr().out
    assert main(["migrate"]) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert main(["audit", "verify"]) == 0
    monkeypatch.undo()


def test_a_newer_database_is_left_alone(
    empty_url: str, further: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(empty_url)
    with monkeypatch.context() as newer:
        (further / "versions" / "0002.py").write_text(FURTHER.format(last="SELECT 1"))
        newer.setattr(migrations, "FOLDER", further)
        database.migrate()
    with pytest.raises(SettingsError, match="newer version"):
        database.migrate()
    database.close()


def test_a_migration_that_fails_half_way_changes_nothing(
    empty_url: str, further: Path, monkeypatch: pytest.MonkeyPatch, connection: Connection
) -> None:
    database = Database(empty_url)
    database.migrate()
    (further / "versions" / "0002.py").write_text(FURTHER.format(last="SELECT * FROM missing"))
    with monkeypatch.context() as newer:
        newer.setattr(migrations, "FOLDER", further)
        with pytest.raises(SettingsError, match="missing"):
            database.migrate()
    database.close()
    assert migrations.state(connection) is State.CURRENT
    assert migrations.differences(connection) == []


def test_somebody_elses_database_is_left_alone(empty_url: str, connection: Connection) -> None:
    connection.execute(text("CREATE TABLE theirs (id INTEGER)"))
    connection.commit()
    database = Database(empty_url)
    with pytest.raises(SettingsError, match="not of this service"):
        database.migrate()
    database.close()


@pytest.mark.parametrize("url", ["planted", "mysql://planted:planted@host/x", "", "sqlite"])
def test_other_databases_are_refused_without_showing_their_url(url: str) -> None:
    with pytest.raises(SettingsError, match="KIOSK_CENTRAL_DATABASE") as refused:
        Database(url)
    assert "planted" not in str(refused.value)


def test_a_password_in_the_url_is_not_shown(
    environment: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    url = f"postgresql://central:planted@/central?host={tmp_path}"
    monkeypatch.setenv("KIOSK_CENTRAL_DATABASE", url)
    assert "planted" not in repr(settings.read())
    assert main(["migrate"]) == 2
    told = capsys.readouterr().err
    assert re.search("KIOSK_CENTRAL_DATABASE: .*connection", told)
    assert "planted" not in told
