# SPDX-License-Identifier: Apache-2.0
"""The master key: it wraps everything secret at rest, and unblocking keys derive from it.

The key comes from a file (here) or a PKCS #11 token (`pkcs11_key`); the two derive differently.
"""

from __future__ import annotations

import os
import stat
from abc import ABC, abstractmethod
from base64 import b64decode, b64encode
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError
from nacl.utils import random as random_bytes

from kiosk.errors import SettingsError
from kiosk.values import Secret

_PLACE = "KIOSK_CENTRAL_MASTER_KEY_FILE"
_KEY_BYTES = 32
_NONCE_BYTES = 24


class MasterKey(ABC):
    """Wraps, unwraps and derives, without giving out the key.

    All methods may be called from any thread, and raise MasterKeyAway while a token is unavailable.
    `place` is the setting that the key came from.
    """

    place: str

    @abstractmethod
    def derive(self, purpose: bytes, salt: bytes, length: int) -> bytes:
        """Return `length` bytes, which only this key, `salt` and `purpose` produce again."""

    def wrap(self, plain: bytes, context: bytes) -> bytes:
        """Return `plain` sealed for storage; it can be unwrapped in the same `context` only.

        The result is a random nonce of 24 bytes, then XChaCha20-Poly1305 under a key that derives
        from the nonce. An attacker who gets hold of that key has only this item, which is in the
        clear beside it.
        """
        nonce = random_bytes(_NONCE_BYTES)
        sealed = crypto_aead_xchacha20poly1305_ietf_encrypt(
            plain, context, nonce, self._item_key(nonce)
        )
        return nonce + sealed

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Return what was wrapped.

        Raises SettingsError if it was wrapped with another key or in another context.
        """
        nonce, sealed = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
        key = self._item_key(nonce)
        try:
            return crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, context, nonce, key)
        except (CryptoError, ValueError):
            raise SettingsError(self.place, "this key does not open what is stored") from None

    def _item_key(self, nonce: bytes) -> bytes:
        return self.derive(b"wrap at rest", nonce, _KEY_BYTES)


class FileKey(MasterKey):
    """A master key in memory, which derives with HKDF-SHA256 (RFC 5869)."""

    place = _PLACE

    def __init__(self, key: Secret) -> None:
        self._key = key

    def derive(self, purpose: bytes, salt: bytes, length: int) -> bytes:
        """Return HKDF of the key, with `salt` as the salt and `purpose` as the info."""
        kdf = HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=purpose)
        return kdf.derive(self._key.reveal())


def read_private(path: Path, place: str) -> bytes:
    """Return the bytes of a file that nobody else may read. Raises SettingsError."""
    try:
        mode = path.stat().st_mode
        text = path.read_bytes()
    except OSError as error:
        raise SettingsError(place, error.strerror or "cannot be read") from None
    # Its group may read it: systemd passes credentials that way.
    if mode & (stat.S_IWGRP | stat.S_IRWXO):
        raise SettingsError(place, "others can read or change the file: chmod 600")
    return text


def load(path: Path) -> MasterKey:
    """Return the master key from a file that nobody else may read. Raises SettingsError."""
    text = read_private(path, _PLACE)
    try:
        key = b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise SettingsError(_PLACE, "expected 32 bytes in base64")
    return FileKey(Secret(key))


def new() -> bytes:
    """Return a new key, in base64."""
    return b64encode(random_bytes(_KEY_BYTES))


def create(path: Path) -> None:
    """Create a master key file, synced to disk. Raises FileExistsError if there is one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(new() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
