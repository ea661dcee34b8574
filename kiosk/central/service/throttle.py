# SPDX-License-Identifier: Apache-2.0
"""The throttle: how long to wait after failed attempts, and when to lock. Pure.

An attempt is counted as failed before it is evaluated, and only a success takes that back. So
neither parallel attempts nor interrupting the service gains anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

ATTEMPTS = 5
"""Failed attempts that lock a registration until the RA releases it."""


class Counts(Protocol):
    """An object whose failed attempts are counted."""

    failures: int
    not_before: datetime | None


@dataclass(frozen=True, slots=True)
class ThrottlePolicy:
    """The waits after failures: the first `free` failures cost none, the next ones `waits`.

    The last wait applies to all further failures. With `forgotten_after`, the count starts anew
    after that much quiet beyond the wait.
    """

    free: int
    waits: tuple[timedelta, ...]
    forgotten_after: timedelta | None = None


def _seconds(*waits: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=wait) for wait in waits)


# Typing four answers takes longer than the first waits: they slow down programs, and give a user
# who is in doubt some time.
PER_REGISTRATION = ThrottlePolicy(free=0, waits=_seconds(2, 10, 60, 300))
PER_CARD = PER_REGISTRATION
# Users mistype a code now and then, so the first guesses cost nothing. Each fifth one at the codes
# of an unlock is a failed attempt as well, and the fifth of those locks.
PER_CODE = ThrottlePolicy(free=4, waits=_seconds(2, 10, 60, 300), forgotten_after=timedelta(days=1))
# Many people share a kiosk, so only many failures in a row look like an attack. A success does not
# clear the count, or an attacker would use their own card in between.
PER_KIOSK = ThrottlePolicy(
    free=10, waits=_seconds(30, 60, 120, 300, 600), forgotten_after=timedelta(hours=1)
)


def seconds_to_wait(counts: Counts, policy: ThrottlePolicy, now: datetime) -> int:
    """Return the whole seconds until an attempt may be made; 0 if it may be made now.

    No wait is longer than the one that the failures cost. A clock that jumped ahead and came back
    would otherwise leave a wait of that length, also after a success, so the moment is corrected
    in `counts`.
    """
    longest = now + _cost(policy, counts.failures)
    if counts.not_before is not None and counts.not_before > longest:
        counts.not_before = longest
    if counts.not_before is None or counts.not_before <= now:
        return 0
    return -((now - counts.not_before) // timedelta(seconds=1))


def count_failure(counts: Counts, policy: ThrottlePolicy, now: datetime) -> None:
    """Count a failure, and set the wait that follows it."""
    if (
        policy.forgotten_after is not None
        and counts.not_before is not None
        and counts.not_before + policy.forgotten_after <= now
    ):
        counts.failures = 0
    counts.failures += 1
    counts.not_before = now + _cost(policy, counts.failures)


def _cost(policy: ThrottlePolicy, failures: int) -> timedelta:
    """Return the wait after the last of so many failures."""
    beyond = failures - policy.free
    return policy.waits[min(beyond, len(policy.waits)) - 1] if beyond > 0 else timedelta(0)


def take_back(counts: Counts, now: datetime) -> None:
    """Take back the failure that was counted last; earlier ones remain."""
    counts.failures = max(0, counts.failures - 1)
    counts.not_before = now


def clear(counts: Counts) -> None:
    """Clear the count after a success."""
    counts.failures = 0
    counts.not_before = None
