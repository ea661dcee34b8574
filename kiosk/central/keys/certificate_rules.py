# SPDX-License-Identifier: Apache-2.0
"""Rules for the contents of certificates and revocation lists, so that nothing goes unread. Pure.

RFC 5280 tells a verifier to refuse what it does not process. These rules refuse it by name: weak
keys and hashes, unknown critical extensions, name constraints, a key usage for something else, and
lists that cover only a part of what their issuer revoked. `cryptography`'s own path verifier is not
used: it knows the profile of web servers, whose certificates need names that cards do not have.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, ObjectIdentifier

Kind = TypeVar("Kind", bound=x509.ExtensionType)

SMALLEST_RSA = 2048
"""Bits, by NIST SP 800-57 part 1, table 2: 112 bits of security."""

_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_READ = {
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.CERTIFICATE_POLICIES,  # without a required policy, any will do
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,  # a card is known by its key, not by a name
}
_READ_IN_LISTS = {ExtensionOID.CRL_NUMBER, ExtensionOID.AUTHORITY_KEY_IDENTIFIER}
_READ_IN_ENTRIES = {x509.CRLReason.oid, x509.InvalidityDate.oid}
_CARD_AUTHENTICATION = ObjectIdentifier("2.16.840.1.101.3.6.8")  # id-PIV-cardAuth, FIPS 201
_ANY = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE


class NotAllowed(ValueError):
    """The text says which rule was broken."""


class Use(Enum):
    """A use of a card's key, with the extended key usages that allow it."""

    HOLDER = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SMARTCARD_LOGON, _ANY)
    CARD = (_CARD_AUTHENTICATION, ExtendedKeyUsageOID.CLIENT_AUTH, _ANY)


def refuse_unread(certificate: x509.Certificate) -> None:
    """Raise NotAllowed for weak keys and hashes, and for extensions that nobody here reads."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < SMALLEST_RSA:
            raise NotAllowed(f"an RSA key of {key.key_size} bits")
    elif not (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES)):
        raise NotAllowed("a kind of key that is not accepted")
    _refuse_weak_hash(certificate.signature_hash_algorithm)
    for each in certificate.extensions:
        if each.oid == ExtensionOID.NAME_CONSTRAINTS:
            raise NotAllowed("name constraints, which are not evaluated here")
    _refuse_critical(certificate.extensions, _READ)


def refuse_other_use(certificate: x509.Certificate, use: Use) -> None:
    """Raise NotAllowed unless a card may use the certificate's key for signing in `use`."""
    constraints = _found(certificate, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        raise NotAllowed("an authority's certificate, not a card's")
    usage = _found(certificate, x509.KeyUsage)
    if usage is not None and not usage.digital_signature:
        raise NotAllowed("a key that may not sign")
    extended = _found(certificate, x509.ExtendedKeyUsage)
    if extended is not None and not set(use.value) & set(extended):
        raise NotAllowed("a key for another purpose")


def is_authority(certificate: x509.Certificate) -> bool:
    """Return whether the certificate may issue others; key usage may be left out."""
    constraints = _found(certificate, x509.BasicConstraints)
    usage = _found(certificate, x509.KeyUsage)
    return constraints is not None and constraints.ca and (usage is None or usage.key_cert_sign)


def may_sign_lists(certificate: x509.Certificate) -> bool:
    """Return whether an authority may sign revocation lists."""
    usage = _found(certificate, x509.KeyUsage)
    return usage is None or usage.crl_sign


def refuse_partial(revoked: x509.CertificateRevocationList) -> None:
    """Raise NotAllowed unless the list says all that its issuer revoked."""
    _refuse_weak_hash(revoked.signature_hash_algorithm)
    for each in revoked.extensions:
        if each.oid == ExtensionOID.DELTA_CRL_INDICATOR:
            raise NotAllowed("a delta list: import the full one")
        if each.oid == ExtensionOID.ISSUING_DISTRIBUTION_POINT:
            raise NotAllowed("a list for a part of the certificates: import the full one")
    _refuse_critical(revoked.extensions, _READ_IN_LISTS)
    for entry in revoked:
        _refuse_critical(entry.extensions, _READ_IN_ENTRIES)


def number(revoked: x509.CertificateRevocationList) -> int:
    """Return the list's number (RFC 5280, 5.2.3), 0 if it has none."""
    try:
        found = revoked.extensions.get_extension_for_class(x509.CRLNumber)
    except x509.ExtensionNotFound:
        return 0
    return found.value.crl_number


def _refuse_weak_hash(algorithm: hashes.HashAlgorithm | None) -> None:
    if not isinstance(algorithm, _HASHES):
        name = "none" if algorithm is None else algorithm.name
        raise NotAllowed(f"signed with a hash that is not accepted: {name}")


def _refuse_critical(
    extensions: Iterable[x509.Extension[x509.ExtensionType]], read: set[ObjectIdentifier]
) -> None:
    for each in extensions:
        if each.critical and each.oid not in read:
            raise NotAllowed(
                f"a critical extension that is not known here: {each.oid.dotted_string}"
            )


def _found(certificate: x509.Certificate, kind: type[Kind]) -> Kind | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
