"""What the cardholder does with a card that is not locked: prove herself, and change her passcode.

Each is one transaction. The card's identity and its counter are read in it before the passcode is
sent, so that no try is spent on another card, nor on one that is locked.
"""

from __future__ import annotations

from kiosk.card import keys
from kiosk.card.apdu import Connection
from kiosk.card.proving import expect
from kiosk.card.recognition import recognise
from kiosk.card.session import CardSession
from kiosk.errors import WrongCard, WrongSecret
from kiosk.values import CardIdentity, Secret

_BLOCKED = 0x6983


def sign(
    connection: Connection,
    identity: CardIdentity,
    certificate: bytes,
    passcode: Secret,
    digest: bytes,
) -> bytes:
    """The signature over `digest` of the authentication key that `certificate` (DER) names.

    Raises WrongSecret("passcode") with the tries that are left, WrongCard where another card lies
    there or the signature is not that key's.
    """
    key = keys.from_certificate(certificate, "authentication certificate")
    card = _ready(connection, identity)
    card.verify(passcode)
    signature = card.sign_as_holder(key, digest)
    if not keys.verifies(key, signature, digest):
        raise WrongCard(identity.serial, "not genuine")
    return signature


def change(connection: Connection, identity: CardIdentity, old: Secret, new: Secret) -> None:
    """Change the passcode, and verify the new one.

    Raises WrongSecret("passcode") with the tries that are left where `old` is wrong: the passcode
    is then what it was.
    """
    card = _ready(connection, identity)
    card.change(old, new)
    card.verify(new)


def _ready(connection: Connection, identity: CardIdentity) -> CardSession:
    card = recognise(connection, identity.family)
    counters = card.counters()
    expect(card, identity)
    if counters.locked:
        raise WrongSecret("passcode", 0, _BLOCKED)
    return card
