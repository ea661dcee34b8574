# SPDX-License-Identifier: Apache-2.0
"""The PIV driver, on the simulated card and against recordings of other programs."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.card import public_keys
from kiosk.card.cryptogram import AdministratorKey
from kiosk.card.piv import PivCard
from kiosk.card.recognition import inspect
from kiosk.errors import CardMalformed, CardUnknown, SecretRefused, WrongSecret
from kiosk.simulated.issuing import SimulatedIssuer
from kiosk.simulated.piv_card import PivBehaviour, PivMemory, SimulatedPivCard
from kiosk.values import CardIdentity, Counters, Family, Secret
from tests.card.connections import Recorded, Scripted

TRANSCRIPTS = Path(__file__).parent / "transcripts"
PASSCODE, NEW, KEY, NEXT = b"246802", b"135790", b"12345678", b"87654321"
SELECTED = "61074F05A0000003089000"  # the application's answer with its short name


@pytest.fixture
def memory(issuer: SimulatedIssuer) -> PivMemory:
    return issuer.issue_piv("A Nurse", passcode=PASSCODE, unblocking_key=KEY)


@pytest.fixture
def connection(memory: PivMemory) -> Recorded:
    return Recorded(SimulatedPivCard(memory))


def sent_by_others(name: str, ins: str) -> bytes:
    """Return the one command with this INS and data that another program sent."""
    found = {
        line[2:].strip()
        for line in (TRANSCRIPTS / f"{name}.txt").read_text().splitlines()
        if line.startswith(f"> 00{ins}") and len(line) > 14
    }
    (command,) = found
    return bytes.fromhex(command)


# ---------------------------------------------------------------- bytes


@pytest.mark.parametrize(
    ("program", "key", "new"),
    [
        ("yubico-piv-tool-unblock", b"12345678", b"246802"),
        ("opensc-pkcs15-tool-unblock", b"87654321", b"975318"),
    ],
)
def test_unblock_sends_other_programs_command(program: str, key: bytes, new: bytes) -> None:
    card = Scripted(SELECTED, "9000")
    PivCard(card).unblock(Secret(key), Secret(new))
    assert card.commands[1] == sent_by_others(program, "2c")


@pytest.mark.parametrize(
    ("program", "passcode"),
    [("yubico-piv-tool-verify", b"246802"), ("opensc-pkcs15-tool-verify", b"975318")],
)
def test_verify_sends_other_programs_command(program: str, passcode: bytes) -> None:
    card = Scripted(SELECTED, "9000")
    PivCard(card).verify(Secret(passcode))
    assert card.commands[1] == sent_by_others(program, "20")


def test_changes_send_other_programs_commands() -> None:
    card = Scripted(SELECTED, "9000", "9000")
    piv = PivCard(card)
    piv.change(Secret(b"246802"), Secret(b"864209"))
    piv.change_key(Secret(b"12345678"), Secret(b"87654321"))
    assert card.commands[1] == sent_by_others("yubico-piv-tool-change-passcode", "24")
    assert card.commands[2] == sent_by_others("yubico-piv-tool-change-key", "24")


def test_reading_sends_the_specifications_commands(connection: Recorded) -> None:
    # SP 800-73pt2-5, 3.1.1 SELECT and 3.1.2 GET DATA; part 1, table 3 for the object's name.
    PivCard(connection).identity()
    assert connection.commands[0] == bytes.fromhex("00A404000BA00000030800001000010000")
    assert connection.commands[1] == bytes.fromhex("00CB3FFF055C035FC10200")


# ---------------------------------------------------------------- reading


def test_a_report_is_complete_and_spends_no_try(memory: PivMemory) -> None:
    report = inspect(SimulatedPivCard(memory))
    assert report.identity.family is Family.PIV
    assert report.identity.serial == memory.guid.hex().upper()
    assert report.counters == Counters(3, None)
    assert report.certificates.authentication == memory.certificates[0x9A]
    assert report.certificates.card_authentication == memory.certificates[0x9E]
    assert (memory.passcode_left, memory.unblocking_left) == (3, 3)


def test_a_zero_guid_is_replaced_by_the_certificate(memory: PivMemory) -> None:
    first = inspect(SimulatedPivCard(replace(memory, guid=bytes(16)))).identity
    assert len(first.serial) == 64
    assert first == inspect(SimulatedPivCard(replace(memory, guid=bytes(16)))).identity


def test_a_zero_guid_without_certificate_is_not_an_identity(memory: PivMemory) -> None:
    with pytest.raises(CardMalformed, match="certificate 9A"):
        inspect(SimulatedPivCard(replace(memory, guid=bytes(16), certificates={})))


@pytest.mark.parametrize("left", [0, 1, 3])
def test_metadata_reveals_both_counters(memory: PivMemory, left: int) -> None:
    memory.passcode_left, memory.unblocking_left = left, 2
    card = PivCard(SimulatedPivCard(memory, PivBehaviour(metadata=True)))
    assert card.counters() == Counters(left, 2)


@pytest.mark.parametrize("refusal", ["6A82", "6A87", "6700", "6985", "6D00"])
def test_a_card_without_the_application_is_unknown(refusal: str) -> None:
    with pytest.raises(CardUnknown):
        PivCard(Scripted(refusal))


# ---------------------------------------------------------------- tries

_BEHAVIOURS = [
    PivBehaviour(),
    PivBehaviour(wrong_length=b"\x67\x00", takes_short_passcode=True, metadata=True),
]


@pytest.mark.parametrize("behaviour", _BEHAVIOURS)
@pytest.mark.parametrize(
    "passcode", [b"", b"123", b"123456789", b"12345x", "\uff11\uff12\uff13".encode()]
)
def test_a_passcode_of_the_wrong_form_never_reaches_any_card(
    memory: PivMemory, behaviour: PivBehaviour, passcode: bytes
) -> None:
    connection = Recorded(SimulatedPivCard(memory, behaviour))
    card, before = PivCard(connection), len(connection.commands)
    with pytest.raises(SecretRefused):
        card.verify(Secret(passcode))
    with pytest.raises(SecretRefused):
        card.change(Secret(PASSCODE), Secret(passcode))
    with pytest.raises(SecretRefused):
        card.unblock(Secret(KEY), Secret(passcode))
    with pytest.raises(SecretRefused):
        card.unblock(Secret(KEY[:7]), Secret(NEW))
    assert len(connection.commands) == before


def test_an_old_passcode_has_to_fit_the_card_alone(memory: PivMemory) -> None:
    memory.passcode = b"1234".ljust(8, b"\xff")
    PivCard(SimulatedPivCard(memory)).change(Secret(b"1234"), Secret(NEW))
    assert memory.passcode == NEW.ljust(8, b"\xff")


def test_a_wrong_passcode_reports_the_tries_left(connection: Recorded) -> None:
    card = PivCard(connection)
    for left in (2, 1, 0):
        with pytest.raises(WrongSecret) as caught:
            card.verify(Secret(NEW))
        assert (caught.value.which, caught.value.tries_left) == ("passcode", left)


def test_unblock_sets_the_passcode_and_the_tries(memory: PivMemory) -> None:
    memory.passcode_left = 0
    card = PivCard(SimulatedPivCard(memory))
    card.unblock(Secret(KEY), Secret(NEW))
    assert card.counters() == Counters(3, None)
    card.verify(Secret(NEW))


def test_a_wrong_unblocking_key_is_counted_separately(memory: PivMemory) -> None:
    memory.passcode_left = 0
    with pytest.raises(WrongSecret) as caught:
        PivCard(SimulatedPivCard(memory)).unblock(Secret(NEXT), Secret(NEW))
    assert (caught.value.which, caught.value.tries_left) == ("unblocking key", 2)


# ---------------------------------------------------------------- signatures


@pytest.mark.parametrize("algorithm", ["P-256", "P-384", "RSA-2048"])
def test_both_keys_sign_digests_that_verify(issuer: SimulatedIssuer, algorithm: str) -> None:
    memory = issuer.issue_piv("A Nurse", passcode=PASSCODE, algorithm=algorithm)
    card = PivCard(SimulatedPivCard(memory))
    certificates = card.certificates()
    assert certificates.authentication is not None
    assert certificates.card_authentication is not None
    digest = bytes(range(32))
    card_key = public_keys.from_certificate(certificates.card_authentication, "9E")
    assert public_keys.verifies(card_key, card.sign_as_card(card_key, digest), digest)
    card.verify(Secret(PASSCODE))
    holder_key = public_keys.from_certificate(certificates.authentication, "9A")
    signature = card.sign_as_holder(holder_key, digest)
    assert public_keys.verifies(holder_key, signature, digest)
    assert not public_keys.verifies(holder_key, signature, digest[::-1])
    assert not public_keys.verifies(card_key, signature, digest)


@pytest.mark.parametrize(
    "behaviour",
    [
        PivBehaviour(chaining=False, extended=True),
        PivBehaviour(chaining=False, extended=True, announced=True),
        PivBehaviour(extended=True, announced=True),
    ],
)
def test_a_card_without_chaining_signs_by_extended_length(
    issuer: SimulatedIssuer, behaviour: PivBehaviour
) -> None:
    memory = issuer.issue_piv("A Nurse", passcode=PASSCODE, algorithm="RSA-2048")
    connection = Recorded(SimulatedPivCard(memory, behaviour))
    key = public_keys.from_certificate(memory.certificates[0x9E], "9E")
    signature = PivCard(connection).sign_as_card(key, b"d" * 32)
    assert public_keys.verifies(key, signature, b"d" * 32)
    refused = [command for command in connection.commands if command[0] == 0x10]
    assert len(refused) == (0 if behaviour.announced and not behaviour.chaining else 1)


def test_compressed_certificates_are_read(memory: PivMemory) -> None:
    certificates = PivCard(SimulatedPivCard(memory, PivBehaviour(compressed=True))).certificates()
    assert certificates.authentication == memory.certificates[0x9A]


@pytest.mark.parametrize(
    "content", ["7003AABBCC710101", "7003AABBCC710102", "7000710100", "71010070", "7103000000"]
)
def test_a_malformed_certificate_object_is_named(content: str) -> None:
    data = bytes.fromhex(content)
    card = Scripted(SELECTED, f"53{len(data):02X}{content}9000")
    with pytest.raises(CardMalformed, match="certificate 9A"):
        PivCard(card).certificates()


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [("9000", None), ("6D00", None), ("6982", None), ("0102FF109000", None), ("060203029000", 2)],
)
def test_metadata_is_optional(metadata: str, expected: int | None) -> None:
    assert PivCard(Scripted(SELECTED, "63C3", metadata)).counters() == Counters(3, expected)


@pytest.mark.parametrize("metadata", ["0601039000", "060203049000", "0603030303", "06"])
def test_malformed_metadata_is_ignored(metadata: str) -> None:
    card = PivCard(Scripted(SELECTED, "63C3", metadata.removesuffix("9000") + "9000"))
    assert card.counters() == Counters(3, None)


@pytest.mark.parametrize("chuid", ["6A82", "53009000", "53023E009000", f"53123410{'00' * 16}9000"])
def test_a_card_without_a_guid_is_known_by_its_certificate(chuid: str) -> None:
    serial = hashlib.sha256(bytes.fromhex("AABBCC")).hexdigest().upper()
    certificate = "53087003AABBCC7101009000"
    known = PivCard(Scripted(SELECTED, chuid, certificate)).identity()
    assert known == CardIdentity(Family.PIV, serial)
    assert PivCard(Scripted(SELECTED, certificate)).identity(known) == known  # one command


@pytest.mark.parametrize(
    ("status", "left"), [("63C2", 2), ("6302", 2), ("6983", 0), ("6300", None), ("9000", None)]
)
def test_tries_are_read_from_several_status_words(status: str, left: int | None) -> None:
    assert PivCard(Scripted(SELECTED, status, "6D00")).counters().passcode == left


@pytest.mark.parametrize(("status", "left"), [("6302", 2), ("63C2", 2), ("6300", None)])
def test_every_status_word_for_a_wrong_passcode_is_understood(
    status: str, left: int | None
) -> None:
    with pytest.raises(WrongSecret) as refused:
        PivCard(Scripted(SELECTED, status)).verify(Secret(b"246802"))
    assert refused.value.tries_left == left


def test_the_exact_length_is_requested_if_the_card_asks_for_it() -> None:
    """6C XX to SELECT, to GET DATA, and to the last GET RESPONSE, as T=0 cards answer."""
    guid = "00112233445566778899AABBCCDDEEFF"
    card = PivCard(Scripted("6C00", SELECTED, "6C14", f"53123410{guid}9000"))
    assert card.identity().serial == guid
    parts = PivCard(Scripted(SELECTED, "531234106110", "6C10", f"{guid}9000"))
    assert parts.identity().serial == guid


def test_an_application_that_answers_without_data_needs_a_chuid() -> None:
    """Some applications of other families accept every selection."""
    PivCard(Scripted("9000", "53009000"))
    for answer in ("6A82", "6D00", "9000"):
        with pytest.raises(CardUnknown):
            PivCard(Scripted("9000", answer))


def test_only_yubicos_short_name_is_accepted() -> None:
    PivCard(Scripted("61114F0600001000010079074F05A0000003089000"))
    for answer in ("61074F05A0000003979000", "61034F01009000", "6F078405A0000003979000"):
        with pytest.raises(CardUnknown):
            PivCard(Scripted(answer))


def test_a_piv_card_is_not_unlocked_by_an_authority(memory: PivMemory) -> None:
    connection = Recorded(SimulatedPivCard(memory))
    card = PivCard(connection)
    with pytest.raises(SecretRefused):
        card.unblock(AdministratorKey(Secret(bytes(24))), Secret(NEW))
    assert len(connection.commands) == 1
