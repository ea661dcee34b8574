# SPDX-License-Identifier: Apache-2.0
"""Seals data to a public key and a context; only the key's owner opens it, in that context alone.

It uses libsodium's key exchange (X25519, BLAKE2b over both public halves) with a key pair for one
use, then XChaCha20-Poly1305 with the context as associated data.
"""

from __future__ import annotations

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    crypto_kx_client_session_keys,
    crypto_kx_keypair,
    crypto_kx_server_session_keys,
    crypto_scalarmult_base,
)
from nacl.exceptions import CryptoError
from nacl.utils import random as random_bytes

from kiosk.errors import VaultClosed
from kiosk.values import Secret

_KEY_BYTES = 32
_NONCE_BYTES = 24


def new_key() -> Secret:
    """Return a new private key of X25519."""
    return Secret(random_bytes(_KEY_BYTES))


def public_half(private: Secret) -> bytes:
    """Return the public half of `private`, to which others seal."""
    return crypto_scalarmult_base(private.reveal())


def seal(plain: bytes, recipient: bytes, context: bytes) -> bytes:
    """Return `plain` sealed to the public key `recipient` and bound to `context`."""
    public, private = crypto_kx_keypair()
    _, key = crypto_kx_client_session_keys(public, private, recipient)
    nonce = random_bytes(_NONCE_BYTES)
    return public + nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(plain, context, nonce, key)


def unseal(sealed: bytes, private: Secret, context: bytes) -> bytes:
    """Return data that was sealed to `private`; raises VaultClosed if key or context differ."""
    public, nonce, box = (
        sealed[:_KEY_BYTES],
        sealed[_KEY_BYTES : _KEY_BYTES + _NONCE_BYTES],
        sealed[_KEY_BYTES + _NONCE_BYTES :],
    )
    try:
        key, _ = crypto_kx_server_session_keys(public_half(private), private.reveal(), public)
        return crypto_aead_xchacha20poly1305_ietf_decrypt(box, context, nonce, key)
    except (CryptoError, ValueError, TypeError):
        raise VaultClosed from None
