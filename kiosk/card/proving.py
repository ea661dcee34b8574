# SPDX-License-Identifier: Apache-2.0
"""Proving that a card is the one it says it is, by a signature over a digest made for this once."""

from __future__ import annotations

from kiosk.card import public_keys
from kiosk.card.apdu import Connection
from kiosk.card.recognition import recognise
from kiosk.card.session import CardSession
from kiosk.errors import CardRefused, WrongCard
from kiosk.values import CardIdentity


def prove(
    connection: Connection, identity: CardIdentity, certificate: bytes, digest: bytes
) -> bytes:
    """Have the card `identity` sign `digest` with the key that its `certificate` names.

    Raises WrongCard where another card lies there, or the signature is not that key's.
    """
    card = recognise(connection)
    expect(card, identity)
    key = public_keys.from_certificate(certificate, "card authentication certificate")
    return signed_by(card, identity, key, digest)


def expect(card: CardSession, identity: CardIdentity) -> None:
    """Read the card's identity anew; raises WrongCard where it is another one."""
    found = card.identity(identity)
    if found != identity:
        raise WrongCard(identity.serial, found.serial)


def signed_by(
    card: CardSession, identity: CardIdentity, key: public_keys.PublicKey, digest: bytes
) -> bytes:
    """The card authentication key's signature over `digest`; raises WrongCard if it is not `key`'s.

    A forged card whose key is of another kind refuses the algorithm: that is an answer too.
    """
    try:
        signature = card.sign_as_card(key, digest)
    except CardRefused:
        raise WrongCard(identity.serial, "not genuine") from None
    if not public_keys.verifies(key, signature, digest):
        raise WrongCard(identity.serial, "not genuine")
    return signature
