"""Settings: read once, and wrong ones named."""

from __future__ import annotations

import pytest

from kiosk import settings
from kiosk.errors import SettingsError


def test_plain_http_is_for_the_loopback_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "https://c.nhs.uk"):
        monkeypatch.setenv("KIOSK_CENTRAL_URL", url)
        assert settings.read().central_url == url
    for url in ("http://10.0.0.1", "http://central.nhs.uk", "ftp://x", "central", ""):
        monkeypatch.setenv("KIOSK_CENTRAL_URL", url)
        with pytest.raises(SettingsError) as caught:
            settings.read()
        assert caught.value.place == "KIOSK_CENTRAL_URL"


def test_they_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings.read().width = 900  # type: ignore[misc]


def test_contacts_that_are_no_json_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_CONTACTS", "abc")
    with pytest.raises(SettingsError, match="contacts"):
        settings.read()
