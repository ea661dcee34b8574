"""Whether a signature was made by the card's own key."""

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
from cryptography.x509 import load_der_x509_certificate


def public_key(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo (DER) of a certificate (DER). ValueError if it is none."""
    key = load_der_x509_certificate(certificate).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def signed(key_info: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether the key of `key_info` (SubjectPublicKeyInfo, DER) signed the SHA-256 `digest`.

    RSA with PKCS #1 v1.5 padding, or ECDSA. The card signs the digest itself.
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
