# SPDX-License-Identifier: Apache-2.0
"""Login with a card: the trusted certificates, and the profile that the cardholder sees."""

from __future__ import annotations

from datetime import date

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from sqlmodel import select

from kiosk.central.keys import trust_store
from kiosk.central.service.sessions import SESSION_LIFE
from kiosk.central.tables import AuditEntry, Card, Cardholder, CardStatus, Position
from kiosk.contract import proof
from kiosk.contract.registration import SelfServiceStatus
from tests.central.authority import Authority
from tests.central.loggedin import Desk, TrustedCard, trust_authority
from tests.central.world import Clock, KioskClient, Service, b64, problem


@pytest.fixture
def authority(service: Service) -> Authority:
    made = Authority()
    trust_authority(service, made)
    return made


@pytest.fixture
def desk(kiosk: KioskClient, authority: Authority) -> Desk:
    card = TrustedCard(authority=authority)
    kiosk.know(card)
    return Desk(kiosk, card)


def test_a_card_and_its_passcode_show_the_profile(desk: Desk) -> None:
    profile = desk.log_in()
    assert profile.name == "Nora Nurse"
    assert profile.self_service is SelfServiceStatus.NOT_REGISTERED
    assert profile.certificate_expires == date(2026, 12, 31)
    (smartcard,) = profile.smartcards
    assert (smartcard.serial, smartcard.kind, smartcard.in_reader) == (
        desk.card.serial,
        "Smartcard",
        True,
    )
    assert [each.name for each in profile.organisations] == ["Trust A"]


def test_the_profile_shows_the_cardholders_positions(service: Service, desk: Desk) -> None:
    with service.services.database.transaction() as database:
        holder = database.exec(select(Cardholder)).one()
        for code, name, trust_code in (
            ("S1", "Nurse", "RX1"),
            ("S2", "Bank nurse", "RX2"),
            ("S3", "Tutor", "RX1"),
        ):
            database.add(
                Position(
                    cardholder_id=holder.id,
                    code=code,
                    name=name,
                    organisation_code=trust_code,
                    organisation_name=f"Trust {trust_code}",
                )
            )
    profile = desk.log_in()
    assert [(each.code, each.role) for each in profile.organisations] == [
        ("RX1", "Nurse"),
        ("RX2", "Bank nurse"),
    ]
    assert [position.code for position in profile.positions] == ["S1", "S2", "S3"]


def test_a_signature_for_anything_else_is_refused(desk: Desk) -> None:
    desk.log_in()
    for purpose in set(proof.ProofPurpose) - {proof.ProofPurpose.LOG_IN}:
        assert problem(desk.prove(purpose)) == "card-not-genuine"


def test_another_keys_signature_is_refused(desk: Desk) -> None:
    desk.open()
    forged = desk.signature(proof.ProofPurpose.LOG_IN, ec.generate_private_key(ec.SECP256R1()))
    answer = desk.kiosk.post(f"/logins/{desk.session}/proof", {"signature": forged})
    assert problem(answer) == "card-not-genuine"


def test_a_certificate_of_an_unknown_authority_is_not_trusted(service: Service, desk: Desk) -> None:
    stranger = Authority().sign(desk.card.holder_key)
    assert problem(desk.open(authentication_certificate=b64(stranger))) == "not-trusted"
    with service.services.database.transaction() as database:
        entry = database.exec(select(AuditEntry).where(AuditEntry.kind == "login.not-trusted"))
        assert entry.one().details["reason"]


def test_a_trusted_certificate_of_another_cardholder_is_refused(
    desk: Desk, authority: Authority
) -> None:
    other = authority.sign(ec.generate_private_key(ec.SECP256R1()))
    assert problem(desk.open(authentication_certificate=b64(other))) == "not-trusted"


def test_the_card_authentication_certificate_is_checked_too(desk: Desk) -> None:
    forged = Authority().sign(desk.card.card_key)
    assert problem(desk.open(card_authentication_certificate=b64(forged))) == "not-trusted"


def test_a_revoked_certificate_does_not_log_in(
    service: Service, desk: Desk, authority: Authority
) -> None:
    serial = x509.load_der_x509_certificate(desk.card.certificate).serial_number
    with service.services.database.transaction() as database:
        trust_store.add_list(database, authority.revocations(serial), service.clock())
    assert problem(desk.open()) == "not-trusted"


def test_nobody_logs_in_without_current_revocation_data(desk: Desk, clock: Clock) -> None:
    clock.pass_time(8 * 86400)
    assert problem(desk.open()) == "not-trusted"


def test_a_card_without_certificate_can_only_be_unlocked(desk: Desk) -> None:
    assert problem(desk.open(authentication_certificate=None)) == "unlock-only"


def test_a_suspended_card_does_not_log_in(service: Service, desk: Desk) -> None:
    with service.services.database.transaction() as database:
        database.exec(select(Card)).one().status = CardStatus.LOST
    assert problem(desk.open()) == "card-stopped"


def test_a_kiosk_of_another_trust_does_not_know_the_card(service: Service, desk: Desk) -> None:
    elsewhere = service.kiosk("ward 9", "Trust B")
    elsewhere.know(TrustedCard())
    assert problem(Desk(elsewhere, desk.card).open()) == "card-not-known"
    desk.log_in()
    desk.kiosk = elsewhere
    assert problem(desk.prove()) == "not-found"


def test_a_session_expires(desk: Desk, clock: Clock) -> None:
    desk.log_in()
    clock.pass_time(SESSION_LIFE.total_seconds())
    assert problem(desk.prove()) == "expired"


def test_opening_a_session_again_returns_the_same_one(desk: Desk) -> None:
    assert desk.open().json() == desk.open().json()
