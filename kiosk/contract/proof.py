# SPDX-License-Identifier: Apache-2.0
"""The digests that a card signs; the kiosk builds each one itself and signs no bytes from outside.

The digest is SHA-256 over a label and length-prefixed fields. So a signature for one purpose,
kiosk, card or session proves nothing about any other.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from uuid import UUID

from kiosk.values import CardIdentity

_LABEL = b"smartcard-kiosk proof 1"


class ProofPurpose(StrEnum):
    """The purposes of a card's signature."""

    OPEN_UNLOCK = "open unlock"
    CARD_WORK = "card work"
    UNLOCKED = "unlocked"
    LOG_IN = "log in"
    REGISTER = "register"
    PIN_KEY = "pin card key"
    REMOVE = "remove registration"


def digest(
    purpose: ProofPurpose,
    *,
    central: str,
    kiosk: str,
    card: CardIdentity,
    session: UUID,
    nonce: bytes,
) -> bytes:
    """Return the 32 bytes to sign for `purpose`.

    `session` is the grant's id for CARD_WORK and UNLOCKED, and the session's for the others.
    `nonce` is the kiosk's own for CARD_WORK, `generation_nonce(...)` for UNLOCKED, and central's
    otherwise.
    """
    fields = (
        _LABEL,
        purpose.encode(),
        central.encode(),
        kiosk.encode(),
        card.family.encode(),
        card.serial.encode(),
        session.bytes,
        nonce,
    )
    hashed = hashlib.sha256()
    for field in fields:
        hashed.update(len(field).to_bytes(4, "big") + field)
    return hashed.digest()


def generation_nonce(generation: int) -> bytes:
    """Return the nonce of an UNLOCKED proof: the generation that the card carries when it signs."""
    return generation.to_bytes(8, "big")
