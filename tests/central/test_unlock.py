# SPDX-License-Identifier: Apache-2.0
"""An unlock over real HTTP, from the first request to the last report, and its refusals."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlmodel import Session, col, select

from kiosk.central.registration import registrations
from kiosk.central.service.sessions import SESSION_LIFE
from kiosk.central.tables import AuditEntry, Card, CardStatus, Registration, SealedEnvelope
from kiosk.contract.messages import CardCommand
from kiosk.values import Secret
from tests.central.world import (
    IMPORTED_KEY,
    QUESTIONS,
    WRONG,
    Clock,
    KioskClient,
    PersonalCard,
    Service,
    item,
    problem,
)


def test_a_card_is_unlocked_and_its_key_renewed(kiosk: KioskClient, card: PersonalCard) -> None:
    grant = kiosk.granted(card)

    assert grant.current.key == IMPORTED_KEY.encode()
    assert (grant.first, grant.second_allowed, grant.renew) == (0, False, True)
    assert grant.next is not None
    assert grant.next.generation == 1
    assert len(grant.next.key or b"") == 8

    statuses = kiosk.report(
        item(grant, 0, CardCommand.UNBLOCK, 0, None),
        item(grant, 1, CardCommand.UNBLOCK, 0, "9000"),
        item(grant, 2, CardCommand.VERIFY, 0, "9000"),
        item(grant, 3, CardCommand.CHANGE, 1, None),
        item(grant, 4, CardCommand.CHANGE, 1, "9000"),
        item(grant, 5, CardCommand.ATTEST, 1, "9000", signature=kiosk.attest(card, grant, 1)),
    )
    assert statuses == ["applied"] * 6

    again = kiosk.granted(card)
    assert again.current == grant.next
    assert (again.first, again.second_allowed) == (1, False)


def test_the_registered_questions_are_asked_in_their_order(
    kiosk: KioskClient, card: PersonalCard
) -> None:
    opened = kiosk.opened(card)
    assert tuple(question.id for question in opened.questions) == QUESTIONS
    assert opened.required == 3
    assert opened.proof_required


# ---------------------------------------------------------------- opening again


def test_opening_a_session_again_changes_nothing(kiosk: KioskClient, card: PersonalCard) -> None:
    session = uuid4()
    assert kiosk.opened(card, session=session) == kiosk.opened(card, session=session)
    assert kiosk.opened(card).nonce != kiosk.opened(card).nonce


def test_a_session_belongs_to_one_kiosk_and_one_card(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    session = kiosk.opened(card).session
    other_card = kiosk.know(PersonalCard())
    assert problem(kiosk.open(other_card, session=session)) == "out-of-order"

    other_kiosk = service.kiosk("ward 8")
    other_kiosk.know(card)
    assert problem(other_kiosk.open(card, session=session)) == "out-of-order"
    opened = kiosk.opened(card, session=session)
    assert problem(other_kiosk.answer(card, opened)) == "not-found"
    assert problem(other_kiosk.ask_grant(session)) == "not-found"


def test_a_session_expires(kiosk: KioskClient, card: PersonalCard, clock: Clock) -> None:
    opened = kiosk.opened(card)
    clock.pass_time(SESSION_LIFE.total_seconds())
    assert problem(kiosk.open(card, session=opened.session)) == "expired"
    assert problem(kiosk.answer(card, opened)) == "expired"
    assert problem(kiosk.ask_grant(opened.session)) == "expired"


def test_a_restart_in_the_middle_is_not_noticed(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    opened = kiosk.opened(card)
    service.restart()
    assert kiosk.answer(card, opened).status_code == 200
    service.restart()
    grant = kiosk.ask_grant(opened.session).json()
    service.restart()
    assert kiosk.ask_grant(opened.session).json() == grant


# ---------------------------------------------------------------- refusals


def test_foreign_and_unknown_cards_get_the_same_answer(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    foreign = service.kiosk("elsewhere", "Trust B").know(PersonalCard())
    answers = [kiosk.open(foreign), kiosk.open(PersonalCard())]
    assert [problem(answer) for answer in answers] == ["card-not-known"] * 2
    assert answers[0].content == answers[1].content
    headers = [{k: v for k, v in a.headers.items() if k != "date"} for a in answers]
    assert headers[0] == headers[1]


@pytest.mark.parametrize("status", [status for status in CardStatus if status != "active"])
def test_stopped_cards_are_refused_at_every_step(
    service: Service, kiosk: KioskClient, card: PersonalCard, status: CardStatus
) -> None:
    opened, session = kiosk.opened(card), kiosk.accepted(card)
    with service.services.database.transaction() as database:
        database.exec(select(Card)).one().status = status
    assert problem(kiosk.open(card)) == "card-stopped"
    assert problem(kiosk.answer(card, opened)) == "card-stopped"
    assert problem(kiosk.ask_grant(session)) == "card-stopped"


def forget_registration(database: Session) -> None:
    for table in (SealedEnvelope, Registration):
        for row in database.exec(select(table)):
            database.delete(row)
        database.flush()


def test_a_card_without_registration_is_refused_with_that_reason(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    with service.services.database.transaction() as database:
        forget_registration(database)
    assert problem(kiosk.open(card)) == "not-registered"


def test_a_new_registration_ends_open_sessions(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    opened, session = kiosk.opened(card), kiosk.accepted(card)
    with service.services.database.transaction() as database:
        pinned = database.exec(select(Registration)).one().card_authentication_key
        forget_registration(database)
        stored = database.exec(select(Card)).one()
        answers = [(question, Secret(b"new")) for question in QUESTIONS]
        registrations.add(database, service.services.master, stored, answers, pinned)
    assert problem(kiosk.answer(card, opened)) == "expired"
    assert problem(kiosk.ask_grant(session)) == "expired"


def test_refusals_are_audited(
    service: Service, kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    kiosk.answer(card, kiosk.opened(card), WRONG)
    assert problem(kiosk.open(card)) == "wait"
    clock.pass_time(60)
    with service.services.database.transaction() as database:
        database.exec(select(Registration)).one().locked = True
    assert problem(kiosk.open(card)) == "locked-out"
    with service.services.database.transaction() as database:
        database.exec(select(Card)).one().status = CardStatus.LOST
    assert problem(kiosk.open(card)) == "card-stopped"
    with service.services.database.transaction() as database:
        refused = select(AuditEntry.details).where(AuditEntry.kind == "unlock.refused")
        details = database.exec(refused.order_by(col(AuditEntry.sequence))).all()
    assert [one["problem"] for one in details] == ["wait", "locked-out", "card-stopped"]
    assert {one["kiosk"] for one in details} == {kiosk.name}
