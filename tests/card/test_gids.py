# SPDX-License-Identifier: Apache-2.0
"""The GIDS driver, on the simulated card and against recordings of other programs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from kiosk.card import gids_files, public_keys
from kiosk.card.cryptogram import AdministratorKey, KeyKind
from kiosk.card.gids import GidsCard
from kiosk.card.recognition import inspect
from kiosk.card.session import Ability, CardIncapable
from kiosk.card.unlock_work import Candidate, Unlocked, UnlockPlan, unlock
from kiosk.errors import (
    CardMalformed,
    CardRefused,
    CardUnknown,
    SecretRefused,
    WrongCard,
    WrongSecret,
)
from kiosk.simulated.gids_card import SimulatedGidsCard
from kiosk.simulated.gids_memory import GidsBehaviour, GidsMemory
from kiosk.simulated.issuing import SimulatedIssuer
from kiosk.values import Counters, Family, Secret
from tests.card.connections import Recorded, Scripted
from tests.card.transcript import answered, exchanges, sent

PASSCODE, NEW = b"246802", b"135790"
KEY = bytes.fromhex("010203040506070801020304050607080102030405060708")
WRONG_KEY = KEY[::-1]


@pytest.fixture(scope="module")
def personalised() -> GidsMemory:
    issuer = SimulatedIssuer.make()
    return issuer.issue_gids("A Nurse", passcode=PASSCODE, administrator_key=KEY)


@pytest.fixture
def memory(personalised: GidsMemory) -> GidsMemory:
    return replace(personalised)


def authorities(kind: KeyKind = KeyKind.TRIPLE_DES, key: bytes = KEY) -> list[AdministratorKey]:
    return [AdministratorKey(Secret(key), kind, mutual=mutual) for mutual in (True, False)]


# ---------------------------------------------------------------- bytes


def test_verify_change_and_sign_send_opensc_s_commands(memory: GidsMemory) -> None:
    card = Recorded(SimulatedGidsCard(memory))
    session = GidsCard(card)
    assert card.commands[-1] == sent("gids-tool-unblock", "00A4040009A0000003974254")
    session.verify(Secret(PASSCODE))
    key = public_keys.from_certificate(session.certificates().authentication or b"", "x")
    session.sign_as_holder(key, b"d" * 32)
    assert card.commands[-2:] == [
        sent("opensc-pkcs15-crypt-gids-sign", "002241B6"),
        sent("opensc-pkcs15-crypt-gids-sign", "002A9E9A"),
    ]
    scripted = Scripted("9000", "9000", "9000", "9000")
    session = GidsCard(scripted)
    session.verify(Secret(b"975318"))
    session.change(Secret(b"975318"), Secret(b"864209"))
    assert scripted.commands[1] == sent("opensc-pkcs15-tool-gids-verify", "00200080")
    assert scripted.commands[3] == sent("opensc-pkcs15-tool-gids-change", "00240080")


def test_files_are_read_with_opensc_s_commands(memory: GidsMemory) -> None:
    card = Recorded(SimulatedGidsCard(memory))
    session = GidsCard(card)
    session.identity()
    session.counters()
    theirs = [command for command, _ in exchanges("opensc-pkcs15-tool-gids-verify")]
    assert set(card.commands) <= set(theirs)


def test_the_mutual_form_sends_gids_tool_s_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """With gids-tool's random numbers, our commands and our check of the card equal its own."""
    ours = sent("gids-tool-unblock", "00870000147C12")[9:25]
    theirs = answered("gids-tool-unblock", "00870000147C12")[4:]
    response = sent("gids-tool-unblock", "008700002C7C2A")[9:49]
    plain = Cipher(TripleDES(KEY), modes.CBC(bytes(8))).decryptor().update(response)
    numbers = {16: ours, 7: plain[32:39]}
    monkeypatch.setattr("kiosk.card.cryptogram.secrets.token_bytes", numbers.__getitem__)
    authority = AdministratorKey(Secret(KEY))
    card = Scripted(
        *["9000"] * 2,
        f"7C128110{theirs.hex()}9000",
        answered("gids-tool-unblock", "008700002C7C2A").hex() + "9000",
        "9000",
    )
    GidsCard(card).unblock(authority, Secret(b"975318"))
    theirs_sent = [command for command, _ in exchanges("gids-tool-unblock")]
    assert card.commands[1:] == theirs_sent[-5:-1]


# ---------------------------------------------------------------- reading


def test_a_report_is_complete_and_spends_no_try(memory: GidsMemory) -> None:
    report = inspect(SimulatedGidsCard(memory))
    cardid = memory.files[0xA012].objects[b"\xdf\x20"]
    assert (report.identity.family, report.identity.serial) == (Family.GIDS, cardid.hex().upper())
    assert report.counters == Counters(3, None)
    assert report.abilities == {Ability.LOG_IN}
    assert not report.unlock_only
    assert memory.passcode_left == 3


def test_a_card_without_container_can_only_be_unlocked(issuer: SimulatedIssuer) -> None:
    report = inspect(SimulatedGidsCard(issuer.issue_gids("A Nurse", container=False)))
    assert report.unlock_only
    assert report.certificates.authentication is None


@pytest.mark.parametrize(
    "behaviour",
    [
        GidsBehaviour(old_counter_tag=True),
        GidsBehaviour(names_itself=False),
        GidsBehaviour(blocked_at_last=True),
    ],
)
def test_cards_have_their_own_identities_and_counters(
    memory: GidsMemory, behaviour: GidsBehaviour
) -> None:
    memory.passcode_left = 2
    assert inspect(SimulatedGidsCard(memory, behaviour)).counters == Counters(2)


def test_a_card_may_hide_its_counter(memory: GidsMemory) -> None:
    card = SimulatedGidsCard(memory, GidsBehaviour(status_object=False))
    assert inspect(card).counters == Counters(memory.passcode_left)  # VERIFY then reports it


def test_a_card_that_needs_its_full_name_is_not_selected(memory: GidsMemory) -> None:
    with pytest.raises(CardUnknown):
        GidsCard(SimulatedGidsCard(memory, GidsBehaviour(partial_select=False)))


def test_a_card_that_was_not_personalised_has_no_identity() -> None:
    with pytest.raises(CardMalformed, match="master file: missing"):
        inspect(SimulatedGidsCard(GidsMemory()))


@pytest.mark.parametrize("content", [b"", b"\2", b"\1" + bytes(27), b"\1" + bytes(29)])
def test_a_malformed_master_file_is_named(content: bytes) -> None:
    with pytest.raises(CardMalformed, match="master file"):
        gids_files.MasterFile.parse(content)


@pytest.mark.parametrize("content", [b"\0\0", b"\1\0\5\0", b"\1\0\5\0" + b"zip", b"\1\0"])
def test_a_malformed_certificate_is_named(content: bytes) -> None:
    with pytest.raises(CardMalformed, match="kxc00"):
        gids_files.certificate(content, "kxc00")


# ---------------------------------------------------------------- tries


@pytest.mark.parametrize("passcode", [b"", b"123", b"1" * 17, b"12345x"])
def test_a_passcode_of_the_wrong_form_never_reaches_the_card(
    memory: GidsMemory, passcode: bytes
) -> None:
    connection = Recorded(SimulatedGidsCard(memory))
    card, before = GidsCard(connection), len(connection.commands)
    with pytest.raises(SecretRefused):
        card.verify(Secret(passcode))
    with pytest.raises(SecretRefused):
        card.change(Secret(PASSCODE), Secret(passcode))
    with pytest.raises(SecretRefused):
        card.unblock(Secret(KEY), Secret(passcode))
    assert len(connection.commands) == before


def test_an_old_passcode_that_is_a_digit_short_sets_no_other_new_one(memory: GidsMemory) -> None:
    """Old 24680, new 2135790: in one command the card would set 135790 as the new passcode."""
    with pytest.raises(WrongSecret):
        GidsCard(SimulatedGidsCard(memory)).change(Secret(b"24680"), Secret(b"2135790"))
    assert memory.passcode == PASSCODE


def test_change_and_verify(memory: GidsMemory) -> None:
    card = GidsCard(SimulatedGidsCard(memory))
    card.change(Secret(PASSCODE), Secret(NEW))
    card.verify(Secret(NEW))
    for left in (2, 1, 0):
        with pytest.raises(WrongSecret) as caught:
            card.verify(Secret(PASSCODE))
        assert (caught.value.which, caught.value.tries_left) == ("passcode", left)
    with pytest.raises(WrongSecret):
        card.verify(Secret(NEW))


# ---------------------------------------------------------------- the administrator key


@pytest.mark.parametrize("kind", KeyKind)
def test_both_forms_unblock(memory: GidsMemory, kind: KeyKind) -> None:
    memory.administrator_kind = kind
    for authority in authorities(kind):
        memory.passcode_left, memory.passcode = 0, b"000000"
        card = GidsCard(SimulatedGidsCard(memory))
        card.unblock(authority, Secret(NEW))
        assert (memory.passcode, memory.passcode_left) == (NEW, 3)
        card.verify(Secret(NEW))


def test_a_wrong_key_is_refused_and_changes_nothing(memory: GidsMemory) -> None:
    memory.passcode_left = 0
    for authority in authorities(key=WRONG_KEY):
        with pytest.raises(WrongSecret) as caught:
            GidsCard(SimulatedGidsCard(memory)).unblock(authority, Secret(NEW))
        assert (caught.value.which, caught.value.status) == ("unblocking key", 0x6982)
    assert (memory.passcode, memory.passcode_left) == (PASSCODE, 0)


def test_a_counting_card_reports_the_tries_of_its_key(memory: GidsMemory) -> None:
    card = GidsCard(SimulatedGidsCard(memory, GidsBehaviour(administrator_tries=2)))
    for left in (1, 0):
        with pytest.raises(WrongSecret) as caught:
            card.unblock(Secret(WRONG_KEY), Secret(NEW))
        assert caught.value.tries_left == left


def test_a_card_that_does_not_know_the_key_is_sent_no_passcode(memory: GidsMemory) -> None:
    """It accepts any response: the mutual form discovers that before the passcode is sent."""

    class Credulous(SimulatedGidsCard):
        def exchange(self, command: bytes) -> bytes:
            if command[1] == 0x87 and command[7] == 0x82:
                return bytes.fromhex("7C2A8228") + bytes(40) + b"\x90\0"
            return super().exchange(command)

    card = Recorded(Credulous(memory))
    with pytest.raises(WrongCard):
        GidsCard(card).unblock(AdministratorKey(Secret(KEY)), Secret(NEW))
    assert 0x2C not in {command[1] for command in card.commands}


def test_a_response_is_accepted_once(memory: GidsMemory) -> None:
    card = Recorded(SimulatedGidsCard(memory))
    GidsCard(card).unblock(AdministratorKey(Secret(KEY), mutual=False), Secret(NEW))
    response = next(c for c in card.commands if c[1] == 0x87 and c[7] == 0x82)
    chosen = next(c for c in card.commands if c[1] == 0x22)
    card.exchange(chosen)
    assert card.exchange(response) == b"\x69\x85"


def test_an_unsupported_form_is_an_error(memory: GidsMemory) -> None:
    behaviours = (GidsBehaviour(mutual_form=False), GidsBehaviour(external_form=False))
    for authority, behaviour in zip(authorities(), behaviours, strict=True):
        with pytest.raises(CardRefused):
            GidsCard(SimulatedGidsCard(memory, behaviour)).unblock(authority, Secret(NEW))


def test_a_key_of_the_wrong_length_is_not_used(memory: GidsMemory) -> None:
    with pytest.raises(SecretRefused):
        GidsCard(SimulatedGidsCard(memory)).unblock(Secret(KEY[:23]), Secret(NEW))


def test_unsupported_operations_fail_without_a_command(memory: GidsMemory) -> None:
    connection = Recorded(SimulatedGidsCard(memory))
    card, before = GidsCard(connection), len(connection.commands)
    key = public_keys.from_certificate(card.certificates().authentication or b"", "x")
    before = len(connection.commands)
    with pytest.raises(CardIncapable):
        card.change_key(Secret(KEY), Secret(KEY))
    with pytest.raises(CardIncapable):
        card.sign_as_card(key, bytes(32))
    assert len(connection.commands) == before


# ---------------------------------------------------------------- the unlock


def test_an_unlock_by_authority_needs_eight_commands(memory: GidsMemory) -> None:
    memory.passcode_left = 0
    identity = inspect(SimulatedGidsCard(memory)).identity
    nowhere = Candidate(0, Secret(b""))
    plan = UnlockPlan(
        identity=identity,
        current=nowhere,
        next=nowhere,
        first=0,
        second_allowed=False,
        second_needs_tries_left=2,
        renew=False,
        passcode=Secret(NEW),
        proof=bytes(32),
        card_key=None,
        holder_key=None,
        attestations={},
    )
    card = Recorded(SimulatedGidsCard(memory))
    steps: list[tuple[str, int | None]] = []
    result = unlock(
        card,
        plan,
        lambda step: steps.append((step.command, step.status)),
        AdministratorKey(Secret(KEY)),
    )
    assert result == Unlocked(0)
    assert steps == [
        ("authenticate", None),
        ("authenticate", 0x9000),
        ("unblock", None),
        ("unblock", 0x9000),
        ("verify", 0x9000),
    ]
    assert (memory.passcode, memory.passcode_left) == (NEW, 3)
    assert len([command for command in card.commands if command[1] != 0xC0]) == 8


def test_signatures_verify(memory: GidsMemory) -> None:
    card = GidsCard(SimulatedGidsCard(memory))
    key = public_keys.from_certificate(card.certificates().authentication or b"", "kxc00")
    with pytest.raises(CardRefused):
        card.sign_as_holder(key, b"d" * 32)
    card.verify(Secret(PASSCODE))
    assert public_keys.verifies(key, card.sign_as_holder(key, b"d" * 32), b"d" * 32)
