# SPDX-License-Identifier: Apache-2.0
"""Settings come from the environment, from a unit's credentials and from a file, in that order."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.central import settings
from kiosk.errors import SettingsError

DATABASE = "sqlite:////var/lib/kiosk-central/central.db"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nothing set."""
    for name in settings.Settings.model_fields:
        monkeypatch.delenv(settings.PREFIX + name.upper(), raising=False)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "central.toml"
    made.write_text(
        f'database = "{DATABASE}"\nname = "Trust A"\nmaster_key_file = "/key"\n'
        'mail_domains = ["nhs.net"]\nport = 8444\nmail = "smtp://from.file"\n'
    )
    monkeypatch.setenv(settings.FILE, str(made))
    return made


@pytest.fixture
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "credentials"
    folder.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    return folder


def test_a_file_has_every_setting(file: Path) -> None:
    read = settings.read()
    assert (read.database, read.name, read.port) == (DATABASE, "Trust A", 8444)
    assert read.mail_domains == ("nhs.net",)


def test_a_credential_wins_over_the_file(file: Path, credentials: Path) -> None:
    (credentials / "kiosk-central.mail").write_text("smtps://user:password@mail.example\n")
    assert settings.read().mail == "smtps://user:password@mail.example"


def test_a_credential_for_a_file_is_the_file(file: Path, credentials: Path) -> None:
    key = credentials / "kiosk-central.master-key-file"
    key.write_text("secret")
    assert settings.read().master_key_file == key


def test_the_environment_wins_over_both(
    file: Path, credentials: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (credentials / "kiosk-central.mail").write_text("smtp://credential.example")
    monkeypatch.setenv("KIOSK_CENTRAL_MAIL", "smtp://environment.example")
    monkeypatch.setenv("KIOSK_CENTRAL_PORT", "8445")
    read = settings.read()
    assert (read.mail, read.port) == ("smtp://environment.example", 8445)


@pytest.mark.parametrize(
    ("content", "place", "reason"),
    [
        (b'nmae = "Trust A"', "nmae", "no such setting"),
        (b"name = Trust A", "central.toml", "line 1"),
        (b'name = "\xff"', "central.toml", "UTF-8"),
        (b"#" * 70_000, "central.toml", "longer"),
        (b'database = "x"\nname = "Trust A"\nport = "many"', "KIOSK_CENTRAL_PORT", ""),
        (b'database = "x"\nname = 7', "KIOSK_CENTRAL_NAME", ""),
    ],
)
def test_a_wrong_file_is_said(file: Path, content: bytes, place: str, reason: str) -> None:
    file.write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        settings.read()
    assert place in refused.value.place
    assert reason in refused.value.reason


def test_a_file_that_is_missing_is_said(file: Path) -> None:
    file.unlink()
    with pytest.raises(SettingsError, match="No such file"):
        settings.read()


def test_a_credential_that_is_no_text_is_said(file: Path, credentials: Path) -> None:
    (credentials / "kiosk-central.mail").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="UTF-8"):
        settings.read()


def test_every_setting_is_described() -> None:
    assert all(each.meaning for each in settings.descriptions())
    assert {each.name for each in settings.descriptions()} == set(settings.Settings.model_fields)


def test_the_example_is_a_settings_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "provisioning/central/central.toml.example"
    monkeypatch.setenv(settings.FILE, str(example))
    assert settings.read(master_key_file=tmp_path).database == DATABASE
