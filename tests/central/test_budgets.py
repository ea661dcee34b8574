# SPDX-License-Identifier: Apache-2.0
"""Requests beyond the budget of a kiosk or its organisation are refused, and others are served."""

from __future__ import annotations

import threading
from typing import Any
from uuid import uuid4

import pytest

from kiosk.central.http import budgets
from kiosk.central.http.budgets import BUDGETS, Budget, Budgets, Errand, Rate
from kiosk.central.service.authentication import Caller
from kiosk.contract.messages import CardCommand
from tests.central.world import KioskClient, PersonalCard, Service, item, problem
from tests.patience import wait_until

WARD_7, WARD_8 = Caller(7, 1, "ward 7"), Caller(8, 1, "ward 8")
ELSEWHERE = Caller(9, 2, "ward 9")


class Seconds:
    """Seconds that pass when the test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "_REFUSAL_SECONDS", 0.0)


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def small(seconds: Seconds) -> Budgets:
    """Ten items and two a second for a kiosk, fifteen and three for its organisation."""
    return Budgets({**BUDGETS, Errand.REPORTS: Budget(2, 50, Rate(2, 10), Rate(3, 15))}, seconds)


def test_what_is_spent_comes_back_with_time(small: Budgets, seconds: Seconds) -> None:
    assert small.wait_of(WARD_7, Errand.REPORTS) is None
    small.spend(WARD_7, Errand.REPORTS, 13)
    assert small.wait_of(WARD_7, Errand.REPORTS) == 2
    seconds.now += 2
    assert small.wait_of(WARD_7, Errand.REPORTS) is None
    seconds.now += 3600
    small.spend(WARD_7, Errand.REPORTS, 10)
    assert small.wait_of(WARD_7, Errand.REPORTS) == 1, "no more is saved than the burst"


def test_kiosks_of_an_organisation_share_its_budget_and_no_other(small: Budgets) -> None:
    for caller in (WARD_7, WARD_8):
        small.spend(caller, Errand.REPORTS, 9)
    assert small.wait_of(Caller(10, 1, "ward 10"), Errand.REPORTS) == 2
    assert small.wait_of(ELSEWHERE, Errand.REPORTS) is None


def test_reports_packs_and_the_screen_share_nothing(small: Budgets) -> None:
    small.spend(WARD_7, Errand.REPORTS, 1000)
    for errand in (Errand.PACKS, Errand.CHANGES, Errand.SCREEN):
        assert small.wait_of(WARD_7, errand) is None


# ---------------------------------------------------------------- over HTTP


def event() -> dict[str, Any]:
    fact = {"kind": "audit", "deed": "sync started", "detail": ""}
    return {"id": str(uuid4()), "recorded_at": "2025-01-01T03:00:00Z", "fact": fact}


@pytest.fixture
def served(service: Service, small: Budgets) -> Service:
    service.app.state.budgets = small
    return service


def test_a_kiosk_beyond_its_budget_is_told_when_to_come_back(
    served: Service, kiosk: KioskClient, seconds: Seconds
) -> None:
    other = served.kiosk("ward 9", "Trust B")
    assert set(kiosk.report(*(event() for _ in range(13)))) == {"applied"}
    refused = kiosk.post("/reports", {"items": [event()]})
    assert (problem(refused), refused.status_code) == ("busy", 429)
    assert refused.headers["Retry-After"] == "2"
    assert refused.json()["retry_after_seconds"] == 2
    assert other.report(event()) == ["applied"]
    seconds.now += 2
    assert kiosk.report(event()) == ["applied"]


def test_a_refused_report_is_not_read(served: Service, kiosk: KioskClient) -> None:
    kiosk.report(*(event() for _ in range(13)))
    assert problem(kiosk.post("/reports", "no report at all")) == "busy"


def test_an_unlock_and_its_cards_facts_are_never_refused(
    served: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    kiosk.report(*(event() for _ in range(13)))
    grant = kiosk.granted(card)
    fact = item(grant, 0, CardCommand.UNBLOCK, 0, None)
    assert kiosk.report(event(), fact) == ["applied", "applied"]
    assert problem(kiosk.post("/reports", {"items": [event()]})) == "busy"
    ended = {**event(), "fact": {"kind": "visit end", "session": str(grant.session), "facts": 1}}
    assert kiosk.report(ended) == ["applied"]
    late = item(grant, 1, CardCommand.UNBLOCK, 0, "9000")
    assert problem(kiosk.post("/reports", {"items": [late]})) == "busy", "the grant is over"


def test_a_grant_of_another_kiosk_opens_nothing(
    served: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    other = served.kiosk("ward 8")
    grant = other.granted(card)
    kiosk.report(*(event() for _ in range(13)))
    stolen = item(grant, 0, CardCommand.UNBLOCK, 0, None)
    assert problem(kiosk.post("/reports", {"items": [stolen]})) == "busy"


def test_packs_have_a_budget_of_their_own(
    service: Service, kiosk: KioskClient, seconds: Seconds
) -> None:
    packs = Budgets({**BUDGETS, Errand.PACKS: Budget(2, 50, Rate(0.1, 2))}, seconds)
    service.app.state.budgets = packs
    kiosk.know(PersonalCard())
    key = "A" * 43 + "="
    asked = {"sealing_key": key, "made": [key], "nonce": "A" * 22 + "==", "anew": True}
    assert [kiosk.post("/packs", asked).status_code for _ in range(2)] == [200, 200]
    refused = kiosk.post("/packs", asked)
    assert (problem(refused), refused.headers["Retry-After"]) == ("busy", "10")
    assert kiosk.report(event()) == ["applied"]


def test_a_kiosk_waits_for_changes_in_a_few_places(service: Service, kiosk: KioskClient) -> None:
    most = BUDGETS[Errand.CHANGES].at_once
    kiosk.know(PersonalCard())
    cursor = kiosk.get("/changes").json()["next"]
    waiting = [
        threading.Thread(target=kiosk.get, args=(f"/changes?wait=50&cursor={cursor}",))
        for _ in range(most)
    ]
    for each in waiting:
        each.start()
    wait_until(lambda: service.waiting == most, "all of them wait")
    assert problem(kiosk.get(f"/changes?wait=50&cursor={cursor}")) == "busy"
    service.app.state.watch.close()
    for each in waiting:
        each.join()
