# SPDX-License-Identifier: Apache-2.0
"""A thief with a copy of a kiosk's disk: its device key, its shown keys, and card numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import select

from kiosk.central.evidence import epochs
from kiosk.central.lending import boot_keys, pack_issue
from kiosk.central.operations import housekeeping, reporting
from kiosk.central.tables import AuditEntry, Installation, Kiosk, LeaseCards, LoginSession
from tests.central.borrower import (
    Borrower,
    allow,
    answers,
    attempt,
    card_row,
    end,
    pack_rows,
)
from tests.central.desk import Operator
from tests.central.world import WRONG, Clock, KioskClient, PersonalCard, problem

HOUR = 3600.0
LEASE = 12 * HOUR
FAR_AWAY = 2**31 - 1
"""The last place of a page that a request may name; there are no cards behind it."""


@pytest.fixture
def borrower(kiosk: KioskClient, card: PersonalCard) -> Borrower:
    allow(kiosk)
    return Borrower(kiosk)


def thief_of(borrower: Borrower) -> Borrower:
    """Return a thief with what is on the kiosk's disk now; the device key is the client's."""
    return Borrower(borrower.client, shown=list(borrower.client.shown_keys))


def later(kiosk: KioskClient, seconds: float = 60) -> None:
    """Let time pass, after which the next request comes with a new token."""
    kiosk.service.clock.pass_time(seconds)
    kiosk.authenticate()


def serials(borrower: Borrower) -> set[str]:
    return {pack.serial for pack in borrower.ask(anew=True)}


def cards_of(kiosk: KioskClient, number: int) -> list[PersonalCard]:
    return [kiosk.know(PersonalCard()) for _ in range(number)]


def is_copied(kiosk: KioskClient) -> bool:
    with kiosk.service.services.database.reading() as database:
        row = database.exec(select(Kiosk).where(Kiosk.name == kiosk.name)).one()
        return row.copied_at is not None


# ---------------------------------------------------------------- seen is what a card proved


@pytest.mark.parametrize("how", ["opened", "signed", "offline"])
def test_a_kiosks_word_and_a_cards_own_signature_make_no_card_seen(
    borrower: Borrower, kiosk: KioskClient, card: PersonalCard, how: str
) -> None:
    if how == "offline":
        (pack,) = borrower.ask()
        kiosk.report(attempt(pack), answers(pack, right=True), end(pack, 1))
        later(kiosk, LEASE)
    elif how == "opened":
        kiosk.opened(card)
    else:
        assert kiosk.answer(card, kiosk.opened(card), WRONG).status_code == 403
    allow(kiosk, cards=LeaseCards.SEEN)
    assert borrower.ask(anew=True) == []


@pytest.mark.parametrize("how", ["answers", "login"])
def test_right_answers_and_a_login_make_a_card_seen(
    borrower: Borrower, kiosk: KioskClient, card: PersonalCard, how: str
) -> None:
    allow(kiosk, cards=LeaseCards.SEEN)
    if how == "answers":
        kiosk.accepted(card)
    else:
        log_in(kiosk, card)
    assert serials(borrower) == {card.serial}


def log_in(kiosk: KioskClient, card: PersonalCard) -> None:
    """Store a login that the card has signed for, as `card_login` does."""
    with kiosk.service.services.database.transaction() as database:
        row = database.exec(select(Kiosk).where(Kiosk.name == kiosk.name)).one()
        now = kiosk.service.clock.now
        database.add(
            LoginSession(
                id=uuid4(),
                kiosk_id=row.id,
                card_id=card_row(kiosk, card).id,
                nonce=b"nonce",
                opened_at=now,
                proved_at=now,
            )
        )


def test_opening_a_card_elsewhere_takes_no_pack_from_its_kiosk(
    borrower: Borrower, kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    allow(kiosk, cards=LeaseCards.SEEN)
    kiosk.accepted(card)
    clock.pass_time(60)
    kiosk.service.kiosk("ward 8").opened(card)
    assert serials(borrower) == {card.serial}


# ---------------------------------------------------------------- nothing said ends a lease


def test_a_place_far_away_ends_no_lease(borrower: Borrower, kiosk: KioskClient) -> None:
    (pack,) = borrower.ask()
    page, _ = Borrower(kiosk)._page(FAR_AWAY, anew=True)
    assert page.packs == ()
    (row,) = pack_rows(kiosk)
    assert (row.id, row.ended_at, row.accounted) == (pack.pack, None, False)


def test_a_place_beyond_all_is_no_request(borrower: Borrower) -> None:
    """PostgreSQL's integers end before it."""
    assert problem(borrower.request(FAR_AWAY + 1)) == "invalid-request"


@pytest.mark.parametrize("trick", ["new keys", "given back", "far away"])
def test_the_bound_is_on_the_cards_of_a_kiosk(
    borrower: Borrower, kiosk: KioskClient, monkeypatch: pytest.MonkeyPatch, trick: str
) -> None:
    cards_of(kiosk, 5)
    monkeypatch.setattr(pack_issue, "MOST_LENT", 2)
    lent: set[str] = set()
    place = 0
    for _ in range(3):
        page, _ = borrower._page(place, anew=True)
        packs = [borrower.open(each.sealed) for each in page.packs]
        place = max(row.card_id for row in pack_rows(kiosk))  # go on behind the last one lent
        lent |= {pack.serial for pack in packs}
        if trick == "given back":
            if packs:
                kiosk.report(*(end(pack) for pack in packs))
        else:
            borrower = Borrower(kiosk)
            borrower._page(FAR_AWAY if trick == "far away" else 0, anew=True)
    assert len(lent) == 2
    later(kiosk, LEASE + 1)
    assert len(serials(borrower)) == 2


def test_a_pack_that_was_given_back_stays_in_the_ledger_until_its_lease_is_over(
    borrower: Borrower, kiosk: KioskClient
) -> None:
    (pack,) = borrower.ask()
    kiosk.report(end(pack))
    other = Borrower(kiosk.service.kiosk("ward 8"))
    assert not pack.proven
    assert other.ask() == []  # the first kiosk may still waste a try with it
    later(kiosk, LEASE)
    other.client.authenticate()
    assert len(other.ask()) == 1


def test_a_pack_that_nobody_accounts_for_stays_in_the_ledger_after_its_lease(
    borrower: Borrower, kiosk: KioskClient
) -> None:
    (pack,) = borrower.ask()
    other = Borrower(kiosk.service.kiosk("ward 8"))
    later(kiosk, 3 * LEASE)
    assert other.ask() == []
    kiosk.report(end(pack))
    assert len(other.ask()) == 1


def test_a_retired_kiosks_leases_go_on(
    borrower: Borrower, kiosk: KioskClient, card: PersonalCard, operator: Operator
) -> None:
    borrower.ask()
    operator.does("kiosks", "retire", kiosk.name)
    kiosk.authenticate()
    assert kiosk.post("/retirement").status_code == 200
    other = kiosk.service.kiosk("ward 8")
    assert not other.granted(card).renew
    assert Borrower(other).ask() == []


# ---------------------------------------------------------------- a new start


def test_a_card_is_lent_again_to_the_kiosks_next_key_and_counts_once(
    borrower: Borrower, kiosk: KioskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack_issue, "MOST_LENT", 1)
    (before,) = borrower.ask()
    (after,) = Borrower(kiosk).ask()
    assert before.pack != after.pack
    assert before.serial == after.serial
    assert not is_copied(kiosk)


def test_an_answer_that_was_lost_is_no_copy(borrower: Borrower, kiosk: KioskClient) -> None:
    borrower.ask()
    lost = Borrower(kiosk, shown=list(kiosk.shown_keys))
    lost.ask()  # central knows its key; the kiosk never heard that
    later(kiosk)
    kiosk.shown_keys.append(lost.sealing_key)
    assert len(Borrower(kiosk).ask()) == 1
    assert not is_copied(kiosk)


def test_many_starts_within_a_lease_raise_an_alarm(
    borrower: Borrower, kiosk: KioskClient, clock: Clock
) -> None:
    def alarms() -> list[str]:
        with kiosk.service.services.database.reading() as database:
            found = reporting.alerts(database, clock.now, timedelta(hours=24))
            return [what for kind, what in found if kind == "kiosk started often"]

    borrower.ask()
    for _ in range(boot_keys.USUAL_STARTS - 1):
        Borrower(kiosk).ask()
    assert alarms() == []
    assert len(Borrower(kiosk).ask()) == 1
    assert alarms() == [f"{kiosk.name}, 4 times within one lease"]
    assert audited(kiosk, "kiosk.started-often") == [{"kiosk": kiosk.name, "starts": 4}]
    clock.pass_time(LEASE)
    assert alarms() == []


def test_a_kiosk_that_starts_all_the_time_is_lent_nothing_more(
    borrower: Borrower, kiosk: KioskClient
) -> None:
    borrower.ask()
    for _ in range(boot_keys.MOST_STARTS - 1):
        assert len(Borrower(kiosk).ask()) == 1
    started = Borrower(kiosk)
    refused = started.request()
    assert problem(refused) == "busy"
    assert 0 < int(refused.headers["Retry-After"]) <= LEASE
    later(kiosk, LEASE + 1)
    assert len(started.ask()) == 1
    assert not is_copied(kiosk)


def audited(kiosk: KioskClient, kind: str) -> list[dict[str, Any]]:
    with kiosk.service.services.database.reading() as database:
        entries = database.exec(select(AuditEntry).where(AuditEntry.kind == kind)).all()
        return [dict(entry.details) for entry in entries]


def alerts(operator: Operator) -> str:
    operator.run("alerts", "--csv")  # it ends with 1 if there are any
    return operator.out


# ---------------------------------------------------------------- two devices, one identity


def test_the_kiosks_next_request_shows_that_it_was_copied(
    borrower: Borrower, kiosk: KioskClient, card: PersonalCard, operator: Operator
) -> None:
    (other,) = cards_of(kiosk, 1)
    borrower.ask()
    assert serials(thief_of(borrower)) == {card.serial, other.serial}
    later(kiosk)
    assert borrower.ask(anew=True) == []
    assert is_copied(kiosk)
    assert f'kiosk copied,"{kiosk.name}, 2025-01-01 03:01 UTC' in alerts(operator)
    assert audited(kiosk, "kiosk.copied") == [{"kiosk": kiosk.name, "packs": 2}]
    marked = {row["serial"] for row in operator.listed("cards", "list", "--renewal-due")}
    assert marked == {card.serial, other.serial}


def test_the_thief_is_found_as_well_if_the_kiosk_started_before_he_asked(
    borrower: Borrower, kiosk: KioskClient
) -> None:
    borrower.ask()
    thief = thief_of(borrower)
    started = Borrower(kiosk)
    started.ask()
    later(kiosk)
    assert thief.ask() == []
    assert is_copied(kiosk)
    assert started.ask(anew=True) == []


def test_a_thief_cannot_hide_behind_the_key_that_he_copied(
    borrower: Borrower, kiosk: KioskClient
) -> None:
    borrower.ask()
    thief = thief_of(borrower)
    thief.ask()
    later(kiosk)
    thief.key, thief.shown = borrower.key, [thief.sealing_key]
    assert thief.ask() == []
    assert is_copied(kiosk)


def test_lending_stops_but_unlocking_goes_on_and_renews(
    borrower: Borrower, kiosk: KioskClient, card: PersonalCard
) -> None:
    borrower.ask()
    thief_of(borrower).ask()
    later(kiosk)
    borrower.ask(anew=True)
    assert Borrower(kiosk).ask() == []
    assert kiosk.granted(card).renew  # the packs are to become worthless


def test_a_late_request_is_no_alarm(borrower: Borrower, kiosk: KioskClient) -> None:
    """It left the kiosk before a start, and came after the next key: only its token is old."""
    borrower.ask()
    late = thief_of(borrower)
    late.key = borrower.key
    Borrower(kiosk).ask()
    assert problem(late.request()) == "expired"
    assert not is_copied(kiosk)
    later(kiosk)
    assert late.ask() == []
    assert is_copied(kiosk)


def test_a_restored_central_believes_the_first_that_asks(
    borrower: Borrower, kiosk: KioskClient, clock: Clock
) -> None:
    borrower.ask()
    database = kiosk.service.services.database
    with database.transaction() as session:
        epochs.begin(session, clock.now)
        session.exec(select(Kiosk)).one().epoch = session.get_one(Installation, 1).epoch
    later(kiosk)
    kiosk.shown_keys.clear()  # it goes on from keys that the backup does not know
    assert len(Borrower(kiosk).ask(anew=True)) == 1
    assert not is_copied(kiosk)
    later(kiosk)
    assert Borrower(kiosk, shown=[]).ask() == []
    assert is_copied(kiosk)


def test_it_is_told_at_once(borrower: Borrower, kiosk: KioskClient) -> None:
    services = kiosk.service.services
    housekeeping.keep_house(services)
    with services.database.transaction() as database:
        database.get_one(Installation, 1).alerted_at = services.clock()
    borrower.ask()
    thief_of(borrower).ask()
    later(kiosk)
    borrower.ask()
    with services.database.reading() as database:
        assert database.get_one(Installation, 1).alerted_at is None


# ---------------------------------------------------------------- what a revocation names


def test_a_revocation_names_every_card_after_every_trick(
    borrower: Borrower, kiosk: KioskClient, operator: Operator
) -> None:
    cards_of(kiosk, 3)
    thief = borrower
    lent = serials(thief)
    kiosk.report(*(end(pack) for pack in thief.ask(anew=True)))
    Borrower(kiosk)._page(FAR_AWAY, anew=True)
    assert len(lent) == 4
    printed = operator.does("kiosks", "revoke", kiosk.name)
    assert all(serial in printed for serial in lent)


def test_a_revocation_names_a_card_whose_lease_is_over_until_its_key_was_renewed(
    borrower: Borrower, kiosk: KioskClient, card: PersonalCard, operator: Operator
) -> None:
    (pack,) = borrower.ask()
    kiosk.report(end(pack))
    later(kiosk, 3 * LEASE)
    assert card.serial in operator.does("kiosks", "revoke", kiosk.name)


def test_an_operator_sees_what_a_kiosk_was_lent(
    borrower: Borrower, kiosk: KioskClient, card: PersonalCard, operator: Operator
) -> None:
    borrower.ask()
    thief_of(borrower).ask()
    (row,) = operator.listed("kiosks", "lent", kiosk.name)
    assert (row["card"], row["until"]) == (card.serial, "2025-01-01 15:00")
    assert [each["copied (UTC)"] for each in operator.listed("kiosks", "list")] == [""]
    later(kiosk)
    borrower.ask()
    (listed,) = operator.listed("kiosks", "list")
    assert listed["copied (UTC)"] == "2025-01-01 03:01"
    assert len(operator.listed("kiosks", "lent", kiosk.name)) == 1


# ---------------------------------------------------------------- less may be lent


@pytest.mark.parametrize(
    ("networks", "lent"),
    [
        (([], None), 1),
        ((["127.0.0.0/8"], None), 1),
        ((["10.0.0.0/8", "fd00::/8"], None), 0),
        ((["10.0.0.0/8"], ["127.0.0.1/32"]), 1),
        (([], ["10.1.2.3/32"]), 0),
    ],
)
def test_a_policy_may_lend_to_some_addresses_alone(
    borrower: Borrower,
    kiosk: KioskClient,
    operator: Operator,
    networks: tuple[list[str], list[str] | None],
    lent: int,
) -> None:
    of_organisation, of_kiosk = networks
    wanted = [part for each in of_organisation or ["any"] for part in ("--lend-to", each)]
    operator.does("organisations", "policy", kiosk.organisation, *wanted)
    if of_kiosk is not None:
        operator.does("kiosks", "networks", kiosk.name, *of_kiosk)
    assert len(borrower.ask()) == lent
    asked_elsewhere = {"kiosk": kiosk.name, "reason": "from 127.0.0.1"}
    assert audited(kiosk, "packs.elsewhere") == [] if lent else [asked_elsewhere]


def test_a_thief_elsewhere_is_noticed_though_nothing_is_lent(
    borrower: Borrower, kiosk: KioskClient, operator: Operator
) -> None:
    borrower.ask()
    operator.does("organisations", "policy", kiosk.organisation, "--lend-to", "10.0.0.0/8")
    assert thief_of(borrower).ask() == []
    later(kiosk)
    borrower.ask()
    assert is_copied(kiosk)


@pytest.mark.parametrize(
    ("address", "networks", "expected"),
    [
        ("::ffff:10.1.2.3", ["10.1.0.0/16"], True),
        ("fe80::1%eth0", ["fe80::/10"], True),
        ("10.1.2.3", ["fd00::/8"], False),
        ("testclient", ["10.0.0.0/8"], False),
        ("", [], True),
    ],
)
def test_an_address_is_found_in_its_network(
    address: str, networks: list[str], expected: bool
) -> None:
    assert pack_issue.within(address, networks) is expected


def test_a_network_that_is_none_is_declined(kiosk: KioskClient, operator: Operator) -> None:
    kiosk.token  # noqa: B018
    assert operator.run("organisations", "policy", kiosk.organisation, "--lend-to", "ward 7") == 2
    assert "Not a network or an address" in operator.err
