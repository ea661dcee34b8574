# SPDX-License-Identifier: Apache-2.0
"""How long to wait after failed attempts, and when to stop. Pure.

An attempt is counted as failed before it is evaluated; only a success takes the count back. So
nothing is gained by parallel attempts, nor by interrupting the service.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

ATTEMPTS = 5
"""Failed attempts that lock a registration until the RA releases it."""


class Counts(Protocol):
    """Something that attempts are counted for."""

    failures: int
    not_before: datetime | None


@dataclass(frozen=True, slots=True)
class ThrottlePolicy:
    """`free` failures cost no wait, the following ones `waits`, the last of them for ever after.

    With `forgotten_after`, that much quiet beyond the wait lets the count begin anew.
    """

    free: int
    waits: tuple[timedelta, ...]
    forgotten_after: timedelta | None = None


def _seconds(*waits: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=wait) for wait in waits)


# Typing four answers takes longer than the first waits: they are for programs, and for doubt.
PER_REGISTRATION = ThrottlePolicy(free=0, waits=_seconds(2, 10, 60, 300))
PER_CARD = PER_REGISTRATION
# Many people share a kiosk, so only a row of failures looks like somebody trying cards there. A
# success does not clear it, or an attacker would put their own card in between.
PER_KIOSK = ThrottlePolicy(
    free=10, waits=_seconds(30, 60, 120, 300, 600), forgotten_after=timedelta(hours=1)
)


def seconds_to_wait(counts: Counts, policy: ThrottlePolicy, now: datetime) -> int:
    """Return the whole seconds until an attempt may be made; 0 if it may be made now.

    No wait is longer than the policy's longest. A clock that jumped ahead and came back would
    otherwise leave a wait of that length, so the moment is corrected in `counts`.
    """
    longest = now + policy.waits[-1]
    if counts.not_before is not None and counts.not_before > longest:
        counts.not_before = longest
    if counts.not_before is None or counts.not_before <= now:
        return 0
    return -((now - counts.not_before) // timedelta(seconds=1))


def count_failure(counts: Counts, policy: ThrottlePolicy, now: datetime) -> None:
    """One more failure, and the wait that follows it."""
    if (
        policy.forgotten_after is not None
        and counts.not_before is not None
        and counts.not_before + policy.forgotten_after <= now
    ):
        counts.failures = 0
    counts.failures += 1
    beyond = counts.failures - policy.free
    wait = policy.waits[min(beyond, len(policy.waits)) - 1] if beyond > 0 else timedelta(0)
    counts.not_before = now + wait


def take_back(counts: Counts, now: datetime) -> None:
    """The failure that was counted last was none; those before it remain."""
    counts.failures = max(0, counts.failures - 1)
    counts.not_before = now


def clear(counts: Counts) -> None:
    """An attempt succeeded."""
    counts.failures = 0
    counts.not_before = None
