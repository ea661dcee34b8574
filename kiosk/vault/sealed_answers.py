# SPDX-License-Identifier: Apache-2.0
"""Seals a recovery key under answers, so that three of four answers open it again.

A registration has an X25519 recovery key pair. Its private half is sealed in *envelopes*, one for
every set of answers that suffices; nothing else about the answers is kept. Opening an envelope
whose private key belongs to the public one is the verification, so nobody can guess one answer at a
time.
"""

from __future__ import annotations

import hmac
import itertools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    crypto_scalarmult_base,
)
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.utils import random as random_bytes

from kiosk.errors import VaultClosed
from kiosk.values import Secret

ASKED = 4
"""The number of questions of a registration."""
REQUIRED = 3
"""The number of right answers that open it."""
NORMALISER = 1
"""The version of `normalise` that new registrations use."""

# OWASP's cost for Argon2id with one lane (libsodium always has one). Cheaper envelopes stay closed.
OPERATIONS = 2
MEMORY = 19 * 1024 * 1024
# The highest cost that is accepted, so that a forged envelope cannot exhaust the machine.
_MOST_OPERATIONS = 16
_MOST_MEMORY = 256 * 1024 * 1024

_LABEL = b"smartcard-kiosk envelope 1"
_KEY_BYTES = 32
_NONCE_BYTES = 24

# ---------------------------------------------------------------- answers

# Letters whose stroke or ligature Unicode does not decompose. (Casefold makes ß "ss";
# U+0131 is the i without a dot.)
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "\u0131": "i"})

# Marks that people leave out when they type: the accents of Latin, Greek and Cyrillic, and the
# vowel points of Hebrew and Arabic. The marks of other scripts (Devanagari's vowels, kana's
# voicing) are letters to those who write them, and stay.
_LEFT_OUT = (
    (0x0300, 0x036F),
    (0x0591, 0x05C7),
    (0x0610, 0x061A),
    (0x064B, 0x065F),
    (0x0670, 0x0670),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0xFE20, 0xFE2F),
)


def normalise(answer: str, version: int = NORMALISER) -> str:
    """Return `answer` without case, accents, spaces and punctuation.

    An answer with nothing left counts as a blank. Raises ValueError for an unknown version.
    """
    if version != 1:
        raise ValueError("unknown normaliser")
    text = unicodedata.normalize("NFKD", answer).casefold()
    text = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    return "".join(map(_kept, unicodedata.normalize("NFKD", text)))


def _kept(character: str) -> str:
    """Return `character` as it counts in an answer: a letter, an ASCII digit, or nothing."""
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category[0] == "M" and any(low <= ord(character) <= high for low, high in _LEFT_OUT):
        return ""
    return character if category[0] in "LMN" else ""


# ---------------------------------------------------------------- envelopes


@dataclass(frozen=True, slots=True)
class Envelope:
    """The recovery private key, sealed under the answers at the positions `answers` (from 0)."""

    answers: tuple[int, ...]
    salt: bytes
    operations: int
    memory: int
    nonce: bytes
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealedRecovery:
    """Everything that is kept about a registration's answers."""

    public_key: bytes
    normaliser: int
    envelopes: tuple[Envelope, ...]


def context(registration: UUID) -> bytes:
    """Return the associated data of a registration's envelopes."""
    return b"registration " + registration.bytes


def seal_recovery(answers: Sequence[Secret | str], context: bytes) -> SealedRecovery:
    """Return a new recovery key pair, sealed under every three of the four `answers`.

    The envelopes open only with the same `context`, which names the registration. Raises ValueError
    if an answer is blank.
    """
    normalised = [_normalised(answer, NORMALISER) for answer in answers]
    if len(normalised) != ASKED or not all(normalised):
        raise ValueError("a registration needs four answers, none of them blank")
    private_key = random_bytes(_KEY_BYTES)
    public_key = crypto_scalarmult_base(private_key)
    try:
        envelopes = tuple(
            _seal(private_key, public_key, chosen, normalised, context)
            for chosen in itertools.combinations(range(ASKED), REQUIRED)
        )
    finally:
        _wipe(normalised)
    return SealedRecovery(public_key, NORMALISER, envelopes)


def open_recovery(
    recovery: SealedRecovery, answers: Sequence[Secret | str | None], context: bytes
) -> Secret:
    """Return the recovery private key; None and answers that normalise to nothing are blanks.

    It tries every envelope whose answers are all there, even after one has opened. So the time
    taken reveals only the blanks, which the caller knows anyway. Raises VaultClosed if none opens.
    """
    normalised = [_normalised(answer, recovery.normaliser) for answer in answers]
    if len(normalised) != ASKED:
        raise ValueError("one answer for each question")
    opened = None
    try:
        for envelope in recovery.envelopes:
            if _applicable(envelope, normalised):
                opened = _open(recovery, envelope, normalised, context) or opened
    finally:
        _wipe(normalised)
    if opened is None:
        raise VaultClosed
    return opened


def _normalised(answer: Secret | str | None, version: int) -> bytearray:
    if answer is None:
        return bytearray()
    text = answer if isinstance(answer, str) else answer.reveal().decode(errors="replace")
    return bytearray(normalise(text, version).encode(errors="replace"))


def _applicable(envelope: Envelope, normalised: Sequence[bytearray]) -> bool:
    """Return whether all the envelope's answers are there and its cost is within our limits."""
    return (
        len(set(envelope.answers)) >= REQUIRED
        and all(0 <= position < ASKED and normalised[position] for position in envelope.answers)
        and OPERATIONS <= envelope.operations <= _MOST_OPERATIONS
        and MEMORY <= envelope.memory <= _MOST_MEMORY
    )


def _seal(
    private_key: bytes,
    public_key: bytes,
    chosen: tuple[int, ...],
    normalised: Sequence[bytearray],
    context: bytes,
) -> Envelope:
    bare = Envelope(
        answers=chosen,
        salt=random_bytes(argon2id.SALTBYTES),
        operations=OPERATIONS,
        memory=MEMORY,
        nonce=random_bytes(_NONCE_BYTES),
        sealed=b"",
    )
    sealed = crypto_aead_xchacha20poly1305_ietf_encrypt(
        private_key,
        _associated(bare, NORMALISER, public_key, context),
        bare.nonce,
        _key(bare, normalised),
    )
    return Envelope(
        bare.answers, bare.salt, bare.operations, bare.memory, bare.nonce, sealed=sealed
    )


def _open(
    recovery: SealedRecovery, envelope: Envelope, normalised: Sequence[bytearray], context: bytes
) -> Secret | None:
    """Return the private key, or None if these answers do not open this envelope."""
    key = _key(envelope, normalised)
    associated = _associated(envelope, recovery.normaliser, recovery.public_key, context)
    try:
        private_key = crypto_aead_xchacha20poly1305_ietf_decrypt(
            envelope.sealed, associated, envelope.nonce, key
        )
    except (CryptoError, ValueError):
        return None
    if len(private_key) != _KEY_BYTES:
        return None
    matches = hmac.compare_digest(crypto_scalarmult_base(private_key), recovery.public_key)
    return Secret(private_key) if matches else None


def _key(envelope: Envelope, normalised: Sequence[bytearray]) -> bytes:
    """Return Argon2id over the envelope's answers, length-prefixed, in the order of questions."""
    password = bytearray()
    for position in sorted(envelope.answers):
        password += len(normalised[position]).to_bytes(4, "big") + normalised[position]
    try:
        return argon2id.kdf(
            _KEY_BYTES, bytes(password), envelope.salt, envelope.operations, envelope.memory
        )
    finally:
        _wipe([password])


def _associated(envelope: Envelope, normaliser: int, public_key: bytes, context: bytes) -> bytes:
    """Return the sealed key's associated data: all about the envelope, length-prefixed."""
    fields = (
        _LABEL,
        context,
        public_key,
        bytes([normaliser, *envelope.answers]),
        envelope.operations.to_bytes(8, "big"),
        envelope.memory.to_bytes(8, "big"),
        envelope.salt,
    )
    return b"".join(len(part).to_bytes(4, "big") + part for part in fields)


def _wipe(buffers: Sequence[bytearray]) -> None:
    for buffer in buffers:
        buffer[:] = bytes(len(buffer))
