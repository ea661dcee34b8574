# SPDX-License-Identifier: Apache-2.0
"""The trust store's contents: anchors, issuers and their revocation lists."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from sqlmodel import col, select

from kiosk.central.actions.catalogue import action
from kiosk.central.actions.context import Change, Declined, OperatorContext
from kiosk.central.keys import trust_store
from kiosk.central.tables import Issuer, RevocationList


@dataclass(frozen=True, slots=True)
class TrustFile:
    """A file in DER or PEM, by its name and content."""

    name: str
    content: bytes

    @property
    def pem(self) -> bool:
        """Whether it is text."""
        return self.content.lstrip().startswith(b"-----BEGIN")


@dataclass(frozen=True, slots=True)
class TrustAdded:
    """An added certificate or list, named by the SHA-256 of its DER, in hexadecimal."""

    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class AuthorityRow:
    """An authority in a list. `list_holds_until`: None without a revocation list."""

    authority: str
    anchor: bool
    expires: date
    list_holds_until: datetime | None


@action("trust.add-anchor", "trust.anchor-added")
def add_anchor(context: OperatorContext, *, file: TrustFile) -> TrustAdded:
    """Believe this authority, and what is below it."""
    return _add(context, file, "anchor", _add_issuer(file, anchor=True))


@action("trust.add-issuer", "trust.issuer-added")
def add_issuer(context: OperatorContext, *, file: TrustFile) -> TrustAdded:
    """Know an authority below an anchor."""
    return _add(context, file, "issuer", _add_issuer(file, anchor=False))


@action("trust.add-list", "trust.list-added")
def add_revocation_list(context: OperatorContext, *, file: TrustFile) -> TrustAdded:
    """Take an authority's newest revocation list."""

    def add(change: Change) -> bytes:
        load = x509.load_pem_x509_crl if file.pem else x509.load_der_x509_crl
        der = load(file.content).public_bytes(Encoding.DER)
        trust_store.add_list(change.session, der, change.now)
        return der

    return _add(context, file, "list", add)


def list_authorities(context: OperatorContext) -> tuple[AuthorityRow, ...]:
    """Return the authorities in the order of their import."""
    with context.reading() as session:
        issuers = session.exec(select(Issuer).order_by(col(Issuer.id))).all()
        until = {row.issuer: row.next_update for row in session.exec(select(RevocationList))}
    return tuple(
        AuthorityRow(
            x509.load_der_x509_certificate(row.der).subject.rfc4514_string(),
            row.anchor,
            trust_store.expires_on(row.der),
            until.get(row.name),
        )
        for row in issuers
    )


def _add_issuer(file: TrustFile, *, anchor: bool) -> Callable[[Change], bytes]:
    def add(change: Change) -> bytes:
        load = x509.load_pem_x509_certificate if file.pem else x509.load_der_x509_certificate
        der = load(file.content).public_bytes(Encoding.DER)
        trust_store.add_issuer(change.session, der, change.now, anchor=anchor)
        return der

    return add


def _add(
    context: OperatorContext, file: TrustFile, kind: str, add: Callable[[Change], bytes]
) -> TrustAdded:
    with context.changing() as change:
        try:
            fingerprint = hashlib.sha256(add(change)).hexdigest()
        except (ValueError, UnsupportedAlgorithm) as error:
            raise Declined(f"{file.name}: {error}") from None
        change.record(f"trust.{kind}-added", {"sha256": fingerprint})
    return TrustAdded(file.name, fingerprint)
