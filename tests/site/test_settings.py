# SPDX-License-Identifier: Apache-2.0
"""Settings are read once, and an error names the wrong one."""

from __future__ import annotations

import pytest

from kiosk.errors import SettingsError
from kiosk.site import settings


def test_plain_http_is_for_the_loopback_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "https://c.nhs.uk"):
        monkeypatch.setenv("KIOSK_CENTRAL_URL", url)
        assert settings.read().central_url == url
    for url in ("http://10.0.0.1", "http://central.nhs.uk", "ftp://x", "central", ""):
        monkeypatch.setenv("KIOSK_CENTRAL_URL", url)
        with pytest.raises(SettingsError) as caught:
            settings.read()
        assert caught.value.place == "KIOSK_CENTRAL_URL"


def test_half_a_character_in_the_environment_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("KIOSK_CENTRAL_URL", "https://\udcff.example.nhs.uk"),
        ("KIOSK_CLOCKS", '["\udcff.example.nhs.uk"]'),
    ):
        monkeypatch.setenv(name, value)
        with pytest.raises(SettingsError) as caught:
            settings.read()
        assert caught.value.place.startswith(name)
        assert str(caught.value).encode(), "the journal can show it"
        monkeypatch.delenv(name)


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings.read().width = 900  # type: ignore[misc]


def test_contacts_that_are_not_json_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_CONTACTS", "abc")
    with pytest.raises(SettingsError, match="contacts"):
        settings.read()


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("KIOSK_ROTATION", "270", "45"),
        ("KIOSK_TOUCH_MAPPING", '["swap", "flip-x"]', '["twist"]'),
        ("KIOSK_DISPLAY_DRIVER", "vc4-drm", "../vc4"),
        ("KIOSK_REST_SECONDS", "0", "-1"),
        ("KIOSK_TECHNICIAN_CODE", "$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA", "40710299"),
    ],
)
def test_device_settings_are_checked_and_never_printed(
    monkeypatch: pytest.MonkeyPatch, name: str, right: str, wrong: str
) -> None:
    monkeypatch.setenv(name, right)
    settings.read()
    monkeypatch.setenv(name, wrong)
    with pytest.raises(SettingsError) as caught:
        settings.read()
    assert caught.value.place.startswith(name)
    assert wrong not in caught.value.reason
