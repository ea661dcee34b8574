# SPDX-License-Identifier: Apache-2.0
"""The site's settings, from the boot partition to the services; an error names the wrong one."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from kiosk.errors import SettingsError
from kiosk.simulated.issuing import SimulatedIssuer
from kiosk.site import settings, site_file
from tests.host_names import UNENCODABLE

NO_HOSTS = [
    *(each for each in UNENCODABLE if each.isascii()),
    "smart_cards.example.nhs.uk",
    "-smartcards.example.nhs.uk",
    "smartcards-.example.nhs.uk",
    ".example.nhs.uk",
    ".".join(["a" * 60] * 5),
    "sm\u00e4rtcards.example.nhs.uk",
    "192.0.2.300",
    "192.0.2",
    "0x7f.1",
    "2001:db8:::7",
    "..",
]
"""Host names that are none, or that resolvers read as some other address."""
URL = 'central_url = "https://central.example:8443"\n'


@pytest.fixture
def boot(folder: Path) -> Path:
    made = folder / "boot"
    made.mkdir()
    (folder / "into").mkdir()
    return made


def hand_over(boot: Path, text: str | bytes) -> settings.Settings:
    content = text if isinstance(text, bytes) else text.encode()
    (boot / site_file.FILE).write_bytes(content)
    return site_file.hand_over(boot, boot.parent / "into", boot.parent / "run")


def refused(boot: Path, text: str | bytes) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        hand_over(boot, text)
    error = caught.value
    assert (boot / site_file.TOLD).read_text() == f"{error}\n"
    assert not (boot.parent / "run" / site_file.KEYPADS).exists()
    return error


def test_the_sites_settings_reach_the_services(boot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = (
        URL
        + 'language = "cy"\nidle_seconds = 90\n[pins]\nbuzzer = 5\n'
        + '[[contacts]]\nname = "IT “service” desk"\ndetail = "ext. $HOME"\n'
    )
    hand_over(boot, content)
    monkeypatch.setenv("KIOSK_SITE", str(boot.parent / "into" / site_file.FILE))
    read = settings.read()
    assert (read.central_url, read.idle_seconds) == ("https://central.example:8443", 90)
    assert read.pins == {"buzzer": 5}
    assert read.contacts[0].name == "IT “service” desk"
    assert read.contacts[0].detail == "ext. $HOME"
    monkeypatch.setenv("KIOSK_IDLE_SECONDS", "45")  # the appliance's own value takes precedence
    assert settings.read().idle_seconds == 45


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (URL + "width = 1", "width"),
        (URL + 'colour = "red"', "colour"),
        (URL + 'keypads = ["04d9:1203", "x"]', "keypads.1"),
        (URL + 'clocks = ["a b"]', "clocks.0"),
        (URL + "[pins]\nready = 5\ndone = 5", "pins.done"),
        (URL + '[[contacts]]\nname = "IT"', "contacts.0.detail"),
        (URL + f'[[contacts]]\nname = "{"x" * 65}"\ndetail = "1"', "contacts.0.name"),
        (URL + 'state_directory = "/etc"', "state_directory"),
        (URL + "keyboard = true", "keyboard"),
        (URL + 'central_authority = "missing.pem"', "central_authority"),
        ('central_url = "http://central.example"', "central_url"),
        ('central_url = "https://central.example:99999"', "central_url"),
        ("", "central_url"),
        *((f'central_url = "https://{host}:8443"', "central_url") for host in NO_HOSTS),
        *((f'{URL}clocks = ["192.0.2.1", "{host}"]', "clocks.1") for host in NO_HOSTS),
    ],
)
def test_an_error_names_the_wrong_key(boot: Path, text: str, place: str) -> None:
    assert refused(boot, text).place == place


@pytest.mark.parametrize(
    "host",
    ["central", "smart-cards.example.nhs.uk", "xn--nhs-0na.nhs.uk", "192.0.2.7", "c.nhs.uk."],
)
def test_a_host_has_a_name_or_an_address(boot: Path, host: str) -> None:
    read = hand_over(boot, f'central_url = "https://{host}:8443"\nclocks = ["{host}"]')
    assert (read.central_url, read.clocks) == (f"https://{host}:8443", (host,))


@pytest.mark.parametrize(
    "content",
    [b"central_url = ", b"\xc3(", b"a = " + b"[" * 5000, b"#" * 70_000],
    ids=["cut off", "no text", "deep", "long"],
)
def test_an_error_names_a_file_that_is_not_toml(boot: Path, content: bytes) -> None:
    assert refused(boot, content).place == str(boot / site_file.FILE)


@pytest.mark.parametrize("written", ["utf-8-sig", "utf-16"])
def test_a_file_may_be_written_by_any_editor(boot: Path, written: str) -> None:
    text = (URL + '[[contacts]]\nname = "Desg Gymorth"\ndetail = "est. 2222 – dŵr"\n').replace(
        "\n", "\r\n"
    )
    site_settings = hand_over(boot, text.encode(written))
    assert site_settings.contacts[0].detail == "est. 2222 – dŵr"


def test_an_error_names_a_missing_file(boot: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        site_file.hand_over(boot, boot.parent / "into", boot.parent / "run")
    assert caught.value.place == str(boot / site_file.FILE)


def test_earlier_settings_are_removed_if_the_file_becomes_wrong(
    boot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keypad = 'keypads = ["04d9:1203"]\n'
    hand_over(boot, URL + keypad)
    assert (boot.parent / "run" / site_file.KEYPADS).exists()
    refused(boot, URL + keypad + "width = 1")
    monkeypatch.setenv("KIOSK_SITE", str(boot.parent / "into" / site_file.FILE))
    with pytest.raises(SettingsError, match="width"):
        settings.read()
    hand_over(boot, URL)
    assert not (boot / site_file.TOLD).exists()


def test_the_help_screen_gets_the_valid_settings(
    boot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = '[[contacts]]\nname = "IT"\ndetail = "ext. 2222"\n'
    refused(boot, URL + "width = 1\n" + contact)
    monkeypatch.setenv("KIOSK_SITE", str(boot.parent / "into" / site_file.FILE))
    right = settings.read_what_is_right()
    assert [each.detail for each in right.contacts] == ["ext. 2222"]
    assert right.width == 800
    monkeypatch.setenv("KIOSK_SITE", str(boot / "nowhere"))
    assert settings.read_what_is_right().contacts == ()
    monkeypatch.setenv("KIOSK_WIDTH", "1")
    assert settings.read_what_is_right().width == 800


def test_the_trusts_own_authority_is_copied(boot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (boot / "trust.pem").write_text(ssl.DER_cert_to_PEM_cert(SimulatedIssuer.make().der))
    hand_over(boot, URL + 'central_authority = "trust.pem"')
    monkeypatch.setenv("KIOSK_SITE", str(boot.parent / "into" / site_file.FILE))
    authority = settings.read().central_authority
    assert authority == boot.parent / "into/trust.pem"
    assert authority.read_bytes() == (boot / "trust.pem").read_bytes()
    (boot / "trust.pem").write_text("no certificate")
    assert refused(boot, URL + 'central_authority = "trust.pem"').place == "central_authority"


def test_a_keypad_is_allowed_by_vendor_and_product(boot: Path) -> None:
    hand_over(boot, URL + 'keypads = ["04D9:1203"]\nclocks = ["ntp.example", "192.0.2.1"]')
    run = boot.parent / "run"
    *_, opened, heard = (run / site_file.KEYPADS).read_text().splitlines()
    ids = 'ATTRS{idVendor}=="04d9", ATTRS{idProduct}=="1203"'
    assert opened == f'SUBSYSTEM=="input", {ids}, GROUP="input", MODE="0660"'
    assert heard == f'SUBSYSTEM=="input", KERNEL=="input[0-9]*", {ids}, ATTR{{inhibited}}="0"'
    assert "NTP=ntp.example 192.0.2.1\n" in (run / site_file.CLOCKS).read_text()
