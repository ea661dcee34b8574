# SPDX-License-Identifier: Apache-2.0
"""The certificates that central trusts. The clock is at the start of 2025."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from kiosk.central.keys import trust_store
from kiosk.central.keys.certificate_rules import Use
from tests.central.authority import Authority
from tests.central.world import Service

NOW = datetime(2025, 1, 1, 3, 0, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def root(service: Service) -> Authority:
    authority = Authority()
    trusted(service, authority, anchor=True)
    return authority


def trusted(service: Service, authority: Authority, *, anchor: bool, revoked: Any = ()) -> None:
    with service.services.database.transaction() as database:
        trust_store.add_issuer(database, authority.der, NOW, anchor=anchor)
        trust_store.add_list(database, authority.revocations(*revoked), NOW)


def check(service: Service, der: bytes, now: datetime = NOW, use: Use = Use.HOLDER) -> None:
    with service.services.database.transaction() as database:
        trust_store.check(database, der, now, use)


def test_a_certificate_of_an_anchor_is_trusted(service: Service, root: Authority) -> None:
    check(service, root.sign(KEY))


def test_a_certificate_of_an_intermediate_authority_is_trusted(
    service: Service, root: Authority
) -> None:
    below = Authority("Trust cards", above=root)
    trusted(service, below, anchor=False)
    check(service, below.sign(KEY))


def test_an_intermediate_authority_without_an_anchor_is_not_trusted(
    service: Service, root: Authority
) -> None:
    stranger = Authority("Stranger")
    trusted(service, stranger, anchor=False)
    with pytest.raises(trust_store.Untrusted, match=r"issued by nobody|chain"):
        check(service, stranger.sign(KEY))


def test_a_matching_issuer_name_is_not_enough(service: Service, root: Authority) -> None:
    with pytest.raises(trust_store.Untrusted, match="not signed"):
        check(service, Authority(root.name).sign(KEY))


def test_a_card_cannot_issue_certificates(service: Service, root: Authority) -> None:
    card = Authority("Nora Nurse", above=root, is_authority=False)
    with (
        service.services.database.transaction() as database,
        pytest.raises(ValueError, match="authority"),
    ):
        trust_store.add_issuer(database, card.der, NOW, anchor=False)
    with pytest.raises(trust_store.Untrusted):
        check(service, card.sign(KEY))


def test_the_path_length_limit_holds(service: Service) -> None:
    root = Authority(depth=0)
    trusted(service, root, anchor=True)
    check(service, root.sign(KEY))
    below = Authority("Trust cards", above=root)
    trusted(service, below, anchor=False)
    with pytest.raises(trust_store.Untrusted, match="below"):
        check(service, below.sign(KEY))


@pytest.mark.parametrize("days", [-366 - 2, 3 * 365])
def test_an_expired_or_future_certificate_is_not_trusted(
    service: Service, root: Authority, days: int
) -> None:
    with pytest.raises(trust_store.Untrusted, match=r"validity|date"):
        check(service, root.sign(KEY), NOW + timedelta(days=days))


def test_an_expired_or_future_issuer_is_not_trusted(service: Service) -> None:
    root = Authority(years=1)
    trusted(service, root, anchor=True)
    with pytest.raises(trust_store.Untrusted, match="validity"):
        check(service, root.sign(KEY), datetime(2025, 1, 2, tzinfo=UTC))


def test_a_revoked_certificate_is_not_trusted(service: Service, root: Authority) -> None:
    card = root.sign(KEY)
    serial = x509.load_der_x509_certificate(card).serial_number
    with service.services.database.transaction() as database:
        trust_store.add_list(database, root.revocations(serial), NOW)
    with pytest.raises(trust_store.Untrusted, match="revoked"):
        check(service, card)
    check(service, root.sign(KEY))


def test_cards_of_a_revoked_issuer_are_not_trusted(service: Service, root: Authority) -> None:
    below = Authority("Trust cards", above=root)
    trusted(service, below, anchor=False)
    with service.services.database.transaction() as database:
        trust_store.add_list(database, root.revocations(7), NOW)
    with pytest.raises(trust_store.Untrusted, match="revoked"):
        check(service, below.sign(KEY))


def test_nothing_is_trusted_without_a_revocation_list(service: Service) -> None:
    root = Authority()
    with service.services.database.transaction() as database:
        trust_store.add_issuer(database, root.der, NOW, anchor=True)
    with pytest.raises(trust_store.Untrusted, match="no revocation list"):
        check(service, root.sign(KEY))


def test_an_outdated_list_does_not_count(service: Service, root: Authority) -> None:
    with pytest.raises(trust_store.Untrusted, match="out of date"):
        check(service, root.sign(KEY), NOW + timedelta(days=7))


def test_a_list_signed_by_another_authority_is_refused(service: Service, root: Authority) -> None:
    forged = root.revocations(key=ec.generate_private_key(ec.SECP256R1()))
    with (
        service.services.database.transaction() as database,
        pytest.raises(ValueError, match="no imported authority"),
    ):
        trust_store.add_list(database, forged, NOW)


def test_an_older_list_does_not_replace_a_newer_one(service: Service, root: Authority) -> None:
    older = root.revocations(at=datetime(2024, 12, 30, tzinfo=UTC), days=30)
    with (
        service.services.database.transaction() as database,
        pytest.raises(ValueError, match="newer"),
    ):
        trust_store.add_list(database, older, NOW)


@pytest.mark.parametrize("der", [b"", b"0", b"\x30\x82\xff\xff", bytes(2000)])
def test_bytes_that_are_not_a_certificate_are_refused(
    service: Service, root: Authority, der: bytes
) -> None:
    with pytest.raises(trust_store.Untrusted, match="malformed"):
        check(service, der)


def test_a_circular_chain_is_refused(service: Service) -> None:
    first, second = Authority("First"), Authority("Second")
    first.above, second.above = second, first
    for each in (first, second):
        trusted(service, each, anchor=False)
    with pytest.raises(trust_store.Untrusted, match="too long"):
        check(service, first.sign(KEY))


def test_an_unknown_certificate_version_is_malformed(service: Service, root: Authority) -> None:
    version_3, version_6 = bytes.fromhex("A003020102"), bytes.fromhex("A003020105")
    with pytest.raises(trust_store.Untrusted, match="malformed"):
        check(service, root.sign(KEY).replace(version_3, version_6))
    with (
        service.services.database.transaction() as database,
        pytest.raises(ValueError, match="version"),
    ):
        trust_store.add_issuer(database, root.der.replace(version_3, version_6), NOW, anchor=True)


# ---------------------------------------------------------------- refusals and their reasons

STRANGE = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")
NAMES = x509.NameConstraints([x509.DNSName("nhs.uk")], None)
SIGNS = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
ENCRYPTS = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=True,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
CERTIFIES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
LOGS_IN = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SMARTCARD_LOGON])
SERVES = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
AUTHENTICATES_CARD = x509.ExtendedKeyUsage([x509.ObjectIdentifier("2.16.840.1.101.3.6.8")])
POINT = [x509.UniformResourceIdentifier("http://pki.example/part1.crl")]


def distribution(**flags: Any) -> x509.IssuingDistributionPoint:
    nothing = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**nothing | flags)


@pytest.mark.parametrize(
    ("extensions", "use", "reason"),
    [
        ([(STRANGE, True)], Use.HOLDER, "critical extension"),
        ([(x509.PolicyConstraints(0, None), True)], Use.HOLDER, "critical extension"),
        ([(ENCRYPTS, True)], Use.HOLDER, "may not sign"),
        ([(SERVES, False)], Use.HOLDER, "another purpose"),
        ([(LOGS_IN, False)], Use.CARD, "another purpose"),
        ([(AUTHENTICATES_CARD, True)], Use.HOLDER, "another purpose"),
        ([(NAMES, False)], Use.HOLDER, "name constraints"),
    ],
)
def test_a_card_with_such_an_extension_is_not_trusted(
    service: Service, root: Authority, extensions: Any, use: Use, reason: str
) -> None:
    with pytest.raises(trust_store.Untrusted, match=reason):
        check(service, root.sign(KEY, extensions=extensions), use=use)


@pytest.mark.parametrize(
    ("extensions", "use"),
    [
        ([(STRANGE, False)], Use.HOLDER),
        ([(SIGNS, True), (LOGS_IN, True)], Use.HOLDER),
        ([(SIGNS, True), (AUTHENTICATES_CARD, True)], Use.CARD),
    ],
)
def test_a_card_like_those_of_real_authorities_is_trusted(
    service: Service, root: Authority, extensions: Any, use: Use
) -> None:
    check(service, root.sign(KEY, extensions=extensions), use=use)


def test_a_weak_key_is_not_trusted(service: Service, root: Authority) -> None:
    weak = rsa.generate_private_key(65537, 1024)
    with pytest.raises(trust_store.Untrusted, match="1024 bits"):
        check(service, root.sign(weak))
    old = ec.generate_private_key(ec.SECP224R1())
    with pytest.raises(trust_store.Untrusted, match="kind of key"):
        check(service, root.sign(old))


def test_an_authoritys_certificate_is_not_accepted_as_a_cards(
    service: Service, root: Authority
) -> None:
    below = Authority("Trust cards", above=root)
    with pytest.raises(trust_store.Untrusted, match="not a card's"):
        check(service, below.der)


@pytest.mark.parametrize("extension", [STRANGE, NAMES])
def test_an_authority_with_unsupported_constraints_is_refused(
    service: Service, extension: x509.ExtensionType
) -> None:
    limited = Authority("Limited", extensions=[(extension, True)])
    with (
        service.services.database.transaction() as database,
        pytest.raises(ValueError, match=r"critical|constraints"),
    ):
        trust_store.add_issuer(database, limited.der, NOW, anchor=True)


@pytest.mark.parametrize(
    ("extensions", "of_entries", "reason"),
    [
        ([(x509.DeltaCRLIndicator(1), True)], [], "delta"),
        ([(distribution(only_contains_ca_certs=True), True)], [], "part"),
        ([(distribution(only_contains_user_certs=True), True)], [], "part"),
        ([(distribution(only_contains_attribute_certs=True), True)], [], "part"),
        ([(distribution(indirect_crl=True), True)], [], "part"),
        ([(distribution(full_name=POINT), True)], [], "part"),
        (
            [(distribution(only_some_reasons=frozenset([x509.ReasonFlags.superseded])), True)],
            [],
            "part",
        ),
        ([(STRANGE, True)], [], "critical"),
        ([], [(x509.CertificateIssuer([x509.DNSName("other")]), True)], "critical"),
    ],
)
def test_a_partial_list_does_not_replace_a_full_one(
    service: Service, root: Authority, extensions: Any, of_entries: Any, reason: str
) -> None:
    card = root.sign(KEY)
    serial = x509.load_der_x509_certificate(card).serial_number
    partial = root.revocations(1, at=NOW, extensions=extensions, of_entries=of_entries)
    with service.services.database.transaction() as database:
        trust_store.add_list(database, root.revocations(serial), NOW)
        with pytest.raises(ValueError, match=reason):
            trust_store.add_list(database, partial, NOW)
    with pytest.raises(trust_store.Untrusted, match="revoked"):
        check(service, card)


def test_a_list_with_a_lower_number_does_not_replace_a_higher(
    service: Service, root: Authority
) -> None:
    with service.services.database.transaction() as database:
        trust_store.add_list(
            database, root.revocations(extensions=[(x509.CRLNumber(8), False)]), NOW
        )
        replayed = root.revocations(at=NOW, extensions=[(x509.CRLNumber(7), False)])
        with pytest.raises(ValueError, match="newer"):
            trust_store.add_list(database, replayed, NOW)


def test_a_list_from_the_future_is_refused(service: Service, root: Authority) -> None:
    early = root.revocations(at=NOW + timedelta(days=1))
    with (
        service.services.database.transaction() as database,
        pytest.raises(ValueError, match="not yet valid"),
    ):
        trust_store.add_list(database, early, NOW)


def test_an_authority_without_the_crl_sign_usage_signs_no_lists(service: Service) -> None:
    root = Authority(extensions=[(CERTIFIES, True)])
    with service.services.database.transaction() as database:
        trust_store.add_issuer(database, root.der, NOW, anchor=True)
        with pytest.raises(ValueError, match="no imported authority"):
            trust_store.add_list(database, root.revocations(), NOW)


def test_a_signature_over_a_weak_hash_is_not_trusted(service: Service, root: Authority) -> None:
    with pytest.raises(trust_store.Untrusted, match="hash"):
        check(service, root.sign(KEY, hashed=hashes.SHA224()))
    with (
        service.services.database.transaction() as database,
        pytest.raises(ValueError, match="hash"),
    ):
        trust_store.add_list(database, root.revocations(at=NOW, hashed=hashes.SHA224()), NOW)
