# SPDX-License-Identifier: Apache-2.0
"""Backups: one file, taken while central serves, from which central serves again."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import psycopg
import pytest
from sqlmodel import select

from kiosk.central.actions import backup as actions
from kiosk.central.actions.context import Channel, Declined, OperatorContext
from kiosk.central.operations import seed
from kiosk.central.storage import backup
from kiosk.central.tables import AuditEntry, Installation, Kiosk
from kiosk.errors import SettingsError, StoreFailed
from tests.central.postgresql import Cluster
from tests.central.world import Clock, KioskClient, PersonalCard, Service

pytestmark = pytest.mark.dealt
Make = Callable[..., actions.BackupMade]


@pytest.fixture
def backups(folder: Path) -> Path:
    made = folder / "backups"
    made.mkdir()
    return made


@pytest.fixture
def make(service: Service, backups: Path) -> Make:
    """Return the action, with an operator and a folder."""
    context = OperatorContext(service.services, "Ina from IT", Channel.COMMAND_LINE)
    return partial(actions.make_backup, context, folder=backups)


@pytest.fixture
def elsewhere(service: Service, folder: Path, cluster: Cluster) -> str:
    """Return the URL of a database of the same kind that does not exist yet, or is empty."""
    if service.settings.database.startswith("sqlite"):
        return f"sqlite:///{folder}/restored.db"
    return cluster.new_database()


@contextmanager
def restored(service: Service, made: Path, url: str) -> Iterator[Service]:
    """Serve from a database that was made from the backup."""
    chosen = service.settings.model_copy(update={"database": url})
    actions.restore_backup(chosen, made)
    again = Service(service.folder, service.clock, url)
    again.start()
    try:
        yield again
    finally:
        again.stop()


def test_central_serves_again_from_a_backup(
    service: Service,
    kiosk: KioskClient,
    card: PersonalCard,
    make: Make,
    elsewhere: str,
) -> None:
    made = make()
    later = kiosk.know(PersonalCard())
    with restored(service, Path(made.file), elsewhere) as again:
        client = replace(kiosk, service=again, _access=None)
        assert client.granted(card)
        assert client.open(later).status_code == 404  # it came after the backup
        with again.services.database.reading() as session:
            assert session.exec(select(Kiosk.name)).one() == kiosk.name


def test_a_backup_is_for_its_owner_alone_and_leaves_nothing_else(make: Make, backups: Path) -> None:
    made = Path(make().file)
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert list(backups.iterdir()) == [made]


def test_the_oldest_backups_go_and_nothing_else(
    service: Service, make: Make, backups: Path, clock: Clock
) -> None:
    (backups / "central-of-ann.backup").touch()
    made = []
    for _ in range(4):
        made.append(make(kept=2))
        clock.now += timedelta(days=1)
    names = [Path(each.file).name for each in made]
    assert {each.name for each in backups.iterdir()} == {"central-of-ann.backup", *names[2:]}
    assert [each.removed for each in made] == [(), (), (names[0],), (names[1],)]


def test_a_backup_is_confirmed_once_its_copy_is_elsewhere(
    service: Service, make: Make, backups: Path, folder: Path
) -> None:
    copy = ["cp", "-t", str(folder)]
    made = make(copy=copy)
    assert made.confirmed
    assert (folder / Path(made.file).name).read_bytes() == Path(made.file).read_bytes()
    with service.services.database.reading() as session:
        assert session.get_one(Installation, 1).backed_up_until == made.until


@pytest.mark.parametrize("copy", [["false"], ["/no/such/program"], []])
def test_a_backup_without_a_copy_is_not_confirmed(
    service: Service, make: Make, copy: list[str]
) -> None:
    made = make(copy=copy)
    assert not made.confirmed
    assert bool(made.problem) is bool(copy)
    assert Path(made.file).exists()
    with service.services.database.reading() as session:
        assert session.get_one(Installation, 1).backed_up_until is None
        kinds = [each.kind for each in session.exec(select(AuditEntry))]
    assert "backup.made" in kinds
    assert "backed-up" not in kinds


def test_a_database_that_exists_is_never_written_over(
    service: Service, make: Make, backups: Path
) -> None:
    made = make()
    with pytest.raises(SettingsError):
        actions.restore_backup(service.settings, Path(made.file))
    with service.services.database.reading() as session:
        assert session.exec(select(AuditEntry)).all()


def test_a_backup_of_another_master_key_is_refused(
    service: Service, make: Make, backups: Path, elsewhere: str, folder: Path
) -> None:
    made = make()
    seed.ensure_master_key(folder / "another.key")
    chosen = service.settings.model_copy(
        update={"database": elsewhere, "master_key_file": folder / "another.key"}
    )
    with pytest.raises(SettingsError, match="another master key"):
        actions.restore_backup(chosen, Path(made.file))


def _torn(made: Path) -> None:
    made.write_bytes(made.read_bytes()[: made.stat().st_size // 2])


def _noisy(made: Path) -> None:
    content = bytearray(made.read_bytes())
    content[len(content) // 2 :] = bytes(b ^ 0x5A for b in content[len(content) // 2 :])
    made.write_bytes(content)


def _empty(made: Path) -> None:
    made.write_bytes(b"")


@pytest.mark.parametrize("damage", [_torn, _noisy, _empty])
def test_a_damaged_backup_leaves_no_database(
    service: Service,
    make: Make,
    elsewhere: str,
    damage: Callable[[Path], None],
) -> None:
    made = Path(make().file)
    damage(made)
    with pytest.raises(StoreFailed):
        backup.restore(made, elsewhere)
    if elsewhere.startswith("sqlite"):
        assert not list(service.folder.glob("restored.db*"))
    else:
        with psycopg.connect(elsewhere) as connection:
            tables = connection.execute(
                "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
            ).fetchone()
        assert tables == (0,)


def test_a_backup_that_cannot_be_written_is_said(make: Make, folder: Path) -> None:
    with pytest.raises(StoreFailed):
        make(folder=folder / "none")


def test_a_backup_of_the_same_second_is_not_written_over(make: Make, backups: Path) -> None:
    make()
    with pytest.raises(Declined):
        make()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://central:planted@db.example/central",
        "postgresql:///central?host=db.example&user=central&password=planted",
    ],
)
def test_a_password_is_not_on_the_command_line_of_postgresql(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pg_dump"
    program.write_text('#!/bin/sh\necho "$@" "$PGPASSWORD" >&2\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(StoreFailed) as failed:
        backup.write(url, tmp_path / "backup")
    arguments, _, password = str(failed.value).rstrip(".").rpartition(" ")
    assert password == "planted"
    assert "planted" not in arguments
    assert "db.example" in arguments


def test_a_backup_is_of_one_moment_and_holds_nobody_up(
    service: Service, backups: Path, elsewhere: str
) -> None:
    """A transaction that is under way is not in it."""
    with service.services.database.transaction() as session:
        session.get_one(Installation, 1).backed_up_until = service.clock()
        session.flush()
        backup.write(service.settings.database, backups / "meanwhile")
    restored = actions.restore_backup(
        service.settings.model_copy(update={"database": elsewhere}), backups / "meanwhile"
    )
    assert restored.until is None


def test_the_name_says_when_it_began(make: Make, backups: Path) -> None:
    made = make()
    assert re.fullmatch(r"central-\d{8}T\d{6}Z\.backup", Path(made.file).name)


def test_a_backup_that_cannot_be_read_is_said(service: Service, folder: Path) -> None:
    (folder / "loop").symlink_to(folder / "loop")
    for unreadable in (folder / "none", folder, folder / "loop"):
        with pytest.raises(Declined):
            actions.restore_backup(service.settings, unreadable)
