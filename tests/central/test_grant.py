# SPDX-License-Identifier: Apache-2.0
"""Grants follow the order of the card's visits, are repeatable, and never risk the last tries."""

from __future__ import annotations

import string

import pytest
from sqlmodel import select

from kiosk.central.tables import AuditEntry, Card, EscrowedKey, GrantRow
from kiosk.contract.messages import CardCommand, Grant
from tests.central.world import KioskClient, PersonalCard, Service, item, problem


@pytest.fixture
def elsewhere(service: Service, card: PersonalCard) -> KioskClient:
    """Return another kiosk of the same organisation."""
    other = service.kiosk("ward 8")
    other.know(card)
    return other


def kinds(service: Service) -> list[str]:
    with service.services.database.transaction() as database:
        return list(database.exec(select(AuditEntry.kind)))


# ---------------------------------------------------------------- when a grant is given


def test_no_grant_is_given_before_the_answers(kiosk: KioskClient, card: PersonalCard) -> None:
    assert problem(kiosk.ask_grant(kiosk.opened(card).session)) == "out-of-order"


def test_a_repeated_request_gives_the_same_grant_and_counts_once(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    session = kiosk.accepted(card)
    first = kiosk.ask_grant(session)
    assert first.status_code == 200
    assert kiosk.ask_grant(session).content == first.content
    with service.services.database.transaction() as database:
        assert len(database.exec(select(GrantRow)).all()) == 1


def test_a_grant_is_valid_for_one_visit(kiosk: KioskClient, card: PersonalCard) -> None:
    session = kiosk.accepted(card)
    answer = kiosk.ask_grant(session)
    assert answer.headers["Cache-Control"] == "no-store"
    grant = Grant.model_validate_json(answer.text)
    kiosk.report(item(grant, 0, CardCommand.UNBLOCK, 0, None))
    assert problem(kiosk.ask_grant(session)) == "expired"


def test_a_session_ends_when_the_card_proves_its_identity_elsewhere(
    kiosk: KioskClient, elsewhere: KioskClient, card: PersonalCard
) -> None:
    here = kiosk.accepted(card)
    there = elsewhere.accepted(card)
    assert problem(kiosk.ask_grant(here)) == "expired"
    assert elsewhere.ask_grant(there).status_code == 200


def test_a_grant_is_not_repeated_after_a_visit_elsewhere(
    kiosk: KioskClient, elsewhere: KioskClient, card: PersonalCard
) -> None:
    here = kiosk.accepted(card)
    assert kiosk.ask_grant(here).status_code == 200
    elsewhere.granted(card)
    assert problem(kiosk.ask_grant(here)) == "expired"


def test_a_session_opened_before_the_latest_grant_gets_none(
    kiosk: KioskClient, card: PersonalCard
) -> None:
    """The report that opened the session knows nothing of what was done to the card since."""
    stale = kiosk.opened(card)
    kiosk.granted(card)
    assert kiosk.answer(card, stale).status_code == 200
    assert problem(kiosk.ask_grant(stale.session)) == "expired"


# ---------------------------------------------------------------- the pair


def test_the_pair_stays_until_the_next_key_is_proven(
    kiosk: KioskClient, elsewhere: KioskClient
) -> None:
    card = kiosk.know(PersonalCard(unblocking_maximum=5))
    lost = kiosk.granted(card)
    again = elsewhere.granted(card)
    assert (again.current, again.next) == (lost.current, lost.next)
    assert again.second_allowed
    assert again.second_needs_tries_left == 4

    late = item(lost, 4, CardCommand.CHANGE, 1, "9000")
    assert kiosk.report(late) == ["applied"]  # by the kiosk's word alone
    signature = kiosk.attest(card, lost, 1)
    kiosk.report(item(lost, 5, CardCommand.ATTEST, 1, "9000", signature=signature))
    settled = elsewhere.granted(card)
    assert settled.current == lost.next
    assert not settled.second_allowed


def test_a_candidate_sent_without_an_answer_is_not_sent_first_again(kiosk: KioskClient) -> None:
    card = kiosk.know(PersonalCard(unblocking_maximum=5))
    first = kiosk.granted(card)
    kiosk.report(item(first, 0, CardCommand.UNBLOCK, 0, None))
    assert kiosk.granted(card).first == 1


def test_keys_differ_between_cards_and_generations(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    other = kiosk.know(PersonalCard())
    with service.services.database.transaction() as database:
        cards = database.exec(select(Card)).all()
        escrow = service.services.escrow
        keys = [escrow.key(database, c, g).reveal() for c in cards for g in range(1, 200)]
        assert escrow.key(database, cards[0], 1).reveal() == keys[0]
    assert len(set(keys)) == len(keys)
    allowed = (string.ascii_letters + string.digits).encode()
    assert all(len(key) == 8 and set(key) <= set(allowed) for key in keys)
    # 3184 characters of 62 kinds: all kinds occur.
    assert {byte for key in keys for byte in key} == set(allowed)
    assert kiosk.granted(other).next != kiosk.granted(card).next


# ---------------------------------------------------------------- the last two tries


def unheard_of(kiosk: KioskClient, card: PersonalCard, **how: int) -> Grant:
    """Run a visit of which no fact ever arrives."""
    return kiosk.granted(card, **how)


def test_the_last_two_tries_are_never_spent(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    unheard_of(kiosk, card)
    guess = unheard_of(kiosk, card)
    assert problem(kiosk.open(card)) == "card-frozen"
    assert problem(kiosk.open(card)) == "card-frozen"
    assert kinds(service).count("card.frozen") == 1

    service.restart()
    assert problem(kiosk.open(card)) == "card-frozen"

    assert kiosk.report(item(guess, 1, CardCommand.UNBLOCK, 0, "9000")) == ["applied"]
    assert problem(kiosk.open(card)) == "card-frozen"
    kiosk.finish(card, guess)
    assert kinds(service).count("card.thawed") == 1
    kiosk.granted(card)


def test_a_card_that_freezes_while_its_holder_answers_gets_no_grant(
    kiosk: KioskClient, card: PersonalCard
) -> None:
    grant = unheard_of(kiosk, card)
    session = kiosk.accepted(card)
    kiosk.report(
        item(grant, 0, CardCommand.UNBLOCK, 0, None),
        item(grant, 1, CardCommand.UNBLOCK, 0, "63C2"),
    )
    assert problem(kiosk.ask_grant(session)) == "card-frozen"


def test_a_reported_counter_is_trusted(kiosk: KioskClient, card: PersonalCard) -> None:
    for _ in range(4):
        unheard_of(kiosk, card, unblocking=3)
    assert problem(kiosk.open(card, unblocking=2)) == "card-frozen"
    assert problem(kiosk.open(card, unblocking=1)) == "card-frozen"
    assert kiosk.open(card, unblocking=3).status_code == 200


def test_a_card_with_more_tries_may_be_guessed_at_more_often(kiosk: KioskClient) -> None:
    generous = kiosk.know(PersonalCard(unblocking_maximum=7))
    needs = [unheard_of(kiosk, generous).second_needs_tries_left for _ in range(4)]
    assert needs == [6, 6, 4, 2]
    assert problem(kiosk.open(generous)) == "card-frozen"


def test_a_key_that_cannot_be_produced_leaves_no_grant_behind(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    session = kiosk.accepted(card)
    with service.services.database.transaction() as database:
        wrapped = database.exec(select(EscrowedKey)).one()
        wrapped.wrapped = bytes(len(wrapped.wrapped))
    assert problem(kiosk.ask_grant(session)) == "internal"
    with service.services.database.transaction() as database:
        assert database.exec(select(GrantRow)).first() is None
