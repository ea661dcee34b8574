# SPDX-License-Identifier: Apache-2.0
"""What a card signs: a hash that the kiosk builds itself, never bytes handed to it.

The digest is SHA-256 over a label and length-prefixed fields, so that a signature made for one
purpose, kiosk, card or session says nothing about any other.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from uuid import UUID

from kiosk.values import CardIdentity

_LABEL = b"smartcard-kiosk proof 1"


class ProofPurpose(StrEnum):
    """What a signature is for."""

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
    """The 32 bytes to sign for `purpose`.

    `session` is the grant's id for CARD_WORK and UNLOCKED, and the session's for the others.
    `nonce` is the kiosk's own for CARD_WORK, `generation_nonce(...)` for UNLOCKED, and otherwise
    central's.
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
    """The nonce of an UNLOCKED proof: the generation that the card carries when it signs."""
    return generation.to_bytes(8, "big")
