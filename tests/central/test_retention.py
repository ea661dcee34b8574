# SPDX-License-Identifier: Apache-2.0
"""Frozen cards, audit checkpoints, alerts, and the retention of data."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlmodel import select

from kiosk.central.audit import checkpoints, trail
from kiosk.central.operations import housekeeping, retention
from kiosk.central.service import notices
from kiosk.central.service.assembly import Services
from kiosk.central.tables import (
    AuditEntry,
    AuditHead,
    AuditPersonal,
    AuditSignature,
    Card,
    Cardholder,
    EmailedCode,
    GrantRow,
    LoginSession,
    Registration,
    UnlockSession,
)
from tests.central.desk import Operator
from tests.central.loggedin import Desk, TrustedCard, trust_authority
from tests.central.world import Clock, KioskClient, PersonalCard, Service, problem

DAY = 24 * 3600


# ---------------------------------------------------------------- frozen cards


@pytest.fixture
def frozen(kiosk: KioskClient, card: PersonalCard, clock: Clock) -> PersonalCard:
    """Return a card of which nobody knows what three visits did to it."""
    for _ in range(5):
        answer = kiosk.open(card)
        if answer.status_code == 403:
            assert problem(answer) == "card-frozen"
            return card
        kiosk.granted(card)
        clock.pass_time(3600)
    raise AssertionError("it never froze")


def test_the_ra_can_thaw_a_card(
    operator: Operator, kiosk: KioskClient, frozen: PersonalCard
) -> None:
    operator.does("cards", "thaw", frozen.serial, "--tries", 3)
    assert operator.audited["kind"] == "card.found"
    assert kiosk.granted(frozen).second_allowed
    assert operator.listed("cards", "list", "--frozen") == []


def test_the_ra_may_state_the_key_that_the_card_carries(
    operator: Operator, kiosk: KioskClient, frozen: PersonalCard
) -> None:
    operator.does("cards", "thaw", frozen.serial, "--tries", 2, "--carries", 1)
    grant = kiosk.granted(frozen)
    assert (grant.current.generation, grant.first, grant.second_allowed) == (1, 1, False)


def test_a_card_with_too_few_tries_is_not_thawed(
    operator: Operator, kiosk: KioskClient, frozen: PersonalCard
) -> None:
    for wrong in (("--tries", 1), ("--tries", 0), ("--tries", 3, "--carries", 7)):
        assert operator.run("cards", "thaw", frozen.serial, *wrong) == 2
    assert problem(kiosk.open(frozen)) == "card-frozen"


def test_a_card_that_is_not_frozen_is_not_thawed(operator: Operator, card: PersonalCard) -> None:
    assert operator.run("cards", "thaw", card.serial, "--tries", 3) == 2


# ---------------------------------------------------------------- audit checkpoints


def entries(services: Services, count: int = 3) -> None:
    with services.database.transaction() as database:
        for number in range(count):
            trail.append(database, services.clock(), "tested", {"number": number}, {})


def test_the_head_is_signed_once_a_day(service: Service, clock: Clock) -> None:
    entries(service.services)
    for days, signed in ((0, 1), (0.5, 1), (1.1, 2)):
        clock.now = Clock().now + timedelta(days=days)
        entries(service.services)
        housekeeping.keep_house(service.services)
        with service.services.database.reading() as database:
            assert len(checkpoints.kept(database)) == signed


def test_a_rebuilt_chain_is_detected(service: Service, operator: Operator, folder: Path) -> None:
    entries(service.services, 4)
    assert operator.run("audit", "sign") == 0
    log = folder / "log"
    log.write_text(f"Jan 1 central[1]: {operator.out}")
    assert operator.run("audit", "verify", "--heads", log) == 0
    assert "2 signed heads agree" in operator.out
    with service.services.database.transaction() as database:
        _rebuild_chain(database)
    assert operator.run("audit", "verify") == 1
    assert "made anew" in operator.out
    with service.services.database.transaction() as database:
        database.delete(database.exec(select(AuditSignature)).one())
    assert operator.run("audit", "verify") == 0  # the database alone does not reveal it
    assert operator.run("audit", "verify", "--heads", log) == 1


def _rebuild_chain(database) -> None:  # type: ignore[no-untyped-def]
    """Rebuild the chain, like an attacker with the database who knows how the chain is made."""
    for table in (AuditPersonal, AuditEntry):
        for row in database.exec(select(table)):
            database.delete(row)
        database.flush()
    head = database.exec(select(AuditHead)).one()
    head.sequence, head.hash = 0, bytes(32)
    database.add(head)
    database.flush()
    for number in range(6):
        trail.append(database, Clock().now, "nothing happened", {"number": number}, {})


def test_a_head_without_centrals_signature_is_ignored(
    service: Service, operator: Operator, folder: Path
) -> None:
    entries(service.services)
    assert operator.run("audit", "sign") == 0
    log = folder / "log"
    log.write_text(operator.out.replace('"sequence":3', '"sequence":2') + "audit head {nonsense}\n")
    assert operator.run("audit", "verify", "--heads", log) == 0


def test_kiosks_get_the_signed_head(service: Service, kiosk: KioskClient) -> None:
    assert kiosk.get("/changes").json()["audit"] is None
    entries(service.services)
    housekeeping.keep_house(service.services)
    assert kiosk.get("/changes").json()["audit"]["sequence"] >= 3


# ---------------------------------------------------------------- alerts


def test_it_gets_a_letter_when_a_kiosk_falls_silent(
    service: Service, kiosk: KioskClient, clock: Clock
) -> None:
    kiosk.token  # noqa: B018
    clock.pass_time(2 * DAY)
    services = service.services
    object.__setattr__(services, "alerts_to", "it@trust.example")
    for _ in range(3):
        housekeeping.keep_house(services)
    notices.deliver(services)
    ((address, letter),) = service.mailbox.letters
    assert address == "it@trust.example"
    assert "kiosk silent: ward 7" in letter.text


# ---------------------------------------------------------------- retention


def keep_no_longer(service: Service) -> None:
    with service.services.database.transaction() as database:
        retention.apply(database, service.clock.now)


def test_old_rows_are_deleted_except_evidence_of_a_cards_key(
    service: Service, kiosk: KioskClient, card: PersonalCard, operator: Operator, clock: Clock
) -> None:
    trusted = TrustedCard()
    kiosk.know(trusted)
    trust_authority(service, trusted.authority)
    Desk(kiosk, trusted).log_in()
    end = {"kind": "visit end", "session": str(kiosk.opened(card).session), "facts": 0}
    bare = {"id": str(uuid4()), "recorded_at": "2025-01-01T03:00:00Z"}
    assert kiosk.report({**bare, "fact": end}) == ["applied"]
    kiosk.granted(card)
    clock.pass_time(100 * DAY)
    keep_no_longer(service)
    with service.services.database.reading() as database:
        assert len(database.exec(select(UnlockSession)).all()) == 1
        assert len(database.exec(select(GrantRow)).all()) == 1
        for table in (LoginSession, EmailedCode):
            assert database.exec(select(table)).all() == []
        assert database.exec(select(AuditPersonal)).first() is not None
    clock.pass_time(700 * DAY)
    keep_no_longer(service)
    with service.services.database.reading() as database:
        assert database.exec(select(AuditPersonal)).all() == []
    assert operator.run("audit", "verify") == 0


def test_the_service_applies_retention_once_a_day(service: Service, kiosk: KioskClient) -> None:
    kiosk.token  # noqa: B018
    for days, kept in ((0, 1), (0.5, 1), (1.5, 0)):
        service.clock.now = Clock().now + timedelta(days=days)
        if days == 0:
            with service.services.database.transaction() as database:
                code = EmailedCode(
                    session_id=uuid4(), address="n@nhs.net", verifier=b"v", sent_at=Clock().now
                )
                database.add(code)
        housekeeping.keep_house(service.services)
        with service.services.database.reading() as database:
            assert len(database.exec(select(EmailedCode)).all()) == kept


def test_a_retention_time_can_be_changed(operator: Operator, service: Service) -> None:
    assert operator.run("retention", "apply", "--days", "gossip", "1") == 2
    operator.does("retention", "apply", "--days", "log-ins", "30")
    assert {row["what"] for row in operator.listed("retention", "show")} >= {"log-ins", "packs"}


def test_a_cardholder_is_erased_and_the_audit_still_verifies(
    service: Service, kiosk: KioskClient, card: PersonalCard, operator: Operator
) -> None:
    kiosk.granted(card)
    with service.services.database.transaction() as database:
        database.exec(select(Cardholder)).one().uuid = "123456789012"
    assert operator.run("cardholders", "erase", "999999999999") == 2
    operator.does("cardholders", "erase", "123456789012")
    with service.services.database.reading() as database:
        holder = database.exec(select(Cardholder)).one()
        assert (holder.name, holder.email, holder.uuid) == ("erased", "", "")
        assert database.exec(select(Registration)).all() == []
        assert database.exec(select(Card)).one().status == "leaver"
        assert not any(
            each.fields.get("cardholder") == holder.id
            for each in database.exec(select(AuditPersonal))
        )
    assert operator.run("audit", "verify") == 0
