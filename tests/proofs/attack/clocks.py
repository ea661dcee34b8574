# SPDX-License-Identifier: Apache-2.0
"""Clocks that jump ahead and back: central's, and that of a kiosk, which it tells in its reports.

A card waits no longer than the longest wait, and one that is locked is released by the RA.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests

from kiosk.central.actions import registrations
from kiosk.central.actions.context import OperatorContext
from kiosk.central.service.throttle import PER_CARD, PER_CODE, PER_KIOSK, PER_REGISTRATION
from kiosk.contract.messages import Grant, UnlockResponse
from tests.central.borrower import Borrower, allow, attempt, end
from tests.central.world import ANSWERS, WRONG, KioskClient, PersonalCard, Service, problem
from tests.proofs.attack.laboratory import laboratory

_LONGEST = int(
    max(
        each.waits[-1] for each in (PER_CARD, PER_CODE, PER_KIOSK, PER_REGISTRATION)
    ).total_seconds()
)
_SECONDS = (1, 59, 301, 3601, 86_400, 40 * 86_400, 20 * 365 * 86_400)
_PACKS = 40  # requests, of the 60 that a kiosk has at once
_TOLD = (
    "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2038-01-19T03:14:08Z", "9999-12-31T23:59:59Z",
)  # fmt: skip
"""Times that a kiosk's reports tell, besides central's own."""


@dataclass
class _Ward:
    """A card at a kiosk that is attacked, and another one that others use meanwhile."""

    service: Service
    random: random.Random
    done: Counter[str] = field(default_factory=Counter)
    longest: int = 0

    def __post_init__(self) -> None:
        self.start: datetime = self.service.clock.now
        self.kiosk = self.service.kiosk("ward 7")
        self.card = self.kiosk.know(PersonalCard())
        self.others = self.service.kiosk("ward 8", "Trust B")
        self.theirs = self.others.know(PersonalCard())
        allow(self.kiosk)
        self.borrower = Borrower(self.kiosk)

    def jump(self) -> None:
        """Set central's clock to a time before or after the start; tokens are asked for anew."""
        seconds = self.random.choice(_SECONDS) * self.random.choice((-1, 1))
        self.service.clock.now = self.start + timedelta(seconds=seconds)
        self.kiosk.authenticate()
        self.others.authenticate()
        self.done["jumps"] += 1

    def go(self) -> None:
        """Fail a few times, each time after a jump; then the holder has to be let in."""
        for _ in range(self.random.randint(1, 6)):
            self.jump()
            self._report()
            self._fail()
        self.jump()
        self._let_in()
        self.jump()
        _visit(self.others, self.theirs)
        self.done["visits of others"] += 1

    def _fail(self) -> None:
        answer = self._patiently(WRONG)
        assert problem(answer) in {"answers-wrong", "locked-out"}, answer.text
        self.done["wrong answers"] += 1

    def _let_in(self) -> None:
        answer = self._patiently(ANSWERS)
        if answer.status_code != 200:
            assert problem(answer) == "locked-out", answer.text
            context = OperatorContext(self.service.services, "Rita from the RA")
            registrations.release_registration(context, serial=self.card.serial)
            self.done["releases"] += 1
            self.jump()
            answer = self._patiently(ANSWERS)
        assert answer.status_code == 200, answer.text
        answer = self.kiosk.ask_grant(self._session)
        assert answer.status_code == 200, answer.text
        self.kiosk.finish(self.card, Grant.model_validate_json(answer.text))
        self.done["visits"] += 1

    def _patiently(self, answers: Sequence[str | None]) -> requests.Response:
        """Give answers, and again after the wait that central asks for: one is enough."""
        answer = self._answer(answers)
        if answer.status_code != 200 and problem(answer) == "wait":
            seconds = int(answer.headers["Retry-After"])
            assert 0 < seconds <= _LONGEST, answer.text
            self.longest = max(self.longest, seconds)
            self.done["waits"] += 1
            self.service.clock.pass_time(seconds)
            answer = self._answer(answers)
        return answer

    def _answer(self, answers: Sequence[str | None]) -> requests.Response:
        answer = self.kiosk.open(self.card)
        if answer.status_code != 200:
            return answer
        opened = UnlockResponse.model_validate_json(answer.text)
        self._session = opened.session
        return self.kiosk.answer(self.card, opened, answers)

    def _report(self) -> None:
        """Report attempts offline, at the time that the kiosk's own clock tells."""
        if self.done["packs asked for"] >= _PACKS:
            return
        self.done["packs asked for"] += 1
        pack = next(iter(self.borrower.ask(anew=True)), None)
        if pack is None:
            return
        told: list[dict[str, Any]] = [attempt(pack), attempt(pack, 2), end(pack, 2)]
        now = self.service.clock.now.isoformat().replace("+00:00", "Z")
        for each in told:
            each["recorded_at"] = self.random.choice((*_TOLD, now))
        self.done["reports"] += len(told)
        assert set(self.kiosk.report(*told)) <= {"applied", "refused"}


def attack(rounds: int = 60, database: str = "") -> str:
    """Let clocks jump on SQLite and on PostgreSQL, or on one given database."""
    told = []
    for name, service in laboratory(database):
        ward = _Ward(service, random.Random(rounds))
        for _ in range(rounds):
            ward.go()
        assert ward.done["waits"], "nobody had to wait"
        assert ward.done["releases"], "no card was locked"
        counted = ", ".join(f"{number} {what}" for what, number in sorted(ward.done.items()))
        told.append(f"{name}: {counted}, the longest wait {ward.longest} s")
    return f"no wait was longer than {_LONGEST} s, and each ended; {'; '.join(told)}"


def _visit(kiosk: KioskClient, card: PersonalCard) -> None:
    kiosk.finish(card, kiosk.granted(card))
