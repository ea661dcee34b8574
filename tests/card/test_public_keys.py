# SPDX-License-Identifier: Apache-2.0
"""Certificates of an unknown version are refused with this project's own errors.

The parsing library's error for them is not a ValueError.
"""

from __future__ import annotations

import pytest

from kiosk.card import passcode_work, public_keys
from kiosk.card.examination import examine
from kiosk.card.proving import prove
from kiosk.central.keys import signatures
from kiosk.errors import CardMalformed
from kiosk.simulated.issuing import SimulatedIssuer
from kiosk.simulated.piv_card import PivMemory, SimulatedPivCard
from kiosk.values import CardIdentity, Family, Secret
from tests.card.connections import Recorded

_VERSION_3, _VERSION_6 = bytes.fromhex("A003020102"), bytes.fromhex("A003020105")


@pytest.fixture
def memory(issuer: SimulatedIssuer) -> PivMemory:
    """Return a card whose certificates have another version than 3."""
    made = issuer.issue_piv("A Nurse", passcode=b"246802")
    for slot, der in made.certificates.items():
        assert der.count(_VERSION_3) == 1
        made.certificates[slot] = der.replace(_VERSION_3, _VERSION_6)
    return made


def test_no_key_is_read_from_such_a_certificate(memory: PivMemory) -> None:
    for read in (public_keys.from_certificate, public_keys.expires):
        with pytest.raises(CardMalformed, match="9A: certificate cannot be read"):
            read(memory.certificates[0x9A], "9A")


def test_no_card_proves_its_identity_by_such_a_certificate(memory: PivMemory) -> None:
    identity = CardIdentity(Family.PIV, memory.guid.hex().upper())
    with pytest.raises(CardMalformed):
        prove(SimulatedPivCard(memory), identity, memory.certificates[0x9E], bytes(32))


def test_no_passcode_is_sent_to_a_card_with_such_a_certificate(memory: PivMemory) -> None:
    identity = CardIdentity(Family.PIV, memory.guid.hex().upper())
    card = Recorded(SimulatedPivCard(memory))
    expected = (identity, passcode_work.Own(None, bytes(32)))
    with pytest.raises(CardMalformed):
        passcode_work.sign(card, expected, memory.certificates[0x9A], Secret(b"246802"), bytes(32))
    assert not [command for command in card.commands if command[1] == 0x20]


def test_a_technician_is_told(memory: PivMemory) -> None:
    found = {each.what: each.found for each in examine(SimulatedPivCard(memory))}
    assert found["certificate for log in"].startswith("not available: The card broke its own")
    assert found["certificate of the card"].startswith("not available: The card broke its own")


def test_central_takes_it_for_none(memory: PivMemory) -> None:
    with pytest.raises(ValueError, match="version"):
        signatures.public_key(memory.certificates[0x9A])
