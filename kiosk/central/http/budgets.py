# SPDX-License-Identifier: Apache-2.0
"""The budgets of kiosks and organisations, so that none of them takes the service from the others.

An unlock's requests, logins, and the facts of a card under a live grant wait for each other and are
never refused here. Reports, packs and changes are refused as `busy` when their budget is spent.
Everything here runs on the server's event loop.
"""

from __future__ import annotations

import asyncio
import enum
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import anyio

from kiosk.central.refusal import RequestRefused
from kiosk.central.service.authentication import Caller
from kiosk.contract.messages import ProblemType

_LONGEST_RETRY_SECONDS = 60
_REFUSAL_SECONDS = 0.5
"""The duration of a refusal, so that refusing costs less than asking."""


class Errand(enum.Enum):
    """The purpose of a request; each has its own budgets."""

    SCREEN = "screen"
    REPORTS = "reports"
    PACKS = "packs"
    CHANGES = "changes"


@dataclass(frozen=True, slots=True)
class Rate:
    """So many units a second in the long run, and at most `burst` at once."""

    per_second: float
    burst: float


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of the open requests of a kiosk, and of the rates of it and of its organisation.

    `waiting` is how many requests of all kiosks may wait for a thread; the last of more would wait
    in vain.
    """

    at_once: int
    waiting: int = 0
    kiosk: Rate | None = None
    organisation: Rate | None = None


# A unit is an item of a report, or a request for packs. A kiosk that was away for a day has some
# thousand items; the others of its organisation have as many then.
BUDGETS = {
    Errand.SCREEN: Budget(4),
    Errand.REPORTS: Budget(2, 200, Rate(10, 1000), Rate(100, 10_000)),
    Errand.PACKS: Budget(2, 200, Rate(0.2, 60), Rate(10, 1000)),
    Errand.CHANGES: Budget(6, 1000),
}


@dataclass(slots=True)
class _Bucket:
    """Units that are left; below nothing, who took them has to wait longer."""

    rate: Rate
    left: float
    counted_at: float

    def at(self, now: float) -> float:
        """Return the units that are left now."""
        gained = (now - self.counted_at) * self.rate.per_second
        self.left, self.counted_at = min(self.rate.burst, self.left + gained), now
        return self.left

    def seconds_to_wait(self) -> int:
        """Return after how many seconds there is something again."""
        wait = math.ceil((1 - self.left) / self.rate.per_second)
        return min(max(wait, 1), _LONGEST_RETRY_SECONDS)


class Budgets:
    """Admits requests of authenticated kiosks."""

    def __init__(
        self,
        budgets: dict[Errand, Budget] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._budgets, self._clock = budgets or BUDGETS, clock
        self._places: dict[tuple[Errand, int], asyncio.Semaphore] = {}
        self._buckets: dict[tuple[Errand, str, int], _Bucket] = {}
        # Threads apart from those that answer the screen; packs and reports write for long.
        self._writing, self._reading = anyio.CapacityLimiter(3), anyio.CapacityLimiter(4)
        self._granted = anyio.CapacityLimiter(2)

    def threads(self, errand: Errand, *, granted: bool = False) -> anyio.CapacityLimiter:
        """Return the threads in which such requests are answered; `granted`: see the module."""
        if granted:
            return self._granted
        return self._reading if errand is Errand.CHANGES else self._writing

    def is_full(self, errand: Errand) -> bool:
        """Return whether as many wait for these threads as may."""
        waiting = self.threads(errand).statistics().tasks_waiting
        return waiting >= self._budgets[errand].waiting

    def spend(self, caller: Caller, errand: Errand, units: float) -> None:
        """Take units from the kiosk's and its organisation's buckets; they may go below nothing."""
        for bucket in self._those_of(caller, errand):
            bucket.at(self._clock())
            bucket.left -= units

    def wait_of(self, caller: Caller, errand: Errand) -> int | None:
        """Return the seconds after which the kiosk may ask again, None if it may now."""
        now = self._clock()
        empty = [each for each in self._those_of(caller, errand) if each.at(now) < 1]
        return max((each.seconds_to_wait() for each in empty), default=None)

    def place(self, caller: Caller, errand: Errand) -> asyncio.Semaphore:
        """Return the places for such requests of the kiosk, each held while one is answered."""
        key = (errand, caller.id)
        if key not in self._places:
            self._places[key] = asyncio.Semaphore(self._budgets[errand].at_once)
        return self._places[key]

    async def refuse(self, seconds: int) -> NoReturn:
        """Refuse a request as `busy`, to be sent again after so many seconds."""
        await asyncio.sleep(_REFUSAL_SECONDS)
        raise RequestRefused(ProblemType.BUSY, seconds)

    def _those_of(self, caller: Caller, errand: Errand) -> list[_Bucket]:
        budget = self._budgets[errand]
        return [
            self._bucket((errand, whose, number), rate)
            for whose, number, rate in (
                ("kiosk", caller.id, budget.kiosk),
                ("organisation", caller.organisation_id, budget.organisation),
            )
            if rate is not None
        ]

    def _bucket(self, key: tuple[Errand, str, int], rate: Rate) -> _Bucket:
        if key not in self._buckets:
            self._buckets[key] = _Bucket(rate, rate.burst, self._clock())
        return self._buckets[key]
