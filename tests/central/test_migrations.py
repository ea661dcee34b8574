# SPDX-License-Identifier: Apache-2.0
"""Migrations create the tables, on either database, exactly as the software declares them."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, create_engine, text
from sqlalchemy.exc import DBAPIError

from kiosk.central import migrations, settings, tables
from kiosk.central.__main__ import main
from kiosk.central.keys import master_key
from kiosk.central.migrations import State
from kiosk.central.storage.database import Database
from kiosk.central.tables import base
from kiosk.errors import SettingsError
from tests.central import filled
from tests.central.postgresql import Cluster

FURTHER = """
from alembic import op
revision, down_revision = "further", "{head}"
def upgrade() -> None:
    op.execute("CREATE TABLE further (id INTEGER)")
    op.execute("{last}")
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database without any tables."""
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
    """Return the folder of the migrations of a later version of the software."""
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    for name in ("env.py", *(f"versions/{each}" for each in listed())):
        (folder / name).write_text((migrations.FOLDER / name).read_text())
    return folder


def test_migrations_make_the_declared_tables(empty_url: str, connection: Connection) -> None:
    database = Database(empty_url)
    assert database.migrate()
    assert not database.migrate()
    database.close()
    assert migrations.state(connection) is State.CURRENT
    assert migrations.differences(connection) == []
    connection.execute(text("ALTER TABLE card ADD COLUMN planted INTEGER"))
    assert [change[0] for change in migrations.differences(connection)] == ["remove_column"]


def test_a_different_enumeration_is_reported(connection: Connection) -> None:
    migrations.upgrade(connection)
    if connection.dialect.name != "postgresql":
        return  # SQLite has no enumerations: the column takes any text
    connection.execute(text("ALTER TYPE attemptoutcome ADD VALUE 'PLANTED'"))
    assert migrations.differences(connection) == [
        ("enumeration", "attemptoutcome", ["COUNTED", "FAILED", "ACCEPTED"])
    ]


# ---------------------------------------------------------------- revisions


def head() -> str:
    """Return the newest revision."""
    return str(ScriptDirectory.from_config(migrations.config()).get_current_head())


def listed() -> dict[str, str]:
    """Return the hash of each revision that may not be changed, by its file."""
    lines = (migrations.FOLDER / "released.txt").read_text().splitlines()
    pairs = [line.split("  ") for line in lines if not line.startswith("#")]
    assert len({name for _, name in pairs}) == len(pairs)
    return {name: digest for digest, name in pairs}


def test_a_released_revision_is_unchanged() -> None:
    """A mistake is corrected by another revision. A new one is listed: see the README there."""
    versions = migrations.FOLDER / "versions"
    there = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in versions.glob("0*.py")
    }
    assert there == listed()
    assert "0001_tables.py" in there


def upgraded(connection: Connection, folder: Path) -> list[str]:
    """Upgrade one revision at a time, each with a row in every table; return what was lost."""
    chosen = migrations.config(connection)
    chosen.set_main_option("path_separator", "os")
    chosen.set_main_option("version_locations", str(folder))
    lost: list[str] = []
    before: dict[str, dict[str, Any]] = {}
    for script in reversed(list(ScriptDirectory.from_config(chosen).walk_revisions())):
        command.upgrade(chosen, script.revision)
        connection.commit()
        lost += filled.lost(before, filled.rows(connection))
        filled.fill(connection)
        before = filled.rows(connection)
        assert all(before.values()), "every table has a row"
    return lost


def test_each_revision_keeps_the_rows(connection: Connection) -> None:
    assert upgraded(connection, migrations.FOLDER / "versions") == []
    assert migrations.differences(connection) == []


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> MetaData:
    """Return the tables of a later version of the software, to be changed."""
    later = MetaData()
    for table in tables.metadata.sorted_tables:
        table.to_metadata(later)
    monkeypatch.setattr(tables, "metadata", later)
    monkeypatch.setattr(migrations, "metadata", later)
    return later


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """Return a copy of the folder of revisions."""
    return shutil.copytree(
        migrations.FOLDER / "versions", tmp_path / "versions", ignore=lambda *_: ["__pycache__"]
    )


def test_a_change_of_the_tables_generates_the_next_revision(
    connection: Connection, declared: MetaData, versions: Path
) -> None:
    before = {path.name for path in versions.glob("0*.py")}
    assert migrations.write(versions, "nothing") is None
    assert {path.name for path in versions.glob("0*.py")} == before
    card = declared.tables["card"]
    card.append_column(Column("colour", String(), nullable=False, server_default="white"))
    card.append_column(Column("seen_at", base.Instant(), index=True))
    Table("planted", declared, Column("id", Integer(), primary_key=True))
    written = migrations.write(versions, "Add the colour of a card")
    assert written is not None
    number = f"{len(before) + 1:04}"
    assert written == versions / f"{number}_add_the_colour_of_a_card.py"
    source = written.read_text()
    assert source.startswith("# SPDX-License-Identifier: Apache-2.0\n")
    assert f"From {len(before):04} to {number}." in source
    assert "Instant" not in source
    assert upgraded(connection, versions) == []
    assert migrations.differences(connection) == []
    row = connection.execute(text("SELECT colour FROM card")).one()
    assert row.colour == "white"


def planted(versions: Path, change: str) -> Path:
    """Return the folder with an additional revision that makes this change."""
    head = ScriptDirectory.from_config(migrations.config()).get_current_head()
    (versions / "planted.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\n"
        f"revision, down_revision = 'planted', {head!r}\n"
        f"def upgrade():\n    {change}\n"
    )
    return versions


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        ("op.execute('DELETE FROM position')", ["position"]),
        ("op.execute(\"UPDATE organisation SET name = 'x'\")", ["organisation.name"]),
    ],
)
def test_a_revision_that_loses_rows_is_found(
    connection: Connection, versions: Path, change: str, lost: list[str]
) -> None:
    assert upgraded(connection, planted(versions, change)) == lost


def test_a_revision_that_fails_on_existing_rows_is_found(
    connection: Connection, versions: Path
) -> None:
    column = "sa.Column('colour', sa.Integer(), nullable=False)"
    with pytest.raises(DBAPIError, match="colour"):
        upgraded(connection, planted(versions, f"op.add_column('card', {column})"))


ANEW = """
    with op.batch_alter_table("card") as card:
        card.alter_column("serial", type_=sa.String(80))"""


def test_a_referenced_table_is_recreated(
    empty_url: str, connection: Connection, further: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite can change a column only in this way, and central makes it enforce references."""
    database = Database(empty_url)
    database.migrate()
    filled.fill(connection)
    before = filled.rows(connection)
    with monkeypatch.context() as newer:
        newer.setattr(migrations, "FOLDER", further)
        planted(further / "versions", ANEW)
        assert database.migrate()
    assert filled.lost(before, filled.rows(connection)) == []
    with pytest.raises(DBAPIError), database.transaction() as session:
        session.connection().execute(text("DELETE FROM card"))  # enforced again
    database.close()


def test_a_revision_that_breaks_references_is_refused(
    empty_url: str, connection: Connection, further: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(empty_url)
    database.migrate()
    filled.fill(connection)
    with monkeypatch.context() as newer:
        newer.setattr(migrations, "FOLDER", further)
        planted(further / "versions", "op.execute('DELETE FROM card')")
        with pytest.raises(SettingsError, match=r"refer|ForeignKeyViolation"):
            database.migrate()
    assert filled.rows(connection)["card"]
    assert migrations.state(connection) is State.CURRENT
    database.close()


@pytest.mark.dealt
def test_the_command_names_its_missing_settings() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "kiosk.central.migrations", ""],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "MESSAGE" in ran.stderr


@pytest.mark.dealt
def test_services_that_start_together_make_the_tables_once(
    environment: Mapping[str, str], empty_url: str, connection: Connection
) -> None:
    def start() -> subprocess.CompletedProcess[str]:
        verify = [sys.executable, "-m", "kiosk.central", "audit", "verify"]
        return subprocess.run(verify, env=environment, capture_output=True, text=True, check=False)

    with ThreadPoolExecutor(4) as pool:
        ended = [future.result() for future in [pool.submit(start) for _ in range(4)]]
    assert [(one.returncode, one.stderr) for one in ended] == [(0, "")] * 4
    assert connection.execute(text("SELECT count(*) FROM audit_head")).scalar() == 1


# ---------------------------------------------------------------- databases of another version


def test_an_older_database_is_upgraded_on_request(
    environment: Mapping[str, str],
    further: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    connection: Connection,
) -> None:
    assert main(["audit", "verify"]) == 0
    (further / "versions" / "further.py").write_text(FURTHER.format(head=head(), last="SELECT 1"))
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


def test_a_newer_database_is_refused_unchanged(
    empty_url: str, further: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(empty_url)
    with monkeypatch.context() as newer:
        (further / "versions" / "further.py").write_text(
            FURTHER.format(head=head(), last="SELECT 1")
        )
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
    (further / "versions" / "further.py").write_text(
        FURTHER.format(head=head(), last="SELECT * FROM missing")
    )
    with monkeypatch.context() as newer:
        newer.setattr(migrations, "FOLDER", further)
        with pytest.raises(SettingsError, match="missing"):
            database.migrate()
    database.close()
    assert migrations.state(connection) is State.CURRENT
    assert migrations.differences(connection) == []


def test_a_foreign_database_is_refused_unchanged(empty_url: str, connection: Connection) -> None:
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
    errors = capsys.readouterr().err
    assert re.search("KIOSK_CENTRAL_DATABASE: .*connection", errors)
    assert "planted" not in errors
