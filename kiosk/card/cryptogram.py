# SPDX-License-Identifier: Apache-2.0
"""Computes an administrator key's responses to a GIDS card's challenges; it sends nothing.

Wire facts (GIDS 2.0, as corrected by OpenSC `card-gids.c` and vletoux/GidsApplet; gids-tool
agrees): the cipher mode is CBC with a zero vector, not ECB; the mutual response is R2, R1, Z1 in
that order; Z1 is one block of random bytes whose last byte is 80. Those two sources have no AES.
For AES we assume the same with blocks of 16 bytes; no card has confirmed this yet.

This is the only module of this room that the central service may import.
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
    """The ciphers of administrator keys."""

    TRIPLE_DES = "3des"
    AES = "aes"

    @property
    def block(self) -> int:
        """The bytes of one block, and of the challenge in the external form."""
        return 8 if self is KeyKind.TRIPLE_DES else 16


def fits(key: Secret, kind: KeyKind) -> bool:
    """Return whether `key` has a length of that cipher: two or three DES keys, or one AES key."""
    return len(key) in _KEY_LENGTHS[kind]


def new_challenge() -> bytes:
    """Return R1, the challenge with which the asking side opens the mutual form."""
    return secrets.token_bytes(CHALLENGE)


def external_response(key: Secret, kind: KeyKind, challenge: bytes) -> bytes:
    """Return the response to the external form's challenge of one block.

    Raises CardMalformed if the challenge has a wrong length, SecretRefused if the key has.
    """
    if len(challenge) != kind.block:
        raise CardMalformed(f"challenge: {len(challenge)} bytes instead of {kind.block}")
    return _crypt(_cipher(key, kind).encryptor(), challenge)


def mutual_response(key: Secret, kind: KeyKind, ours: bytes, theirs: bytes) -> bytes:
    """Return the response, R2, R1, Z1 enciphered, for our challenge R1 and the card's R2."""
    if len(ours) != CHALLENGE or len(theirs) != CHALLENGE:
        raise CardMalformed(f"challenge: not {CHALLENGE} bytes")
    z1 = secrets.token_bytes(kind.block - 1) + bytes((_PADDING,))
    return _crypt(_cipher(key, kind).encryptor(), theirs + ours + z1)


def is_mutual_reply(key: Secret, kind: KeyKind, ours: bytes, theirs: bytes, reply: bytes) -> bool:
    """Return whether `reply` is R1, R2, Z2 enciphered: only a card that has the key can make it."""
    if len(reply) != 2 * CHALLENGE + kind.block:
        return False
    plain = _crypt(_cipher(key, kind).decryptor(), reply)
    return hmac.compare_digest(plain[: 2 * CHALLENGE], ours + theirs) and plain[-1] == _PADDING


class AdministratorKey:
    """Answers challenges with an administrator key at hand; implements `card.session.Authority`.

    Raises WrongCard if a card does not prove in the mutual form that it has the key too.
    """

    def __init__(
        self, key: Secret, kind: KeyKind = KeyKind.TRIPLE_DES, *, mutual: bool = True
    ) -> None:
        self._key, self._kind = key, kind
        self._ours = new_challenge() if mutual else b""
        self._theirs = b""

    def opening(self) -> bytes:
        """Return R1, or nothing for the external form."""
        return self._ours

    def answer(self, challenge: bytes) -> bytes:
        """Return the response to the card's challenge."""
        if not self._ours:
            return external_response(self._key, self._kind, challenge)
        self._theirs = challenge
        return mutual_response(self._key, self._kind, self._ours, challenge)

    def check(self, reply: bytes) -> None:
        """Check the card's reply; raises WrongCard if it is false."""
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
