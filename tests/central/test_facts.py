# SPDX-License-Identifier: Apache-2.0
"""Reports: every item gets an answer, and each fact is applied once."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from kiosk.central.operations import reporting
from kiosk.central.tables import AuditEntry, Bearing, Card, FactRow
from kiosk.contract.messages import CardCommand, Grant
from tests.central.desk import Operator
from tests.central.world import KioskClient, PersonalCard, Service, item, problem, visit_end


def outcomes(kiosk: KioskClient, *items: dict[str, Any]) -> list[tuple[str, str]]:
    answer = kiosk.post("/reports", {"items": items})
    assert answer.status_code == 200, answer.text
    answered = answer.json()["items"]
    assert [one["id"] for one in answered] == [one["id"] for one in items]
    return [(one["status"], one["reason"]) for one in answered]


def whole_visit(kiosk: KioskClient, card: PersonalCard, grant: Grant) -> list[dict[str, Any]]:
    return [
        item(grant, 0, CardCommand.UNBLOCK, 0, None),
        item(grant, 1, CardCommand.UNBLOCK, 0, "9000"),
        item(grant, 2, CardCommand.VERIFY, 0, "9000"),
        item(grant, 3, CardCommand.CHANGE, 1, None),
        item(grant, 4, CardCommand.CHANGE, 1, "9000"),
        item(grant, 5, CardCommand.ATTEST, 1, "9000", signature=kiosk.attest(card, grant, 1)),
    ]


def test_items_in_any_order_and_number_are_applied_once(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    items = whole_visit(kiosk, card, kiosk.granted(card))
    shuffled = [*items, *items]
    random.Random(7).shuffle(shuffled)
    statuses = [status for one in shuffled for status, _ in outcomes(kiosk, one)]
    assert sorted(statuses) == ["applied"] * 6 + ["known"] * 6
    service.restart()
    assert outcomes(kiosk, *items, *items) == [("known", "")] * 12
    assert kiosk.granted(card).current.generation == 1
    with service.services.database.transaction() as database:
        assert len(database.exec(select(FactRow)).all()) == 6
        kinds = list(database.exec(select(AuditEntry.kind)))
    assert kinds.count("key.proven") == 1
    assert kinds.count("card.unlocked") == 1


def test_an_expired_session_still_accepts_its_facts(kiosk: KioskClient, card: PersonalCard) -> None:
    old = kiosk.granted(card)
    kiosk.finish(card, kiosk.granted(card))
    newer = kiosk.granted(card)
    assert newer.current.generation == 1
    assert kiosk.report(*whole_visit(kiosk, card, old)) == ["applied"] * 6
    assert kiosk.granted(card).current.generation == 1


def test_grants_of_other_kiosks_and_organisations_are_refused_item_by_item(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    mine = kiosk.granted(card)
    neighbour, stranger = service.kiosk("ward 8"), service.kiosk("far away", "Trust B")
    neighbour.know(card)
    stranger.know(PersonalCard())
    good = item(mine, 1, CardCommand.UNBLOCK, 0, "9000")
    unknown = item(mine, 1, CardCommand.UNBLOCK, 0, "9000")
    unknown["fact"]["grant"] = str(uuid4())
    for other in (neighbour, stranger):
        assert outcomes(other, good) == [("refused", "grant not known")]
    assert outcomes(kiosk, unknown, good) == [("refused", "grant not known"), ("applied", "")]
    assert outcomes(neighbour, good) == [("refused", "grant not known")]


def test_an_id_identifies_one_fact(kiosk: KioskClient, card: PersonalCard) -> None:
    grant = kiosk.granted(card)
    first = item(grant, 1, CardCommand.UNBLOCK, 0, "63C2")
    forged = item(grant, 1, CardCommand.UNBLOCK, 0, "9000") | {"id": first["id"]}
    assert outcomes(kiosk, first, forged) == [("applied", ""), ("refused", "id taken")]


@pytest.mark.parametrize(
    ("command", "generation"),
    [(CardCommand.UNBLOCK, 2), (CardCommand.CHANGE, 0), (CardCommand.CHANGE, 2)],
)
def test_a_fact_that_the_grant_did_not_allow_is_kept_and_changes_nothing(
    service: Service, kiosk: KioskClient, card: PersonalCard, command: CardCommand, generation: int
) -> None:
    grant = kiosk.granted(card)
    before = pair(kiosk.granted(card))
    lie = item(grant, 0, command, generation, "9000")
    assert outcomes(kiosk, lie, lie) == [("applied", ""), ("known", "")]
    assert "fact.not-allowed" in kinds(service)
    with service.services.database.reading() as database:
        assert database.get_one(FactRow, UUID(lie["id"])).bearing == Bearing.NOT_ALLOWED
        alerts = dict(reporting.alerts(database, service.clock(), timedelta(hours=24)))
    assert alerts["reports that no grant allowed"] == "ward 7: 1"
    assert before == ((0, 1), 0, True)


def pair(grant: Grant) -> tuple[tuple[int, int | None], int, bool]:
    following = grant.next.generation if grant.next else None
    return (grant.current.generation, following), grant.first, grant.second_allowed


def test_a_change_under_a_grant_that_renews_nothing_moves_no_key(
    service: Service, kiosk: KioskClient
) -> None:
    """The kiosk invents it: the card carries the imported key, and the pair keeps it."""
    card = kiosk.know(PersonalCard(unblocking_maximum=9))
    with service.services.database.transaction() as database:
        database.exec(select(Card).where(Card.serial == card.serial)).one().login_after = None
    for _ in range(2):
        grant = kiosk.granted(card)
        assert not grant.renew
        kiosk.report(
            item(grant, 0, CardCommand.UNBLOCK, 0, "9000"),
            item(grant, 1, CardCommand.CHANGE, 1, "9000"),
            item(grant, 2, CardCommand.UNBLOCK, 1, "9000"),
            end(grant.session, 3),
        )
    assert pair(kiosk.granted(card)) == ((0, 1), 0, False)


def test_a_renewal_is_invented_under_a_grant_that_allows_it(kiosk: KioskClient) -> None:
    """Both keys stay in the pair, and nothing is renewed again before the card has signed."""
    card = kiosk.know(PersonalCard(unblocking_maximum=9))
    grant = kiosk.granted(card)
    assert grant.renew
    kiosk.report(
        *(
            item(grant, n, command, generation, status)
            for n, (command, generation, status) in enumerate(
                [
                    (CardCommand.UNBLOCK, 0, None),
                    (CardCommand.UNBLOCK, 0, "9000"),
                    (CardCommand.CHANGE, 1, None),
                    (CardCommand.CHANGE, 1, "9000"),
                ]
            )
        ),
        end(grant.session, 4),
    )
    again = kiosk.granted(card)
    assert pair(again) == ((0, 1), 1, True)
    assert not again.renew
    kiosk.finish(card, again)
    settled = kiosk.granted(card)
    assert (pair(settled), settled.renew) == (((1, 2), 1, False), True)


def test_a_closed_visit_stays_closed(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    grant = kiosk.granted(card)
    kiosk.finish(card, grant, renews=False)
    late = [
        item(grant, 4, CardCommand.CHANGE, 1, "9000"),
        item(grant, 1, CardCommand.UNBLOCK, 0, "63C0"),
        end(grant.session, 9),
    ]
    assert outcomes(kiosk, *late) == [("applied", "")] * 3
    assert kinds(service).count("fact.too-late") == 2
    assert pair(kiosk.granted(card)) == ((0, 1), 0, False)


def test_a_settled_card_that_refuses_its_key_names_what_its_kiosk_signed_for(
    service: Service, kiosk: KioskClient, card: PersonalCard, operator: Operator
) -> None:
    """A kiosk that held the card had it sign for a key that it does not carry."""
    liar, honest = service.kiosk("ward 9"), service.kiosk("ward 8")
    others = [liar.know(PersonalCard()) for _ in range(2)]
    for each in (card, *others):
        liar.finish(each, liar.granted(each))
    grant = honest.granted(card)
    honest.report(
        item(grant, 0, CardCommand.UNBLOCK, 1, None),
        item(grant, 1, CardCommand.UNBLOCK, 1, "63C2"),
        end(grant.session, 2),
    )
    assert problem(honest.open(card)) == "card-frozen"
    with service.services.database.reading() as database:
        alerts = dict(reporting.alerts(database, service.clock(), timedelta(hours=24)))
    told = alerts["card refused its key"]
    assert "ward 9" in told
    assert all(each.serial in told for each in (card, *others))
    operator.does("cards", "thaw", card.serial, "--tries", 2, "--carries", 0)
    assert pair(honest.granted(card)) == ((0, 1), 0, False)


def test_counters_of_a_card_that_has_not_proved_itself_refuse_this_session_only(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    assert problem(kiosk.open(card, unblocking=1)) == "card-frozen"
    assert "card.frozen" not in kinds(service)
    assert kiosk.granted(card).first == 0


@pytest.mark.parametrize("signed", ["by the card", "by another", "for another generation", "not"])
def test_an_attest_counts_when_the_card_signed_it(
    service: Service, kiosk: KioskClient, card: PersonalCard, signed: str
) -> None:
    grant = kiosk.granted(card)
    signature = {
        "by the card": kiosk.attest(card, grant, 1),
        "by another": kiosk.attest(PersonalCard(serial=card.serial), grant, 1),
        "for another generation": kiosk.attest(card, grant, 0),
        "not": None,
    }[signed]
    attest = item(grant, 5, CardCommand.ATTEST, 1, "9000", signature=signature)
    assert kiosk.report(attest) == ["applied"]
    genuine = signed == "by the card"
    with service.services.database.transaction() as database:
        assert database.exec(select(FactRow.genuine)).one() is genuine
        kinds = list(database.exec(select(AuditEntry.kind)))
    assert ("card.unlocked" in kinds) is genuine
    assert ("card.attest-not-genuine" in kinds) is not genuine
    assert kiosk.granted(card).current.generation == (1 if genuine else 0)


def test_a_malformed_report_applies_nothing(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    good = item(kiosk.granted(card), 1, CardCommand.UNBLOCK, 0, "9000")
    bad = good | {"id": "not an id"}
    assert problem(kiosk.post("/reports", {"items": [good, bad]})) == "invalid-request"
    with service.services.database.transaction() as database:
        assert database.get(FactRow, UUID(good["id"])) is None


# ---------------------------------------------------------------- ends of visits


end = visit_end


def kinds(service: Service) -> list[str]:
    with service.services.database.transaction() as database:
        return list(database.exec(select(AuditEntry.kind).order_by(col(AuditEntry.sequence))))


def test_an_end_takes_no_charge_away(service: Service, kiosk: KioskClient) -> None:
    """The kiosk says that nothing was sent, but its disk may have been rolled back."""
    card = kiosk.know(PersonalCard(unblocking_maximum=9))
    lost = kiosk.granted(card)
    ended = end(lost.session, 0)
    assert outcomes(kiosk, ended, ended) == [("applied", ""), ("known", "")]
    service.restart()
    assert outcomes(kiosk, ended) == [("known", "")]
    assert kiosk.granted(card).second_allowed
    assert kinds(service).count("visit.ended") == 1


def test_visits_that_ended_before_the_card_work_cost_tries_until_the_card_signs(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    first, second = (kiosk.granted(card) for _ in range(2))
    for grant in (first, second):
        assert outcomes(kiosk, end(grant.session, 0)) == [("applied", "")]
    assert problem(kiosk.open(card)) == "card-frozen"
    assert kinds(service).count("card.frozen") == 1
    signature = kiosk.attest(card, second, 0)
    late = item(second, 9, CardCommand.ATTEST, 0, "9000", signature=signature)
    assert outcomes(kiosk, late) == [("applied", "")]
    assert kinds(service)[-1] == "card.thawed"
    kiosk.granted(card)


@pytest.mark.parametrize("granted", [False, True])
def test_an_ended_session_gets_no_grant(
    service: Service, kiosk: KioskClient, card: PersonalCard, granted: bool
) -> None:
    session = kiosk.accepted(card)
    if granted:
        assert kiosk.ask_grant(session).status_code == 200
    assert outcomes(kiosk, end(session, 0)) == [("applied", "")]
    assert problem(kiosk.ask_grant(session)) == "expired"
    service.restart()
    assert problem(kiosk.ask_grant(session)) == "expired"
    assert kiosk.granted(card).second_allowed is granted


def test_contradictory_ends_settle_nothing(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    session = kiosk.granted(card).session
    same = end(session, 0), end(session, 0)
    assert outcomes(kiosk, *same) == [("applied", "")] * 2
    assert "visit.ends-differ" not in kinds(service)
    assert outcomes(kiosk, end(session, 3)) == [("applied", "")]
    assert "visit.ends-differ" in kinds(service)
    assert outcomes(kiosk, end(session, 0)) == [("applied", "")]
    assert kiosk.granted(card).second_allowed


def test_ends_of_other_kiosks_and_unknown_sessions_are_refused(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    session = kiosk.accepted(card)
    neighbour = service.kiosk("ward 8")
    neighbour.know(card)
    for other, named in ((neighbour, session), (kiosk, uuid4())):
        assert outcomes(other, end(named, 0)) == [("refused", "session not known")]
    assert kiosk.ask_grant(session).status_code == 200


def test_an_id_identifies_one_fact_or_one_end(kiosk: KioskClient, card: PersonalCard) -> None:
    grant = kiosk.granted(card)
    fact, ended = item(grant, 0, CardCommand.UNBLOCK, 0, None), end(grant.session, 1)
    assert kiosk.report(fact, ended) == ["applied"] * 2
    for forged in (
        end(grant.session, 1) | {"id": fact["id"]},
        end(grant.session, 2) | {"id": ended["id"]},
        item(grant, 1, CardCommand.UNBLOCK, 0, "9000") | {"id": ended["id"]},
    ):
        assert outcomes(kiosk, forged) == [("refused", "id taken")]
