# SPDX-License-Identifier: Apache-2.0
"""The cardholder's operations on a card that is not locked: log in, and change the passcode.

Each operation is one transaction. Before it sends the passcode, it reads the card's identity and
counter, and lets the card sign with its own key if it has one. So no try is spent on another card
or on a locked one, and no passcode is sent to a copy. A card without such a key cannot be told from
a copy. Only central decides whether to trust the certificate itself, when the cardholder logs in.
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
    """The digest that a card signs before it gets the passcode, and its key's certificate (DER).

    `certificate` is None if the card has no key that signs without a passcode.
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
    """Return a signature over `digest` by the authentication key that `certificate` (DER) names.

    Raises WrongSecret("passcode") with the tries that are left, WrongCard if another card is in the
    reader or the card is not genuine.
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

    Raises WrongSecret("passcode") with the tries that are left if `old` is wrong; the passcode is
    then unchanged.
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
