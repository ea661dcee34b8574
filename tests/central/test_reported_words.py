# SPDX-License-Identifier: Apache-2.0
"""One kiosk's reports: the letters, locks and times that they can cause for people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import select

from kiosk.central.operations import reporting
from kiosk.central.service import notices
from kiosk.central.tables import AuditEntry, ChangeRow, Installation, Kiosk, Registration
from kiosk.contract.messages import CardCommand
from tests.central.borrower import Borrower, allow, attempt, card_row
from tests.central.desk import Operator
from tests.central.world import Clock, KioskClient, PersonalCard, Service, item


def passcode_change(card: PersonalCard, at: str = "2025-01-01T03:00:00Z") -> dict[str, Any]:
    fact = {"kind": "passcode change", "family": card.family, "serial": card.serial}
    return {"id": str(uuid4()), "recorded_at": at, "fact": fact}


def health(pending: int = 0, at: str = "2025-01-01T03:00:00Z") -> dict[str, Any]:
    fact = {
        "kind": "health", "version": "1", "python": "3", "disk_free_megabytes": 1000,
        "clock_ahead_seconds": 0, "cards": 1, "position": 1, "pending": pending, "refused": 0,
    }  # fmt: skip
    return {"id": str(uuid4()), "recorded_at": at, "fact": fact}


def letters(service: Service) -> int:
    while notices.deliver(service.services):
        pass
    return len(service.mailbox.letters)


def test_a_kiosk_causes_a_few_letters_a_day_to_one_person(
    service: Service, kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    assert kiosk.report(*(passcode_change(card) for _ in range(100))) == ["applied"] * 100
    assert letters(service) == notices.MOST_REPORTED
    with service.services.database.reading() as database:
        kinds = list(database.exec(select(AuditEntry.kind)))
    assert kinds.count("notices.withheld") == 1
    assert kinds.count("passcode.changed") == 100
    clock.pass_time(24 * 3600 + 1)
    kiosk.report(passcode_change(card))
    assert letters(service) == notices.MOST_REPORTED + 1


def test_a_visit_is_told_in_one_letter(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    grant = kiosk.granted(card)
    kiosk.report(*(item(grant, n, CardCommand.VERIFY, 0, "9000") for n in range(60)))
    assert letters(service) == 1


def test_invented_attempts_lock_nobody_out(
    service: Service, kiosk: KioskClient, clock: Clock
) -> None:
    allow(kiosk)
    cards = [kiosk.know(PersonalCard()) for _ in range(20)]
    packs = Borrower(kiosk).ask()
    for pack in packs:
        kiosk.report(*(attempt(pack, number) for number in (1, 2) * 10))
    with service.services.database.reading() as database:
        registered = list(database.exec(select(Registration)))
        alerts = dict(reporting.alerts(database, clock(), timedelta(hours=24)))
    assert len(registered) == len(packs) == 20
    assert not any(each.locked for each in registered)
    assert {each.failures for each in registered} == {2}
    assert alerts["many failed attempts at a kiosk"] == "ward 7: 40"
    assert {card_row(kiosk, card).failures for card in cards} == {2}


def test_no_report_is_the_failure_that_locks(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    allow(kiosk)
    (pack,) = Borrower(kiosk).ask()
    with service.services.database.transaction() as database:
        database.exec(select(Registration)).one().failures = 3
    kiosk.report(attempt(pack, 1), attempt(pack, 2))
    with service.services.database.reading() as database:
        registered = database.exec(select(Registration)).one()
    assert (registered.failures, registered.locked) == (4, False)


@pytest.mark.parametrize("claimed", ["2031-01-01T00:00:00Z", "1999-01-01T00:00:00Z"])
def test_a_time_that_cannot_be_is_replaced_by_centrals(
    service: Service, kiosk: KioskClient, card: PersonalCard, clock: Clock, claimed: str
) -> None:
    kiosk.report(health())
    clock.pass_time(3600)
    kiosk.report(passcode_change(card, at=claimed))
    with service.services.database.reading() as database:
        assert database.exec(select(ChangeRow.recorded_at)).one() == clock()


def test_a_time_since_the_last_empty_report_is_believed(
    service: Service, kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    kiosk.report(health())
    clock.pass_time(3600)
    kiosk.report(health(pending=3, at="2025-01-01T03:30:00Z"))
    kiosk.report(passcode_change(card, at="2025-01-01T03:20:00Z"))
    with service.services.database.reading() as database:
        (recorded,) = database.exec(select(ChangeRow.recorded_at))
    assert recorded == Clock().now + timedelta(minutes=20)


def test_a_health_from_the_future_does_not_hide_the_next(
    service: Service, kiosk: KioskClient, clock: Clock
) -> None:
    kiosk.report(health(pending=1, at="2031-01-01T00:00:00Z"))
    clock.pass_time(60)
    kiosk.report(health(pending=7, at="2025-01-01T03:01:00Z"))
    with service.services.database.reading() as database:
        told = database.exec(select(Kiosk.health)).one()
    assert told is not None
    assert told["pending"] == 7


def test_resent_reports_are_told_in_one_letter_to_a_cardholder(
    service: Service, kiosk: KioskClient, card: PersonalCard, clock: Clock, operator: Operator
) -> None:
    """A restored database cannot know which of them its letters told before."""
    clock.pass_time(3600)
    assert card.serial
    operator.does("epochs", "new")
    changes = [passcode_change(card, at=f"2025-01-01T03:0{n}:00Z") for n in range(4)]
    with service.services.database.transaction() as database:
        database.get_one(Installation, 1).epoch_since = clock()
    kiosk.report(*changes)
    assert letters(service) == 1
