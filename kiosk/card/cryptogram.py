# SPDX-License-Identifier: Apache-2.0
"""The responses of an administrator key to a GIDS card's challenges: pure computation.

Wire facts (GIDS 2.0, as corrected by OpenSC `card-gids.c` and vletoux/GidsApplet, and agreeing with
gids-tool): CBC with a zero vector, not ECB; the mutual response is R2, R1, Z1 in that order; Z1 is
one block, random but for its last byte 80. For AES, which those two have not, the same holds with
blocks of 16 bytes: that is our reading, met by no card yet.

The only module of this room that the central service may import.
"""

from __future__ import annotations

import hmac
import secrets
from enum import StrEnum

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from kiosk.errors import CardMalformed, SecretRefused, WrongCard
from kiosk.values import Secret

CHALLENGE = 16  # bytes of R1 and R2 in the mutual form
_KEY_LENGTHS = {"3des": {16, 24}, "aes": {16, 24, 32}}
_PADDING = 0x80


class KeyKind(StrEnum):
    """The cipher that an administrator key is for."""

    TRIPLE_DES = "3des"
    AES = "aes"

    @property
    def block(self) -> int:
        """Bytes of one block, and of the external form's challenge."""
        return 8 if self is KeyKind.TRIPLE_DES else 16


def fits(key: Secret, kind: KeyKind) -> bool:
    """Whether `key` is one of that cipher: two or three keys of DES, or one of AES."""
    return len(key) in _KEY_LENGTHS[kind]


def new_challenge() -> bytes:
    """R1: what the asking side opens the mutual form with."""
    return secrets.token_bytes(CHALLENGE)


def external_response(key: Secret, kind: KeyKind, challenge: bytes) -> bytes:
    """The response to the external form's challenge of one block.

    Raises CardMalformed where the challenge has another length, SecretRefused where the key has.
    """
    if len(challenge) != kind.block:
        raise CardMalformed(f"challenge: {len(challenge)} bytes instead of {kind.block}")
    return _crypt(_cipher(key, kind).encryptor(), challenge)


def mutual_response(key: Secret, kind: KeyKind, ours: bytes, theirs: bytes) -> bytes:
    """The response R2, R1, Z1 enciphered, for our challenge R1 and the card's R2."""
    if len(ours) != CHALLENGE or len(theirs) != CHALLENGE:
        raise CardMalformed(f"challenge: not {CHALLENGE} bytes")
    z1 = secrets.token_bytes(kind.block - 1) + bytes((_PADDING,))
    return _crypt(_cipher(key, kind).encryptor(), theirs + ours + z1)


def is_mutual_reply(key: Secret, kind: KeyKind, ours: bytes, theirs: bytes, reply: bytes) -> bool:
    """Whether `reply` is R1, R2, Z2 enciphered: only a card that has the key can make it."""
    if len(reply) != 2 * CHALLENGE + kind.block:
        return False
    plain = _crypt(_cipher(key, kind).decryptor(), reply)
    return hmac.compare_digest(plain[: 2 * CHALLENGE], ours + theirs) and plain[-1] == _PADDING


class AdministratorKey:
    """An administrator key at hand; keeps `card.session.Authority`.

    Raises WrongCard where a card that was asked for the mutual form does not prove that it has the
    key too.
    """

    def __init__(
        self, key: Secret, kind: KeyKind = KeyKind.TRIPLE_DES, *, mutual: bool = True
    ) -> None:
        self._key, self._kind = key, kind
        self._ours = new_challenge() if mutual else b""
        self._theirs = b""

    def opening(self) -> bytes:
        """R1, or nothing for the external form."""
        return self._ours

    def answer(self, challenge: bytes) -> bytes:
        """The response to the card's challenge."""
        if not self._ours:
            return external_response(self._key, self._kind, challenge)
        self._theirs = challenge
        return mutual_response(self._key, self._kind, self._ours, challenge)

    def check(self, reply: bytes) -> None:
        """Check what the card replied; raises WrongCard."""
        if self._ours and not is_mutual_reply(
            self._key, self._kind, self._ours, self._theirs, reply
        ):
            raise WrongCard("the card of this administrator key", "not genuine")


def _cipher(key: Secret, kind: KeyKind) -> Cipher[modes.CBC]:
    if not fits(key, kind):
        raise SecretRefused("administrator key")
    content = key.reveal()
    if kind is KeyKind.AES:
        return Cipher(AES(content), modes.CBC(bytes(kind.block)))
    if len(content) == 16:
        content += content[:8]  # two keys: the first is the third as well
    return Cipher(TripleDES(content), modes.CBC(bytes(kind.block)))


def _crypt(context: CipherContext, data: bytes) -> bytes:
    return context.update(data) + context.finalize()
