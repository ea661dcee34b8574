# SPDX-License-Identifier: Apache-2.0
"""Proves that a card is the one it claims to be, by its signature over a digest for one use."""

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
    """Return the card `identity`'s signature over `digest`, by the key that `certificate` names.

    Raises WrongCard if another card is in the reader, or the signature is not that key's.
    """
    card = recognise(connection)
    expect(card, identity)
    key = public_keys.from_certificate(certificate, "card authentication certificate")
    return signed_by(card, identity, key, digest)


def expect(card: CardSession, identity: CardIdentity) -> None:
    """Read the card's identity again; raises WrongCard if it is another card."""
    found = card.identity(identity)
    if found != identity:
        raise WrongCard(identity.serial, found.serial)


def signed_by(
    card: CardSession, identity: CardIdentity, key: public_keys.PublicKey, digest: bytes
) -> bytes:
    """Return the card authentication key's signature over `digest`.

    Raises WrongCard if the signature is not `key`'s. A forged card with another kind of key refuses
    the algorithm: that counts as not genuine too.
    """
    try:
        signature = card.sign_as_card(key, digest)
    except CardRefused:
        raise WrongCard(identity.serial, "not genuine") from None
    if not public_keys.verifies(key, signature, digest):
        raise WrongCard(identity.serial, "not genuine")
    return signature
