# SPDX-License-Identifier: Apache-2.0
"""The commands of the RA and of IT, and their effect on kiosks, on either database."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlmodel import select

from kiosk.central.cli import operating
from kiosk.central.tables import AuditEntry, Card, Cardholder, Registration, SealedEnvelope
from tests.central.authority import Authority
from tests.central.desk import OPERATOR, Operator
from tests.central.world import WRONG, Clock, KioskClient, PersonalCard, Service, problem

pytestmark = pytest.mark.dealt


def entries(service: Service) -> int:
    with service.services.database.reading() as database:
        return len(database.exec(select(AuditEntry)).all())


# ---------------------------------------------------------------- the operator


def test_every_change_names_its_operator(operator: Operator) -> None:
    operator.does("organisations", "add", "Trust B")
    assert operator.audited == {
        "kind": "organisation.added",
        "operator": OPERATOR,
        "organisation": "Trust B",
    }


def test_the_operator_is_the_user_who_logged_in(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The kernel keeps the login through sudo and su, whatever the environment says."""
    login = tmp_path / "loginuid"
    login.write_text(str(pwd.getpwnam("nobody").pw_uid))
    monkeypatch.setattr(operating, "LOGIN", login)
    assert operator.run("organisations", "add", "Trust B") == 0
    assert operator.audited["operator"] == "nobody"


def test_without_a_login_the_operator_is_the_user_of_the_process(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUDO_USER")
    assert operator.run("organisations", "add", "Trust B") == 0
    assert operator.audited["operator"] == "root"


def test_only_root_may_have_become_root_by_sudo(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: pwd.getpwnam("nobody").pw_uid)
    assert operator.run("organisations", "add", "Trust B") == 0
    assert operator.audited["operator"] == "nobody"


def test_nobody_names_somebody_else(operator: Operator) -> None:
    assert operator.run("organisations", "add", "Trust B", "--operator", "Rita") == 2
    assert "No such option" in operator.err


@pytest.mark.parametrize("name", ["  ", "two\nlines", "\x1b[31mRita", "\u202eatiR", "R" * 101])
def test_nobody_does_nothing(
    operator: Operator, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = entries(operator.service)
    monkeypatch.setenv("SUDO_USER", name)
    assert operator.run("organisations", "add", "Trust B") == 2
    assert "The audit needs the operator's name" in operator.err
    assert entries(operator.service) == before
    monkeypatch.setenv("SUDO_USER", OPERATOR)
    assert not operator.listed("organisations", "list")


# ---------------------------------------------------------------- organisations and kiosks


def test_organisations_are_listed_with_their_counts(operator: Operator, card: PersonalCard) -> None:
    operator.does("organisations", "add", "=Trust B")
    assert operator.run("organisations", "add", "=Trust B") == 2
    assert operator.listed("organisations", "list") == [
        {"organisation": "'=Trust B", "kiosks": "0", "cards": "0", "unlocking stopped": "no"},
        {"organisation": "Trust A", "kiosks": "1", "cards": "1", "unlocking stopped": "no"},
    ]
    assert operator.run("organisations", "list") == 0
    assert operator.out.splitlines()[1].split() == ["=Trust", "B", "0", "0", "no"]


def test_a_revoked_kiosk_is_refused_at_once(
    operator: Operator, kiosk: KioskClient, card: PersonalCard
) -> None:
    kiosk.opened(card)
    operator.does("kiosks", "revoke", kiosk.name)
    assert problem(kiosk.open(card)) == "not-authenticated"
    assert operator.audited == {
        "kind": "kiosk.revoked",
        "operator": OPERATOR,
        "kiosk": kiosk.name,
        "packs": 0,
    }
    assert operator.listed("kiosks", "list")[0]["revoked"] == "yes"
    assert operator.run("kiosks", "revoke", kiosk.name) == 2
    assert operator.run("kiosks", "revoke", "ward 8") == 2
    assert "No kiosk is called 'ward 8'" in operator.err


def test_the_time_of_a_kiosks_last_contact_is_kept_to_five_minutes(
    operator: Operator, kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    def heard() -> str:
        return operator.listed("kiosks", "list")[0]["last heard of (UTC)"]

    assert heard() == ""
    kiosk.opened(card)
    assert heard() == "2025-01-01 03:00"
    clock.pass_time(299)
    kiosk.opened(card)
    assert heard() == "2025-01-01 03:00"
    clock.pass_time(1)
    kiosk.opened(card)
    assert heard() == "2025-01-01 03:05"


# ---------------------------------------------------------------- stop


@pytest.mark.parametrize("where", [("--all",), ("--organisation", "Trust A")])
def test_all_unlocking_stops_at_once(
    operator: Operator, kiosk: KioskClient, card: PersonalCard, where: tuple[str, ...]
) -> None:
    session = kiosk.accepted(card)
    operator.does("unlocking", "stop", *where)
    assert problem(kiosk.ask_grant(session)) == "card-stopped"
    assert problem(kiosk.open(card)) == "card-stopped"
    assert operator.listed("organisations", "list")[0]["unlocking stopped"] == "yes"
    operator.does("unlocking", "resume", *where)
    assert kiosk.ask_grant(session).status_code == 200


def test_a_stop_can_be_for_one_trust(
    operator: Operator, kiosk: KioskClient, card: PersonalCard
) -> None:
    operator.does("organisations", "add", "Trust B")
    operator.does("unlocking", "stop", "--organisation", "Trust B")
    kiosk.opened(card)
    assert operator.run("unlocking", "stop", "--organisation", "Trust C") == 2


# ---------------------------------------------------------------- cards


@pytest.mark.parametrize(
    ("what", "status"), [("suspend", "suspended"), ("lost", "lost"), ("leaver", "leaver")]
)
def test_a_suspended_card_gets_no_grant_until_it_is_activated(
    operator: Operator, kiosk: KioskClient, card: PersonalCard, what: str, status: str
) -> None:
    session = kiosk.accepted(card)
    operator.does("cards", what, card.serial.lower())
    assert operator.audited == {
        "kind": "card.status",
        "operator": OPERATOR,
        "from": "active",
        "to": status,
    }
    assert problem(kiosk.ask_grant(session)) == "card-stopped"
    assert problem(kiosk.open(card)) == "card-stopped"
    assert operator.run("cards", what, card.serial) == 2
    assert [c["serial"] for c in operator.listed("cards", "list", "--status", status)] == [
        card.serial
    ]
    operator.does("cards", "activate", card.serial)
    assert kiosk.ask_grant(session).status_code == 200


def test_an_unknown_card_is_declined(operator: Operator, card: PersonalCard) -> None:
    assert operator.run("cards", "lost", "00" * 8) == 2
    assert "No card has the serial" in operator.err
    assert operator.run("cards", "list", "--organisation", "Trust Z") == 2


def test_a_replaced_card_is_forgotten_for_the_new_one(
    operator: Operator, kiosk: KioskClient, card: PersonalCard
) -> None:
    new = kiosk.know(PersonalCard())
    replace = ("cards", "replace", card.serial, "--by", new.serial)
    assert operator.run(*replace) == 2
    assert "not another card of the same holder" in operator.err
    with operator.service.services.database.transaction() as database:
        cards = {each.serial: each for each in database.exec(select(Card))}
        cards[new.serial].cardholder_id = cards[card.serial].cardholder_id
    operator.does(*replace)
    assert problem(kiosk.open(card)) == "card-stopped"
    assert kiosk.open(new).status_code == 200
    assert operator.run("cards", "activate", card.serial) == 2
    with operator.service.services.database.reading() as database:
        assert len(database.exec(select(Registration)).all()) == 1


def test_frozen_cards_can_be_listed_alone(operator: Operator, kiosk: KioskClient) -> None:
    cards = [kiosk.know(PersonalCard()) for _ in range(2)]
    for _ in range(2):
        kiosk.granted(cards[0])  # and is never heard of again
    assert kiosk.open(cards[0]).status_code == 403
    frozen = operator.listed("cards", "list", "--frozen")
    assert [each["serial"] for each in frozen] == [cards[0].serial]


# ---------------------------------------------------------------- registrations


def test_a_locked_registration_is_released(
    operator: Operator, kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    for _ in range(5):
        kiosk.answer(card, kiosk.opened(card), WRONG)
        clock.pass_time(400)
    assert problem(kiosk.open(card)) == "locked-out"
    (locked,) = operator.listed("registrations", "list", "--locked")
    assert (locked["serial"], locked["state"]) == (card.serial, "locked")
    operator.does("registrations", "release", card.serial)
    assert operator.audited == {"kind": "registration.released", "operator": OPERATOR}
    assert kiosk.answer(card, kiosk.opened(card)).status_code == 200
    assert not operator.listed("registrations", "list", "--locked")
    assert operator.run("registrations", "release", card.serial) == 2
    assert "Nothing holds" in operator.err


def test_a_card_closed_by_its_holder_can_be_released(
    operator: Operator, card: PersonalCard
) -> None:
    with operator.service.services.database.transaction() as database:
        database.exec(select(Card)).one().closed = True
    assert len(operator.listed("registrations", "list", "--locked")) == 1
    operator.does("registrations", "release", card.serial)
    with operator.service.services.database.reading() as database:
        assert not database.exec(select(Card)).one().closed


def test_a_removed_registration_leaves_no_envelope(
    operator: Operator, kiosk: KioskClient, card: PersonalCard
) -> None:
    operator.does("registrations", "remove", card.serial)
    assert problem(kiosk.open(card)) == "not-registered"
    with operator.service.services.database.reading() as database:
        assert not database.exec(select(SealedEnvelope)).all()
        assert database.exec(select(Cardholder)).all()
    assert operator.run("registrations", "remove", card.serial) == 2


# ---------------------------------------------------------------- trust


@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
def test_authorities_and_revocation_lists_are_added(
    operator: Operator, tmp_path: Path, encoding: Encoding
) -> None:
    root = Authority()
    below = Authority("Trust issuer", above=root)
    files = {
        "add-anchor": x509.load_der_x509_certificate(root.der).public_bytes(encoding),
        "add-issuer": x509.load_der_x509_certificate(below.der).public_bytes(encoding),
        "add-list": x509.load_der_x509_crl(root.revocations()).public_bytes(encoding),
    }
    for what, content in files.items():
        file = tmp_path / what
        file.write_bytes(content)
        operator.does("trust", what, file)
    found = operator.listed("trust", "list")
    assert [(row["authority"], row["anchor"]) for row in found] == [
        ("CN=Trust root", "yes"),
        ("CN=Trust issuer", "no"),
    ]
    assert found[0]["list holds until (UTC)"] == "2025-01-07 00:00"
    assert found[1]["list holds until (UTC)"] == ""
    assert operator.audited["kind"] == "trust.list-added"


@pytest.mark.parametrize("what", ["add-anchor", "add-issuer", "add-list"])
@pytest.mark.parametrize("content", [b"", b"nothing", b"-----BEGIN NOTHING-----\n"])
def test_a_file_of_another_kind_changes_nothing(
    operator: Operator, tmp_path: Path, what: str, content: bytes
) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    before = entries(operator.service)
    assert operator.run("trust", what, file) == 2
    assert f"{file}: " in operator.err
    assert entries(operator.service) == before
    assert operator.run("trust", what, tmp_path / "missing") == 2
