# SPDX-License-Identifier: Apache-2.0
"""Cardholder operations with a passcode: an interruption at any command loses nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.x509 import load_der_x509_certificate

from kiosk.card import passcode_work
from kiosk.card.recognition import inspect
from kiosk.card.session import CardIncapable
from kiosk.demo.issued_cards import Chip, IssuedCard, issue
from kiosk.errors import CardRemoved, SecretRefused, WrongCard, WrongSecret
from kiosk.simulated.piv_card import SimulatedPivCard
from kiosk.simulated.virtual_card import SimulatedCard
from kiosk.values import CardIdentity, Family, Secret
from tests.card.connections import Recorded

OLD, NEW = "246802", "7391520"
DIGEST = bytes(range(32))
SPENDING = {0x20, 0x24, 0x2C}


@pytest.fixture(params=Family)
def card(request: pytest.FixtureRequest) -> IssuedCard:
    made = issue(request.param, "Nora Nurse", OLD)
    made.chip.memory.passcode_left = 3
    return made


@pytest.fixture(params=[Family.PIV, Family.GIDS])
def signing(request: pytest.FixtureRequest) -> IssuedCard:
    made = issue(request.param, "Nora Nurse", OLD)
    made.chip.memory.passcode_left = 3
    return made


def expected(card: IssuedCard) -> tuple[CardIdentity, passcode_work.Own]:
    own = None
    if isinstance(card.chip, SimulatedPivCard):
        own = card.chip.memory.certificates[0x9E]
    return CardIdentity(card.family, card.serial), passcode_work.Own(own, b"p" * 32)


def change(card: IssuedCard, connection: object, old: str = OLD, new: str = NEW) -> None:
    passcode_work.change(connection, expected(card), Secret(old.encode()), Secret(new.encode()))  # type: ignore[arg-type]


def certificate(card: IssuedCard) -> bytes:
    found = inspect(Recorded(card.chip)).certificates.authentication
    card.chip.reset()
    assert found is not None
    return found


def another(chip: Chip) -> Chip:
    """Return the same card again: it shares keys with the first, and has a memory of its own."""
    return replace(chip, memory=replace(chip.memory))  # type: ignore[arg-type]


class PulledAt:
    """The connection of a card that is removed at its n-th command, before or after it acted."""

    def __init__(self, card: SimulatedCard, number: int, *, acted: bool) -> None:
        self._card, self._left, self._acted = card, number, acted

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def exchange(self, command: bytes) -> bytes:
        self._left -= 1
        if self._left > 0:
            return self._card.exchange(command)
        if self._left == 0 and self._acted:
            self._card.exchange(command)
        raise CardRemoved(f"{command[1]:02X}")


def test_a_passcode_is_changed(card: IssuedCard) -> None:
    change(card, Recorded(card.chip))
    assert card.has_passcode(NEW)
    assert card.passcode_left == 3


def test_a_removal_at_any_command_leaves_the_old_or_the_new_passcode(card: IssuedCard) -> None:
    whole = Recorded(another(card.chip))
    change(card, whole)
    seen = set()
    for number in range(1, len(whole.commands) + 1):
        for acted in (False, True):
            chip = another(card.chip)
            with pytest.raises(CardRemoved):
                change(card, PulledAt(chip, number, acted=acted))
            chip.reset()
            left = IssuedCard(card.family, card.serial, chip)
            assert left.has_passcode(OLD) != left.has_passcode(NEW)
            assert left.passcode_left == 3
            seen.add(left.has_passcode(NEW))
    assert seen == {False, True}


def test_a_wrong_passcode_costs_one_try_and_reports_the_tries_left(card: IssuedCard) -> None:
    with pytest.raises(WrongSecret) as wrong:
        change(card, Recorded(card.chip), old="111111")
    assert (wrong.value.which, wrong.value.tries_left) == ("passcode", 2)
    assert card.passcode_left == 2
    assert card.has_passcode(OLD)


def test_a_locked_card_is_sent_no_secret(card: IssuedCard) -> None:
    card.lock()
    connection = Recorded(card.chip)
    with pytest.raises(WrongSecret) as wrong:
        change(card, connection)
    assert wrong.value.tries_left == 0
    sent = [command for command in connection.commands if command[1] in SPENDING]
    assert all(len(command) <= 5 for command in sent)  # the query of the counter carries no data


def test_another_card_is_sent_no_secret(card: IssuedCard) -> None:
    other = issue(card.family, "Somebody Else", OLD)
    other.chip.memory.passcode_left = 3
    connection = Recorded(other.chip)
    with pytest.raises(WrongCard):
        change(card, connection)
    assert all(len(c) <= 5 for c in connection.commands if c[1] in SPENDING)


def test_a_copy_of_the_card_is_sent_no_secret() -> None:
    """It has copied everything readable from the genuine card, and lacks its keys."""
    genuine, forged = (issue(Family.PIV, "Nora Nurse", OLD) for _ in range(2))
    assert isinstance(forged.chip, SimulatedPivCard)
    assert isinstance(genuine.chip, SimulatedPivCard)
    forged.chip.memory.passcode_left = 3
    forged.chip.memory.guid = genuine.chip.memory.guid
    forged.chip.memory.certificates = genuine.chip.memory.certificates
    der = genuine.chip.memory.certificates[0x9A]
    connection = Recorded(forged.chip)
    with pytest.raises(WrongCard):
        change(genuine, connection)
    with pytest.raises(WrongCard):
        passcode_work.sign(connection, expected(genuine), der, Secret(OLD.encode()), DIGEST)
    assert all(len(c) <= 5 for c in connection.commands if c[1] in SPENDING)


@pytest.mark.parametrize("new", ["12345", "123456789", "12345a", "", "12 456"])
def test_a_new_passcode_of_a_wrong_form_is_not_sent(card: IssuedCard, new: str) -> None:
    connection = Recorded(card.chip)
    with pytest.raises(SecretRefused):
        change(card, connection, new=new)
    assert all(len(c) <= 5 for c in connection.commands if c[1] in SPENDING)
    assert card.passcode_left == 3


def test_the_card_signs_after_the_passcode(signing: IssuedCard) -> None:
    der = certificate(signing)
    connection = Recorded(signing.chip)
    signature = passcode_work.sign(connection, expected(signing), der, Secret(OLD.encode()), DIGEST)
    key = load_der_x509_certificate(der).public_key()
    sha256 = Prehashed(hashes.SHA256())
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, DIGEST, padding.PKCS1v15(), sha256)
    else:
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(signature, DIGEST, ec.ECDSA(sha256))


def test_the_card_does_not_sign_with_a_wrong_passcode(signing: IssuedCard) -> None:
    der = certificate(signing)
    with pytest.raises(WrongSecret):
        passcode_work.sign(
            Recorded(signing.chip), expected(signing), der, Secret(b"111111"), DIGEST
        )
    assert signing.passcode_left == 2


def test_another_cards_certificate_is_detected(signing: IssuedCard) -> None:
    other = certificate(issue(signing.family, "Somebody Else", OLD))
    with pytest.raises(WrongCard):
        passcode_work.sign(
            Recorded(signing.chip), expected(signing), other, Secret(OLD.encode()), DIGEST
        )


def test_a_card_without_a_signing_key_is_an_error() -> None:
    card = issue(Family.ISO7816, "Nora Nurse", OLD)
    card.chip.memory.passcode_left = 3
    other = certificate(issue(Family.PIV, "Somebody Else", OLD))
    with pytest.raises(CardIncapable):
        passcode_work.sign(Recorded(card.chip), expected(card), other, Secret(OLD.encode()), DIGEST)
