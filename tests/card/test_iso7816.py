# SPDX-License-Identifier: Apache-2.0
"""ISO 7816-4 cards by profile: simulated cards, and opensc's commands to an IsoApplet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kiosk.card.card_profile import CardProfile, Reset, load, load_all, parse, shipped
from kiosk.card.iso7816 import Iso7816Card
from kiosk.card.piv import APPLICATION as PIV
from kiosk.card.public_keys import PublicKey
from kiosk.card.recognition import inspect, recognise
from kiosk.card.session import Ability, CardIncapable
from kiosk.errors import (
    CardMalformed,
    CardRefused,
    CardUnknown,
    SecretRefused,
    SettingsError,
    WrongSecret,
)
from kiosk.simulated.chip import BLOCKED
from kiosk.simulated.gids_card import SimulatedGidsCard
from kiosk.simulated.iso7816_card import Iso7816Behaviour, Iso7816Memory, SimulatedIso7816Card
from kiosk.simulated.issuing import SimulatedIssuer
from kiosk.simulated.piv_card import SimulatedPivCard
from kiosk.simulated.virtual_card import Blank
from kiosk.values import Counters, Family, Secret
from tests.card.connections import Recorded, Scripted
from tests.card.transcript import answered, exchanges, sent

PASSCODE, NEW, KEY = b"246802", b"135790", b"1234567890123456"

PROFILES = Path(load.__globals__["__file__"]).parent / "profiles"


@pytest.fixture
def memory(issuer: SimulatedIssuer) -> Iso7816Memory:
    return issuer.issue_isoapplet(passcode=PASSCODE, unblocking_key=KEY)


def document(**changes: dict[str, Any]) -> dict[str, Any]:
    """Return a parsed profile of another card than IsoApplet."""
    whole: dict[str, Any] = {
        "name": "Some card",
        "recognition": {"application": "A00000000102"},
        "serial": {"data_object": "0102", "length": 4},
        "passcode": {"reference": 0x81, "encoding": "ascii", "ask_by_verify": True},
        "unblocking": {"reset": "key and new passcode", "shortest_key": 8, "longest_key": 8},
    }
    return {
        field: {**table, **changes.get(field, {})} if isinstance(table, dict) else table
        for field, table in whole.items()
    }


def other_card(**behaviour: Any) -> SimulatedIso7816Card:
    fields: dict[str, Any] = {
        "application": bytes.fromhex("A00000000102"),
        "passcode_reference": 0x81,
        "key_reference": 0x82,
        "width": 0,
        "key_length": 8,
        "serial_object": b"\1\2\3\4\5",
        "blocked": BLOCKED,
        **behaviour,
    }
    card = Iso7816Memory(passcode=PASSCODE, key=b"12345678", passcode_left=0)
    return SimulatedIso7816Card(card, Iso7816Behaviour(**fields))


# ---------------------------------------------------------------- IsoApplet


def test_commands_are_those_of_opensc() -> None:
    (profile,) = (each for each in shipped() if each.name == "IsoApplet")
    card = Scripted(*["9000"] * 4)
    session = Iso7816Card(card, profile)
    session.verify(Secret(b"246802"))
    session.unblock(Secret(KEY), Secret(b"975318"))
    session.change(Secret(b"975318"), Secret(b"864209"))
    name = "opensc-pkcs15-tool-isoapplet"
    assert card.commands == [
        # Only Le is ours: this version of the applet answers without data, another with its
        # version.
        sent(f"{name}-verify", "00A404000CF276") + b"\0",
        sent(f"{name}-verify", "00200001"),
        sent(f"{name}-unblock", "002C0001"),
        sent(f"{name}-change", "00240001"),
    ]


def test_the_serial_is_that_written_by_pkcs15_init() -> None:
    information = answered("opensc-pkcs15-tool-isoapplet-verify", "00B0000043")
    card = Scripted("9000", "9000", information.ljust(64, b"\0").hex() + "9000")
    identity = recognise(card, Family.ISO7816).identity()
    assert (identity.family, identity.serial) == (Family.ISO7816, "0011223344556677")
    created = [c for c, _ in exchanges("opensc-pkcs15-init-isoapplet") if c[1] == 0xD6]
    assert any(bytes.fromhex("04080011223344556677") in command for command in created)


def test_a_report_allows_unlocking_alone(memory: Iso7816Memory) -> None:
    memory.passcode_left = 0
    report = inspect(SimulatedIso7816Card(memory))
    assert report.counters == Counters(0)
    assert report.unlock_only
    assert report.abilities == frozenset()
    assert (memory.passcode_left, memory.key_left) == (0, 5)


def test_unblock_verify_and_change_work(memory: Iso7816Memory) -> None:
    memory.passcode_left = 0
    card = recognise(SimulatedIso7816Card(memory))
    card.unblock(Secret(KEY), Secret(NEW))
    card.verify(Secret(NEW))
    card.change(Secret(NEW), Secret(PASSCODE))
    assert memory.passcode == PASSCODE.ljust(16, b"\0")
    assert (memory.passcode_left, memory.key_left) == (3, 5)


def test_wrong_passcodes_and_keys_are_counted_separately(memory: Iso7816Memory) -> None:
    card = recognise(SimulatedIso7816Card(memory))
    with pytest.raises(WrongSecret) as caught:
        card.unblock(Secret(KEY[::-1]), Secret(NEW))
    assert (caught.value.which, caught.value.tries_left) == ("unblocking key", 4)
    for left in (2, 1, 0):
        with pytest.raises(WrongSecret) as caught:
            card.verify(Secret(NEW))
        assert (caught.value.which, caught.value.tries_left) == ("passcode", left)


def test_a_secret_of_the_wrong_form_is_not_sent(memory: Iso7816Memory) -> None:
    connection = Recorded(SimulatedIso7816Card(memory))
    card = recognise(connection)
    before = len(connection.commands)
    with pytest.raises(SecretRefused):
        card.unblock(Secret(KEY[:15]), Secret(NEW))
    with pytest.raises(SecretRefused):
        card.unblock(Secret(KEY), Secret(b"12345"))
    with pytest.raises(SecretRefused):
        card.verify(Secret(b"123"))
    with pytest.raises(SecretRefused):
        card.change(Secret(PASSCODE), Secret(b"12345x"))
    with pytest.raises(CardIncapable):
        card.change_key(Secret(KEY), Secret(KEY))
    assert len(connection.commands) == before


def test_the_card_does_not_sign(memory: Iso7816Memory, issuer: SimulatedIssuer) -> None:
    key: PublicKey = issuer.key.public_key()
    card = recognise(SimulatedIso7816Card(memory))
    with pytest.raises(CardIncapable):
        card.sign_as_card(key, bytes(32))
    with pytest.raises(CardIncapable):
        card.sign_as_holder(key, bytes(32))


# ---------------------------------------------------------------- other cards


@pytest.mark.parametrize("reset", Reset)
def test_every_form_of_unblocking_sets_the_new_passcode(reset: Reset) -> None:
    profile = parse(document(unblocking={"reset": reset.value, "reference": 0x82}), "x")
    card = other_card(reset=reset.p1, key_can_be_verified=True)
    session = Iso7816Card(card, profile)
    assert session.counters() == Counters(0)
    with pytest.raises(WrongSecret) as caught:
        session.unblock(Secret(b"87654321"), Secret(NEW))
    assert caught.value.which == "unblocking key"
    session.unblock(Secret(b"12345678"), Secret(NEW))
    assert (card.memory.passcode, card.memory.passcode_left) == (NEW, 3)


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ({"encoding": "ascii"}, b"1357902"),
        ({"encoding": "ascii", "padded_to": 8}, b"1357902\xff"),
        ({"encoding": "bcd"}, bytes.fromhex("1357902F")),
        ({"encoding": "bcd", "padded_to": 6, "padding": 0}, bytes.fromhex("1357902F0000")),
        ({"encoding": "pin block"}, bytes.fromhex("271357902FFFFFFF")),
    ],
)
def test_a_passcode_is_encoded_by_the_profile(encoding: dict[str, Any], expected: bytes) -> None:
    card = Scripted("9000", "9000")
    Iso7816Card(card, parse(document(passcode=encoding), "x")).verify(Secret(b"1357902"))
    assert card.commands[1] == bytes((0, 0x20, 0, 0x81, len(expected))) + expected


def test_a_key_is_padded_by_the_profile() -> None:
    padded = {"shortest_key": 6, "longest_key": 8, "padded_to": 10, "padding": 0xFF}
    card = Scripted("9000", "9000")
    profile = parse(document(unblocking=padded), "x")
    Iso7816Card(card, profile).unblock(Secret(b"123456"), Secret(b"135790"))
    assert card.commands[1][5:15] == b"123456" + b"\xff" * 4


def test_an_error_names_two_profiles_for_the_same_cards(folder: Path) -> None:
    text = (PROFILES / "isoapplet.toml").read_text()
    for name in ("a.toml", "b.toml"):
        (folder / name).write_text(text)
    with pytest.raises(SettingsError) as refused:
        load_all(folder)
    assert (refused.value.place, refused.value.reason) == (
        "b.toml: recognition",
        "is the same as in a.toml",
    )


def test_without_padding_the_old_passcode_is_verified_first() -> None:
    card = other_card()
    card.memory.passcode_left = 3
    session = Iso7816Card(card, parse(document(), "x"))
    with pytest.raises(WrongSecret):
        session.change(Secret(b"24680"), Secret(b"2135790"))
    assert card.memory.passcode == PASSCODE
    session.change(Secret(PASSCODE), Secret(NEW))
    assert card.memory.passcode == NEW


def test_a_key_is_renewed_if_the_profile_allows_it() -> None:
    profile = parse(document(unblocking={"renewable": True, "reference": 0x82}), "x")
    card = other_card(key_can_be_changed=True)
    session = Iso7816Card(card, profile)
    assert session.abilities == {Ability.RENEW_KEY}
    session.change_key(Secret(b"12345678"), Secret(b"87654321"))
    assert card.memory.key == b"87654321"


@pytest.mark.parametrize(
    ("serial", "expected"),
    [
        ({}, "01020304"),
        ({"offset": 1}, "02030405"),
        ({"prefix": "AA", "length": 0}, "AA0102030405"),
    ],
)
def test_the_serial_is_read_from_the_profiles_place(serial: dict[str, Any], expected: str) -> None:
    session = Iso7816Card(other_card(), parse(document(serial=serial), "x"))
    assert session.identity().serial == expected


def test_a_short_serial_is_not_an_identity() -> None:
    session = Iso7816Card(other_card(), parse(document(serial={"offset": 3}), "x"))
    with pytest.raises(CardMalformed, match="serial of Some card"):
        session.identity()


@pytest.mark.parametrize("length", [3, 33])
def test_a_serial_outside_the_contract_is_not_an_identity(length: int) -> None:
    profile = parse(document(serial={"length": 0}), "x")
    for size, fits in [(length, False), (4, True), (32, True)]:
        session = Iso7816Card(other_card(serial_object=bytes(size)), profile)
        if fits:
            assert session.identity().serial == "00" * size
            continue
        with pytest.raises(CardMalformed, match="serial of Some card"):
            session.identity()


@pytest.mark.parametrize("status", ["63C2", "63C0", "6300", "6983"])
@pytest.mark.parametrize("reset", [Reset.KEY, Reset.NOTHING])
def test_a_counter_after_the_right_key_is_not_that_of_the_key(reset: Reset, status: str) -> None:
    profile = parse(document(unblocking={"reset": reset.value, "reference": 0x82}), "x")
    before = ["9000"] * (2 if reset.has_key else 3)
    with pytest.raises(CardRefused, match=f"SET PASSCODE: {status}") as caught:
        Iso7816Card(Scripted(*before, status), profile).unblock(
            Secret(b"12345678"), Secret(b"1357902")
        )
    assert caught.value.status == 0x6F00


# ---------------------------------------------------------------- recognition


class Garbled(Recorded):
    """Answers the selection of PIV with bytes that are not BER-TLV."""

    def exchange(self, command: bytes) -> bytes:
        if PIV in command:
            return bytes.fromhex("82019000")
        return super().exchange(command)


def test_recognition_continues_after_an_unreadable_answer(issuer: SimulatedIssuer) -> None:
    gids, iso = issuer.issue_gids("A Nurse"), issuer.issue_isoapplet()
    assert recognise(Garbled(SimulatedGidsCard(gids))).kind == "GIDS"
    assert recognise(Garbled(SimulatedIso7816Card(iso))).kind == "IsoApplet"
    with pytest.raises(CardUnknown):
        recognise(Garbled(Blank()))


@pytest.mark.parametrize("version", ["000600", "000604", "0100", "010700"])
def test_a_selection_may_be_answered_with_a_version(version: str) -> None:
    """IsoApplet does so before its release 1: two bytes of version, then its capabilities."""
    (isoapplet,) = shipped()
    Iso7816Card(Scripted(f"{version}9000"), isoapplet)


def test_recognition_stops_at_the_first_matching_family(issuer: SimulatedIssuer) -> None:
    memory = issuer.issue_isoapplet()
    for card, family, selects in [
        (SimulatedPivCard(issuer.issue_piv("A Nurse")), None, 1),
        (SimulatedIso7816Card(memory), None, 3),
        (SimulatedIso7816Card(memory), Family.ISO7816, 1),
    ]:
        connection = Recorded(card)
        recognise(connection, family)
        assert len(connection.commands) == selects


def test_a_card_of_another_family_than_the_expected_is_unknown(
    memory: Iso7816Memory,
) -> None:
    with pytest.raises(CardUnknown):
        recognise(SimulatedIso7816Card(memory), Family.PIV)


def test_a_matching_answer_to_reset_is_enough(
    monkeypatch: pytest.MonkeyPatch, memory: Iso7816Memory
) -> None:
    card = Recorded(SimulatedIso7816Card(memory))
    recognition = {"atr": card.atr.hex(), "mask": "FF" * 10 + "0000"}
    whole = document(recognition=recognition)
    del whole["recognition"]["application"]
    profile = parse(whole, "x")
    monkeypatch.setattr("kiosk.card.recognition.shipped", lambda: (profile,))
    assert recognise(card).kind == "Some card"
    assert card.commands == []


# ---------------------------------------------------------------- malformed profiles


def test_all_shipped_profiles_load() -> None:
    assert [profile.name for profile in shipped()] == ["IsoApplet"]
    assert len({profile.name for profile in shipped()}) == len(shipped())


@pytest.mark.parametrize(
    ("table", "changes", "field"),
    [
        ("recognition", {"application": "A0"}, "recognition: application"),
        ("recognition", {"application": "zz"}, "recognition: application"),
        ("recognition", {"application": ""}, "recognition: application"),
        ("recognition", {"atr": "3B00", "mask": "FF"}, "recognition: mask"),
        ("recognition", {"atr": "3B00", "mask": "0000"}, "recognition: mask"),
        ("recognition", {"aid": "A000000001"}, "recognition: aid"),
        ("serial", {"file": ["3F00"]}, "serial: file"),
        ("serial", {"file": "3F00"}, "serial: file"),
        ("serial", {"offset": -1}, "serial: offset"),
        ("serial", {"tags": [48]}, "serial: tags"),
        ("serial", {"tags": ["1F"]}, "serial: tags"),
        ("serial", {"tags": ["30", "3004"]}, "serial: tags"),
        ("serial", {"tags": ["5F81"]}, "serial: tags"),
        ("passcode", {"reference": 0}, "passcode: reference"),
        ("passcode", {"reference": True}, "passcode: reference"),
        ("passcode", {"reference": "81"}, "passcode: reference"),
        ("passcode", {"encoding": "ebcdic"}, "passcode: encoding"),
        ("passcode", {"padded_to": 6}, "passcode: padded_to"),
        ("passcode", {"minimum": 8, "maximum": 6}, "passcode: minimum"),
        ("passcode", {"maximum": 12}, "passcode: maximum"),
        ("passcode", {"shortest_in_use": 7}, "passcode: minimum"),
        ("passcode", {"padded_to": 8, "padding": 0x30}, "passcode: padding"),
        ("passcode", {"padded_to": 8, "padding": 0x39}, "passcode: padding"),
        ("passcode", {"shortest_in_use": 9}, "passcode: shortest_in_use"),
        ("passcode", {"ask_by_verify": 1}, "passcode: ask_by_verify"),
        ("unblocking", {"reset": "0"}, "unblocking: reset"),
        ("unblocking", {"reset": "nothing"}, "unblocking: reference"),
        ("unblocking", {"renewable": True}, "unblocking: reference"),
        ("unblocking", {"longest_key": 4}, "unblocking: shortest_key"),
        ("unblocking", {"padded_to": 4}, "unblocking: padded_to"),
        ("unblocking", {"reference": 0x81}, "unblocking: reference"),
        ("passcode", {"encoding": "pin block", "padded_to": 4}, "passcode: padded_to"),
        ("serial", {"offset": 250, "length": 8}, "serial: length"),
        ("serial", {"prefix": "AA" * 16, "length": 17}, "serial: length"),
        ("serial", {"length": 2}, "serial: length"),
    ],
)
def test_an_error_names_the_file_and_the_field(
    table: str, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(document(**{table: changes}), "card.toml")
    assert caught.value.place == f"card.toml: {field}"
    assert caught.value.reason


@pytest.mark.parametrize("field", ["name", "recognition", "serial", "passcode", "unblocking"])
def test_an_error_names_a_missing_table(field: str) -> None:
    whole = document()
    del whole[field]
    with pytest.raises(SettingsError, match=f"card.toml: {field}"):
        parse(whole, "card.toml")


def test_an_error_names_a_file_that_is_not_toml(folder: Path) -> None:
    (folder / "broken.toml").write_text("name = ")
    with pytest.raises(SettingsError, match=r"broken\.toml"):
        load(folder / "broken.toml")
    (folder / "broken.toml").write_text("name = " + "[" * 3000 + "]" * 3000)
    with pytest.raises(SettingsError, match=r"broken\.toml"):
        load(folder / "broken.toml")
    (folder / "broken.toml").write_bytes(b"\xff")
    with pytest.raises(SettingsError, match=r"broken\.toml"):
        load_all(folder)


def test_a_profile_file_is_enough_to_add_a_card(folder: Path) -> None:
    text = (PROFILES / "isoapplet.toml").read_text()
    (folder / "new.toml").write_text(text.replace("IsoApplet", "New card"))
    (profile,) = load_all(folder)
    assert isinstance(profile, CardProfile)
    assert profile.name == "New card"
