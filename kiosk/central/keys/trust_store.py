# SPDX-License-Identifier: Apache-2.0
"""The trust store: certificates are trusted by imported anchors and revocation lists alone.

A certificate is trusted if it chains to an anchor, everything on the way is in its validity, a
current full list of each issuer says that it is not revoked, and `certificate_rules` allows all of
it. Without a current list nothing is trusted.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from sqlmodel import Session, col, select

from kiosk.central.keys import certificate_rules, signatures
from kiosk.central.keys.certificate_rules import NotAllowed, Use, is_authority
from kiosk.central.tables import Issuer, RevocationList

_DEEPEST = 4  # issuers above a card's certificate, the anchor included
_CLOCKS_DIFFER = timedelta(minutes=5)
_ERRORS = (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm)


class Untrusted(Exception):
    """The certificate is not trusted; the text says why, for the log and the RA."""


def add_issuer(database: Session, der: bytes, now: datetime, *, anchor: bool) -> None:
    """Trust the certificates that this authority issued.

    Raises ValueError if it is not the certificate of an authority.
    """
    certificate = signatures.certificate(der)
    if not is_authority(certificate):
        raise ValueError("not the certificate of an authority")
    certificate_rules.refuse_unread(certificate)
    known = database.exec(select(Issuer).where(Issuer.der == der)).first()
    if known is None:
        name = certificate.subject.public_bytes()
        database.add(Issuer(name=name, der=der, anchor=anchor, imported_at=now))
    else:
        known.anchor = known.anchor or anchor


def add_list(database: Session, der: bytes, now: datetime) -> None:
    """Replace the issuer's revocation list by a newer one.

    Raises ValueError if `der` is no list, if it covers only a part of what its issuer revoked, if
    no imported issuer signed it, or if it is older than the present one or not yet valid.
    """
    try:
        revoked = x509.load_der_x509_crl(der)
    except x509.InvalidVersion as error:
        raise ValueError(str(error)) from None
    certificate_rules.refuse_partial(revoked)
    issuers = _issuers(database, revoked.issuer)
    if not any(_signed_by(revoked, issuer) for issuer, _ in issuers):
        raise ValueError("no imported authority signed this list")
    if revoked.last_update_utc > now + _CLOCKS_DIFFER:
        raise ValueError("the list is not yet valid")
    if revoked.next_update_utc is None:
        raise ValueError("the list does not say until when it is valid")
    name = revoked.issuer.public_bytes()
    known = database.exec(select(RevocationList).where(RevocationList.issuer == name)).first()
    if known is None:
        known = RevocationList(issuer=name, der=der, imported_at=now, next_update=now)
        database.add(known)
    elif _is_newer(x509.load_der_x509_crl(known.der), revoked):
        raise ValueError("a newer list of this authority is there already")
    known.der, known.imported_at, known.next_update = der, now, revoked.next_update_utc


def check(database: Session, der: bytes, now: datetime, use: Use) -> x509.Certificate:
    """Return the certificate if it is trusted now for `use`. Raises Untrusted."""
    try:
        certificate = signatures.certificate(der)
        certificate_rules.refuse_unread(certificate)
        certificate_rules.refuse_other_use(certificate, use)
        _refuse_unless_valid(certificate, now)
        _verify_chain(database, certificate, now, _DEEPEST)
    except NotAllowed as error:
        raise Untrusted(str(error)) from None
    except _ERRORS as error:
        raise Untrusted(f"malformed: {type(error).__name__}") from None
    return certificate


def refuse_another_key(der: bytes, imported: bytes) -> None:
    """Raise Untrusted unless both certificates are for the same key."""
    keys = [signatures.certificate(each).public_key() for each in (der, imported)]
    if keys[0] != keys[1]:
        raise Untrusted("not for the key that the RA imported")


def expires_on(der: bytes) -> date:
    """Return the last day of a certificate's validity."""
    return signatures.certificate(der).not_valid_after_utc.date()


def _verify_chain(
    database: Session, certificate: x509.Certificate, now: datetime, left: int
) -> None:
    """Follow the chain up to an anchor, by any issuer that leads there. Raises Untrusted."""
    if left == 0:
        raise Untrusted("the chain is too long")
    reasons = []
    for issuer, anchor in _issuers(database, certificate.issuer):
        try:
            _refuse_unless_issued(certificate, issuer, below=_DEEPEST - left)
            _refuse_unless_valid(issuer, now)
            _refuse_if_revoked(database, certificate, issuer, now)
            if not anchor:
                _verify_chain(database, issuer, now, left - 1)
        except Untrusted as reason:
            reasons.append(str(reason))
        else:
            return
    raise Untrusted("; ".join(reasons) or "issued by nobody who is known here")


def _refuse_unless_issued(
    certificate: x509.Certificate, issuer: x509.Certificate, *, below: int
) -> None:
    if not is_authority(issuer):
        raise Untrusted("issued by a certificate that is no authority's")
    try:
        certificate_rules.refuse_unread(issuer)
    except NotAllowed as error:
        raise Untrusted(f"its issuer has {error}") from None
    constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
    if constraints.path_length is not None and below > constraints.path_length:
        raise Untrusted("the issuer may not have authorities below it")
    try:
        certificate.verify_directly_issued_by(issuer)
    except _ERRORS:
        raise Untrusted("not signed by its issuer") from None


def _refuse_unless_valid(certificate: x509.Certificate, now: datetime) -> None:
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise Untrusted("not in its validity")


def _refuse_if_revoked(
    database: Session, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime
) -> None:
    name = issuer.subject.public_bytes()
    stored = database.exec(select(RevocationList).where(RevocationList.issuer == name)).first()
    if stored is None:
        raise Untrusted("no revocation list of its issuer")
    revoked = x509.load_der_x509_crl(stored.der)
    if not _signed_by(revoked, issuer):
        raise Untrusted("the revocation list is not signed by its issuer")
    until = revoked.next_update_utc
    if until is None or not revoked.last_update_utc <= now <= until:
        raise Untrusted("the revocation list is out of date")
    entry = revoked.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is not None:
        raise Untrusted("revoked")


def _is_newer(
    present: x509.CertificateRevocationList, other: x509.CertificateRevocationList
) -> bool:
    """Return whether `present` is newer than `other`, by its time or by its number."""
    if present.last_update_utc > other.last_update_utc:
        return True
    return certificate_rules.number(present) > certificate_rules.number(other) > 0


def _signed_by(revoked: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    if not certificate_rules.may_sign_lists(issuer):
        return False
    key = issuer.public_key()
    try:
        return revoked.is_signature_valid(key)  # type: ignore[arg-type]
    except _ERRORS:
        return False


def _issuers(database: Session, name: x509.Name) -> list[tuple[x509.Certificate, bool]]:
    rows = database.exec(
        select(Issuer).where(Issuer.name == name.public_bytes()).order_by(col(Issuer.anchor).desc())
    )
    return [(signatures.certificate(row.der), row.anchor) for row in rows]
