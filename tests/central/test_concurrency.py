# SPDX-License-Identifier: Apache-2.0
"""Two central services on one database, with many requests at once: each counts exactly once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from sqlmodel import func, select

from kiosk.central.audit import trail
from kiosk.central.service import assembly
from kiosk.central.service.throttle import PER_KIOSK
from kiosk.central.tables import (
    Attempt,
    AttemptOutcome,
    AuditEntry,
    Card,
    EndRow,
    FactRow,
    GrantRow,
    Kiosk,
    Registration,
)
from kiosk.contract.messages import CardCommand, Grant
from tests.central.conftest import NewDatabase
from tests.central.device import Device, allow
from tests.central.world import (
    CENTRAL,
    WRONG,
    Clock,
    KioskClient,
    PersonalCard,
    Service,
    item,
    problem,
)
from tests.patience import wait_until
from tests.processes import end, start

AT_ONCE = 20


class ServiceProcess(Service):
    """The service as a process of its own. This process seeds its database."""

    def start(self) -> None:
        self.services = assembly.assemble(self.settings)
        environment = os.environ | {
            "KIOSK_CENTRAL_DATABASE": self.settings.database,
            "KIOSK_CENTRAL_MASTER_KEY_FILE": str(self.settings.master_key_file),
            "KIOSK_CENTRAL_NAME": CENTRAL,
            "KIOSK_CENTRAL_PORT": "0",
        }
        self.environment = environment
        self._process = start(
            [sys.executable, "-m", "kiosk.central", "serve"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.url = self._process.output.readline().removeprefix("listening on ").strip()

    def stop(self) -> None:
        end(self._process)
        self.services.database.close()

    def rows(self, table: type[Any], *conditions: Any) -> int:
        with self.services.database.reading() as database:
            return database.exec(select(func.count()).select_from(table).where(*conditions)).one()


Pair = tuple[ServiceProcess, ServiceProcess]


@pytest.fixture(scope="module")
def pair(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("central")
    with new_database(folder) as url:
        one, other = (ServiceProcess(folder, Clock(), url) for _ in range(2))
        with ExitStack() as stack:
            for service in (one, other):
                service.start()
                stack.callback(service.stop)
            yield one, other
        verify = [sys.executable, "-m", "kiosk.central", "audit", "verify"]
        verified = subprocess.run(verify, env=one.environment, capture_output=True, check=True)
        assert verified.stdout.startswith(b"The audit is whole: ")


@pytest.fixture
def kiosks(pair: Pair, request: pytest.FixtureRequest) -> tuple[KioskClient, KioskClient]:
    """Return the same kiosk twice, one talking to each service."""
    one, other = (service.kiosk(request.node.name) for service in pair)
    return one, other


@pytest.fixture
def card(kiosks: tuple[KioskClient, KioskClient]) -> PersonalCard:
    return kiosks[0].know(PersonalCard())


def at_once(*asking: Callable[[], requests.Response]) -> list[requests.Response]:
    """Send `AT_ONCE` requests, in turn from `asking`, none before all are ready."""
    ready = threading.Barrier(AT_ONCE)

    def ask(number: int) -> requests.Response:
        ready.wait()
        return asking[number % len(asking)]()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(ask, range(AT_ONCE)))


def count_outcomes(answers: list[requests.Response]) -> Counter[str]:
    return Counter("yes" if one.status_code == 200 else problem(one) for one in answers)


def test_wrong_answers_are_counted_exactly(
    pair: Pair, kiosks: tuple[KioskClient, KioskClient], card: PersonalCard
) -> None:
    opened = kiosks[0].opened(card)
    answers = at_once(*(lambda k=k: k.answer(card, opened, WRONG) for k in kiosks))
    outcome = count_outcomes(answers)
    assert outcome.total() == AT_ONCE == outcome["answers-wrong"] + outcome["wait"]
    with pair[0].services.database.reading() as database:
        known = database.exec(select(Card).where(Card.serial == card.serial)).one()
        registered = database.exec(
            select(Registration).where(Registration.card_id == known.id)
        ).one()
        asking = database.exec(select(Kiosk).where(Kiosk.name == kiosks[0].name)).one()
    failed = pair[0].rows(Attempt, Attempt.session_id == opened.session)
    assert (
        outcome["answers-wrong"]
        == failed
        == registered.failures
        == known.failures
        == asking.failures
        > 0
    )


def test_forged_cards_are_counted_exactly(
    pair: Pair, kiosks: tuple[KioskClient, KioskClient], card: PersonalCard
) -> None:
    """Only the database makes these requests wait for one another."""
    opened = kiosks[0].opened(card)
    answers = at_once(*(lambda k=k: k.answer(card, opened, signature=b"forged") for k in kiosks))
    counted = PER_KIOSK.free + 1  # then the kiosk has to wait, and no longer for more forgeries
    assert count_outcomes(answers) == {"card-not-genuine": counted, "wait": AT_ONCE - counted}
    with pair[0].services.database.reading() as database:
        asking = database.exec(select(Kiosk).where(Kiosk.name == kiosks[0].name)).one()
    assert asking.failures == counted


def test_one_card_gets_one_grant(
    pair: Pair, kiosks: tuple[KioskClient, KioskClient], card: PersonalCard
) -> None:
    session = kiosks[0].accepted(card)
    answers = at_once(*(lambda k=k: k.ask_grant(session) for k in kiosks))
    assert count_outcomes(answers) == {"yes": AT_ONCE}
    assert len({answer.content for answer in answers}) == 1
    assert pair[0].rows(GrantRow, GrantRow.session_id == session) == 1
    assert pair[0].rows(Attempt, Attempt.outcome == AttemptOutcome.ACCEPTED) >= 1


def test_one_session_is_accepted_once(
    pair: Pair, kiosks: tuple[KioskClient, KioskClient], card: PersonalCard
) -> None:
    opened = kiosks[0].opened(card)
    outcome = count_outcomes(at_once(*(lambda k=k: k.answer(card, opened) for k in kiosks)))
    assert outcome.total() == AT_ONCE == outcome["yes"] + outcome["wait"]
    attempts = pair[0].rows(Attempt, Attempt.session_id == opened.session)
    accepted = pair[0].rows(
        Attempt, Attempt.session_id == opened.session, Attempt.outcome == AttemptOutcome.ACCEPTED
    )
    assert attempts == accepted >= 1


def test_reports_are_applied_once_in_any_order_of_their_cards(
    pair: Pair, kiosks: tuple[KioskClient, KioskClient], card: PersonalCard
) -> None:
    """Each report is about two cards: locks in the order of its items would deadlock."""
    another = kiosks[0].know(PersonalCard())
    grants = [kiosks[0].granted(each) for each in (card, another)]
    items = [one for grant in grants for one in visit(grant)]
    answers = at_once(
        *(
            # Once the visits have ended, a report may be told to come again.
            lambda k=k, order=order: wait_until(
                lambda: k.post("/reports", {"items": order}), "the report is taken"
            )
            for k in kiosks
            for order in (items, items[::-1])
        )
    )
    assert count_outcomes(answers) == {"yes": AT_ONCE}
    outcomes = Counter(
        (one["id"], one["status"]) for answer in answers for one in answer.json()["items"]
    )
    assert outcomes == {
        (one["id"], status): times
        for one in items
        for status, times in (("applied", 1), ("known", AT_ONCE - 1))
    }
    for grant in grants:
        assert pair[0].rows(FactRow, FactRow.grant_id == grant.grant) == 4
        assert pair[0].rows(EndRow, EndRow.session_id == grant.session) == 1
    facts = {one["id"] for one in items if one["fact"]["kind"] == "card"}
    with pair[0].services.database.reading() as database:
        told_of = [
            entry.details["fact"]
            for entry in database.exec(select(AuditEntry))
            if entry.kind.startswith("card.") and entry.details.get("fact") in facts
        ]
        assert trail.first_break(database) is None
    assert sorted(told_of) == sorted(facts)


def test_an_assertion_is_accepted_once(pair: Pair) -> None:
    """Either process may accept it, and neither knows whether the other issued the nonce."""
    one, other = (Device(service) for service in pair)
    one.enrol(allow(pair[0], "kiosk of assertions"))
    assertion = one.assertion()
    outcome = count_outcomes(at_once(*(lambda d=d: d.ask_token(assertion) for d in (one, other))))
    assert outcome == {"yes": 1, "not-authenticated": AT_ONCE - 1}


def visit(grant: Grant) -> list[dict[str, Any]]:
    """Return the items that report a successful visit."""
    facts = [
        item(grant, 0, CardCommand.UNBLOCK, 0, None),
        item(grant, 1, CardCommand.UNBLOCK, 0, "9000"),
        item(grant, 2, CardCommand.CHANGE, 1, None),
        item(grant, 3, CardCommand.CHANGE, 1, "9000"),
    ]
    end = {"kind": "visit end", "session": str(grant.session), "facts": len(facts)}
    return [*facts, {**item(grant, 0, CardCommand.VERIFY, 0, None), "fact": end}]


@pytest.fixture(autouse=True)
def _cheap_answers() -> None:
    """Keep the real cost: other processes accept no cheaper envelopes."""
