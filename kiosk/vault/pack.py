# SPDX-License-Identifier: Apache-2.0
"""Sealing to a key of which only its owner has the private half, bound to what it is for.

libsodium's key exchange (X25519, BLAKE2b over both public halves) with a key pair made for this
once; then XChaCha20-Poly1305, with what it is for as associated data.
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
    """A private key of X25519."""
    return Secret(random_bytes(_KEY_BYTES))


def public_half(private: Secret) -> bytes:
    """What others seal to."""
    return crypto_scalarmult_base(private.reveal())


def seal(plain: bytes, recipient: bytes, context: bytes) -> bytes:
    """`plain`, which only the owner of the public key `recipient` opens, in this context alone."""
    public, private = crypto_kx_keypair()
    _, key = crypto_kx_client_session_keys(public, private, recipient)
    nonce = random_bytes(_NONCE_BYTES)
    return public + nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(plain, context, nonce, key)


def unseal(sealed: bytes, private: Secret, context: bytes) -> bytes:
    """What was sealed to `private`. Raises VaultClosed if it was not, or in another context."""
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
