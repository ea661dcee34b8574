# SPDX-License-Identifier: Apache-2.0
"""`trust`: whose certificates are believed."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from sqlmodel import Session, col, select

from kiosk.central.cli import operator_context
from kiosk.central.cli.operator_context import Commands, Declined, OperatorContext
from kiosk.central.keys import trust_store
from kiosk.central.tables import Issuer, RevocationList


def add(commands: Commands) -> None:
    """The commands and their options."""
    trusting = commands.add_parser("trust", help="whose certificates are believed")
    doing = trusting.add_subparsers(metavar="WHAT", required=True)
    for name, told in (
        ("add-anchor", "believe this authority, and what is below it"),
        ("add-issuer", "know an authority below an anchor"),
        ("add-list", "take an authority's newest revocation list"),
    ):
        adding = doing.add_parser(name, help=told)
        adding.add_argument("file", type=Path, metavar="FILE", help="in DER or PEM")
        operator_context.name_operator(adding)
        adding.set_defaults(run=_add, what=name)
    listing = doing.add_parser("list", help="list the authorities and until when their lists hold")
    operator_context.for_spreadsheets(listing)
    listing.set_defaults(run=_list)


def _add(given: argparse.Namespace) -> int:
    try:
        content = given.file.read_bytes()
    except OSError as error:
        raise Declined(f"{given.file}: {error.strerror}") from None
    with operator_context.opened(given) as at, at.working() as database:
        try:
            der = _add_one(at, database, given.what, content)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise Declined(f"{given.file}: {error}") from None
        fingerprint = hashlib.sha256(der).hexdigest()
        kind = {"add-anchor": "anchor", "add-issuer": "issuer", "add-list": "list"}[given.what]
        at.record(database, f"trust.{kind}-added", {"sha256": fingerprint})
    operator_context.say(f"{given.file}: added; its SHA-256 is {fingerprint}")
    return 0


def _add_one(at: OperatorContext, database: Session, what: str, content: bytes) -> bytes:
    """Add what the file holds; it in DER. ValueError if it is something else."""
    pem = content.lstrip().startswith(b"-----BEGIN")
    if what == "add-list":
        load_list = x509.load_pem_x509_crl if pem else x509.load_der_x509_crl
        der = load_list(content).public_bytes(Encoding.DER)
        trust_store.add_list(database, der, at.now)
    else:
        load = x509.load_pem_x509_certificate if pem else x509.load_der_x509_certificate
        der = load(content).public_bytes(Encoding.DER)
        trust_store.add_issuer(database, der, at.now, anchor=what == "add-anchor")
    return der


def _list(given: argparse.Namespace) -> int:
    with operator_context.opened(given) as at, at.reading() as database:
        issuers = database.exec(select(Issuer).order_by(col(Issuer.id))).all()
        until = {row.issuer: row.next_update for row in database.exec(select(RevocationList))}
    operator_context.show(
        ("authority", "anchor", "expires", "list holds until (UTC)"),
        [
            (
                x509.load_der_x509_certificate(row.der).subject.rfc4514_string(),
                row.anchor,
                trust_store.expires_on(row.der),
                until.get(row.name),
            )
            for row in issuers
        ],
        as_csv=given.csv,
    )
    return 0
