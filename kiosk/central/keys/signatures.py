# SPDX-License-Identifier: Apache-2.0
"""Signatures of cards, and the public keys that verify them."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from cryptography.x509 import Certificate, InvalidVersion, load_der_x509_certificate


def certificate(der: bytes) -> Certificate:
    """Return the certificate in `der`. Raises ValueError if it is none."""
    try:
        return load_der_x509_certificate(der)
    except InvalidVersion as error:  # it is not a ValueError
        raise ValueError(str(error)) from None


def public_key(der: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo (DER) of a certificate (DER).

    Raises ValueError if `der` is no certificate.
    """
    try:
        key = certificate(der).public_key()
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def signed(key_info: bytes, digest: bytes, signature: bytes) -> bool:
    """Return whether the key in `key_info` signed the SHA-256 `digest`.

    `key_info` is a SubjectPublicKeyInfo in DER. RSA with PKCS #1 v1.5 padding, or ECDSA. The card
    signs the digest itself.
    """
    sha256 = Prehashed(hashes.SHA256())
    try:
        key = load_der_public_key(key_info)
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, digest, padding.PKCS1v15(), sha256)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, digest, ec.ECDSA(sha256))
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True
