# SPDX-License-Identifier: Apache-2.0
"""What the cardholder does with a card that is not locked: prove herself, and change her passcode.

Each is one transaction. The card's identity and its counter are read in it, and the card signs with
its own key where it has one, before the passcode is sent: so no try is spent on another card, nor
on one that is locked, and no passcode goes to a copy. A card without such a key cannot be told from
a copy; the certificate itself is believed by central alone, when somebody logs in.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.card import public_keys
from kiosk.card.apdu import Connection
from kiosk.card.proving import expect, signed_by
from kiosk.card.recognition import recognise
from kiosk.card.session import CardSession
from kiosk.errors import WrongCard, WrongSecret
from kiosk.values import CardIdentity, Secret

_BLOCKED = 0x6983


@dataclass(frozen=True, slots=True)
class Own:
    """What a card is to sign before it is told the passcode, and the certificate (DER) of its key.

    `certificate` is None where the card has no key that signs without passcode.
    """

    certificate: bytes | None
    proof: bytes


def sign(
    connection: Connection,
    expected: tuple[CardIdentity, Own],
    certificate: bytes,
    passcode: Secret,
    digest: bytes,
) -> bytes:
    """The signature over `digest` of the authentication key that `certificate` (DER) names.

    Raises WrongSecret("passcode") with the tries that are left, WrongCard where another card lies
    there, or one that is not genuine.
    """
    key = public_keys.from_certificate(certificate, "authentication certificate")
    identity, own = expected
    card = _ready(connection, identity, own)
    card.verify(passcode)
    signature = card.sign_as_holder(key, digest)
    if not public_keys.verifies(key, signature, digest):
        raise WrongCard(identity.serial, "not genuine")
    return signature


def change(
    connection: Connection, expected: tuple[CardIdentity, Own], old: Secret, new: Secret
) -> None:
    """Change the passcode, and verify the new one.

    Raises WrongSecret("passcode") with the tries that are left where `old` is wrong: the passcode
    is then what it was.
    """
    card = _ready(connection, *expected)
    card.change(old, new)
    card.verify(new)


def _ready(connection: Connection, identity: CardIdentity, own: Own) -> CardSession:
    card = recognise(connection, identity.family)
    counters = card.counters()
    expect(card, identity)
    if counters.locked:
        raise WrongSecret("passcode", 0, _BLOCKED)
    if own.certificate is not None:
        key = public_keys.from_certificate(own.certificate, "card authentication certificate")
        signed_by(card, identity, key, own.proof)
    return card
