# SPDX-License-Identifier: Apache-2.0
"""The master key wraps and derives, lives in a file or a token, and belongs to one database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.central import settings
from kiosk.central.keys import master_key, pkcs11_key
from kiosk.central.keys.master_key import MasterKey
from kiosk.central.service import assembly
from kiosk.central.storage.database import Database
from kiosk.errors import SettingsError
from tests.central.softhsm import SoftToken

Open = Callable[[], MasterKey]
Make = Callable[[str], Open]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "master.key"
    master_key.create(path)
    return path


@pytest.fixture(params=["file", "token"])
def make(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Return a function that makes a key of either kind by name, and returns what opens it."""
    if request.param == "file":
        return lambda name: _in_a_file(tmp_path / name)
    soft = SoftToken(tmp_path / "token", monkeypatch)
    return lambda name: _in_a_token(soft, name)


def _in_a_file(path: Path) -> Open:
    master_key.create(path)
    return lambda: master_key.load(path)


def _in_a_token(soft: SoftToken, label: str) -> Open:
    chosen = settings.read(
        database="sqlite://", name="central", master_key_label=label, **soft.settings
    )
    pkcs11_key.create(chosen)
    return lambda: assembly.open_master_key(chosen)


@pytest.fixture
def opened(make: Make) -> Open:
    return make("master.key")


def test_a_key_file_is_made_once_and_only_its_owner_may_read_it(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        master_key.create(file)


def test_a_wrapped_key_is_unwrapped_only_in_its_context(opened: Open) -> None:
    key = opened()
    wrapped = key.wrap(b"plain", b"here")
    assert b"plain" not in wrapped
    assert wrapped != key.wrap(b"plain", b"here")
    assert opened().unwrap(wrapped, b"here") == b"plain"
    for damaged, context in (
        (wrapped, b"there"),
        (wrapped[:-1] + bytes([wrapped[-1] ^ 1]), b"here"),
        (bytes([wrapped[0] ^ 1]) + wrapped[1:], b"here"),
        (b"", b"here"),
    ):
        with pytest.raises(SettingsError):
            key.unwrap(damaged, context)


def test_a_derived_key_depends_on_key_salt_and_purpose(opened: Open, make: Make) -> None:
    one, other = opened(), make("other")()
    derived = {
        one.derive(b"a", b"s", 32),
        one.derive(b"b", b"s", 32),
        one.derive(b"a", b"t", 32),
        one.derive(b"", b"sa", 32),
        one.derive(b"sa", b"", 32),
        other.derive(b"a", b"s", 32),
    }
    assert len(derived) == 6
    assert opened().derive(b"a", b"s", 32) in derived
    assert one.derive(b"a", b"s", 70)[:32] in derived
    assert len(one.derive(b"a", b"s", 70)) == 70


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o660, 0o644])
def test_a_key_that_others_can_read_or_change_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(SettingsError, match="chmod"):
        master_key.load(file)


@pytest.mark.parametrize("content", [b"", b"short", b"!" * 44, b"A" * 60])
def test_an_invalid_key_file_is_refused_and_not_shown(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(SettingsError, match="32 bytes"):
        master_key.load(file)
    with pytest.raises(SettingsError):
        master_key.load(tmp_path / "missing")


def test_a_database_belongs_to_one_master_key(opened: Open, make: Make, tmp_path: Path) -> None:
    other = make("other")
    database = Database(f"sqlite:///{tmp_path}/db")
    database.prepare(opened())
    database.prepare(opened())
    with pytest.raises(SettingsError, match="another master key"):
        database.prepare(other())
    database.close()


def test_sqlite_is_configured_for_durability(file: Path, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/db")
    with database.transaction() as session:
        pragmas = {
            name: session.connection().exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    database.close()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
