# SPDX-License-Identifier: Apache-2.0
"""Which certificates are believed. The clock stands at the start of 2025."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from kiosk.central.keys import trust_store
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


def check(service: Service, der: bytes, now: datetime = NOW) -> None:
    with service.services.database.transaction() as database:
        trust_store.check(database, der, now)


def test_what_an_anchor_issued_is_believed(service: Service, root: Authority) -> None:
    check(service, root.sign(KEY))


def test_what_an_authority_below_an_anchor_issued_is_believed(
    service: Service, root: Authority
) -> None:
    below = Authority("Trust cards", above=root)
    trusted(service, below, anchor=False)
    check(service, below.sign(KEY))


def test_an_authority_below_nobody_is_not_enough(service: Service, root: Authority) -> None:
    stranger = Authority("Stranger")
    trusted(service, stranger, anchor=False)
    with pytest.raises(trust_store.Untrusted, match=r"issued by nobody|chain"):
        check(service, stranger.sign(KEY))


def test_a_name_alone_is_nothing(service: Service, root: Authority) -> None:
    with pytest.raises(trust_store.Untrusted, match="not signed"):
        check(service, Authority(root.name).sign(KEY))


def test_a_card_is_no_authority(service: Service, root: Authority) -> None:
    card = Authority("Nora Nurse", above=root, is_authority=False)
    with (
        service.services.database.transaction() as database,
        pytest.raises(ValueError, match="authority"),
    ):
        trust_store.add_issuer(database, card.der, NOW, anchor=False)
    with pytest.raises(trust_store.Untrusted):
        check(service, card.sign(KEY))


def test_an_authority_that_may_have_none_below_it_has_none(service: Service) -> None:
    root = Authority(depth=0)
    trusted(service, root, anchor=True)
    check(service, root.sign(KEY))
    below = Authority("Trust cards", above=root)
    trusted(service, below, anchor=False)
    with pytest.raises(trust_store.Untrusted, match="below"):
        check(service, below.sign(KEY))


@pytest.mark.parametrize("days", [-366 - 2, 3 * 365])
def test_outside_its_validity_it_is_not_believed(
    service: Service, root: Authority, days: int
) -> None:
    with pytest.raises(trust_store.Untrusted, match=r"validity|date"):
        check(service, root.sign(KEY), NOW + timedelta(days=days))


def test_an_issuer_outside_its_own_validity_is_not_believed(service: Service) -> None:
    root = Authority(years=1)
    trusted(service, root, anchor=True)
    with pytest.raises(trust_store.Untrusted, match="validity"):
        check(service, root.sign(KEY), datetime(2025, 1, 2, tzinfo=UTC))


def test_what_is_revoked_is_not_believed(service: Service, root: Authority) -> None:
    card = root.sign(KEY)
    serial = x509.load_der_x509_certificate(card).serial_number
    with service.services.database.transaction() as database:
        trust_store.add_list(database, root.revocations(serial), NOW)
    with pytest.raises(trust_store.Untrusted, match="revoked"):
        check(service, card)
    check(service, root.sign(KEY))


def test_an_issuer_that_is_revoked_takes_its_cards_with_it(
    service: Service, root: Authority
) -> None:
    below = Authority("Trust cards", above=root)
    trusted(service, below, anchor=False)
    with service.services.database.transaction() as database:
        trust_store.add_list(database, root.revocations(7), NOW)
    with pytest.raises(trust_store.Untrusted, match="revoked"):
        check(service, below.sign(KEY))


def test_without_a_list_nothing_is_believed(service: Service) -> None:
    root = Authority()
    with service.services.database.transaction() as database:
        trust_store.add_issuer(database, root.der, NOW, anchor=True)
    with pytest.raises(trust_store.Untrusted, match="no revocation list"):
        check(service, root.sign(KEY))


def test_a_list_that_is_out_of_date_is_none(service: Service, root: Authority) -> None:
    with pytest.raises(trust_store.Untrusted, match="out of date"):
        check(service, root.sign(KEY), NOW + timedelta(days=7))


def test_a_list_that_somebody_else_signed_is_not_taken(service: Service, root: Authority) -> None:
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
def test_what_is_no_certificate_is_said_to_be_none(
    service: Service, root: Authority, der: bytes
) -> None:
    with pytest.raises(trust_store.Untrusted, match="malformed"):
        check(service, der)


def test_a_chain_that_goes_round_ends(service: Service) -> None:
    first, second = Authority("First"), Authority("Second")
    first.above, second.above = second, first
    for each in (first, second):
        trusted(service, each, anchor=False)
    with pytest.raises(trust_store.Untrusted, match="too long"):
        check(service, first.sign(KEY))


def test_a_version_that_no_standard_knows_is_malformed(service: Service, root: Authority) -> None:
    version_3, version_6 = bytes.fromhex("A003020102"), bytes.fromhex("A003020105")
    with pytest.raises(trust_store.Untrusted, match="malformed"):
        check(service, root.sign(KEY).replace(version_3, version_6))
    with (
        service.services.database.transaction() as database,
        pytest.raises(ValueError, match="version"),
    ):
        trust_store.add_issuer(database, root.der.replace(version_3, version_6), NOW, anchor=True)
