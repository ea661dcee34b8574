# SPDX-License-Identifier: Apache-2.0
"""Reads the public keys of cards from their certificates, and checks the cards' signatures.

Every signature here is over a 32-byte SHA-256 digest: ECDSA on P-256 or P-384, or RSA 2048 with
PKCS #1 v1.5 padding.
"""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from kiosk.errors import CardMalformed

# DigestInfo of SHA-256 (RFC 8017, section 9.2, note 1). An RSA key signs it with padding.
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")

# InvalidVersion does not derive from ValueError.
_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


def from_certificate(der: bytes, place: str) -> PublicKey:
    """Return the public key in a DER certificate; raises CardMalformed(`place`)."""
    try:
        key = x509.load_der_x509_certificate(der).public_key()
    except _UNREADABLE as error:
        raise CardMalformed(f"{place}: certificate cannot be read") from error
    return _of_known_kind(key, place)


def expires(der: bytes, place: str) -> datetime:
    """Return the end (UTC) of a DER certificate's validity; raises CardMalformed(`place`)."""
    try:
        return x509.load_der_x509_certificate(der).not_valid_after_utc
    except _UNREADABLE as error:
        raise CardMalformed(f"{place}: certificate cannot be read") from error


def from_spki(der: bytes, place: str) -> PublicKey:
    """Return the public key in a DER SubjectPublicKeyInfo; raises CardMalformed(`place`)."""
    try:
        key = serialization.load_der_public_key(der)
    except _UNREADABLE as error:
        raise CardMalformed(f"{place}: public key cannot be read") from error
    return _of_known_kind(key, place)


def verifies(key: PublicKey, signature: bytes, digest: bytes) -> bool:
    """Return whether `signature` is `key`'s signature over the SHA-256 `digest`."""
    sha256 = Prehashed(hashes.SHA256())
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, digest, padding.PKCS1v15(), sha256)
        else:
            key.verify(signature, digest, ec.ECDSA(sha256))
    except InvalidSignature:
        return False
    return True


def described(key: PublicKey) -> str:
    """Return the kind of key in words for people."""
    return f"RSA {key.key_size}" if isinstance(key, rsa.RSAPublicKey) else key.curve.name


def _of_known_kind(key: object, place: str) -> PublicKey:
    if isinstance(key, rsa.RSAPublicKey) and key.key_size == 2048:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(
        key.curve, ec.SECP256R1 | ec.SECP384R1
    ):
        return key
    raise CardMalformed(f"{place}: neither RSA 2048 nor P-256 nor P-384")
