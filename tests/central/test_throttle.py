# SPDX-License-Identifier: Apache-2.0
"""Waits grow and end, and only a success resets the count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kiosk.central.service.throttle import (
    PER_KIOSK,
    PER_REGISTRATION,
    ThrottlePolicy,
    clear,
    count_failure,
    seconds_to_wait,
    take_back,
)

NOW = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass
class Counted:
    failures: int = 0
    not_before: datetime | None = None


def waits(policy: ThrottlePolicy, failures: int) -> list[int]:
    counted, announced = Counted(), []
    for _ in range(failures):
        count_failure(counted, policy, NOW)
        announced.append(seconds_to_wait(counted, policy, NOW))
    return announced


def test_waits_grow_with_the_failures() -> None:
    assert waits(PER_REGISTRATION, 6) == [2, 10, 60, 300, 300, 300]
    assert waits(PER_KIOSK, 16) == [0] * 10 + [30, 60, 120, 300, 600, 600]


@given(st.floats(0.001, 300))
def test_a_wait_ends_exactly_when_announced(seconds: float) -> None:
    counted = Counted(4, NOW + timedelta(seconds=seconds))
    wait = seconds_to_wait(counted, PER_REGISTRATION, NOW)
    assert wait >= 1
    assert seconds_to_wait(counted, PER_REGISTRATION, NOW + timedelta(seconds=wait)) == 0
    assert seconds_to_wait(counted, PER_REGISTRATION, NOW + timedelta(seconds=seconds / 2)) > 0


def test_a_quiet_hour_resets_a_kiosks_count() -> None:
    counted = Counted()
    for _ in range(12):
        count_failure(counted, PER_KIOSK, NOW)
    count_failure(counted, PER_KIOSK, NOW + timedelta(minutes=30))
    assert counted.failures == 13
    count_failure(counted, PER_KIOSK, NOW + timedelta(hours=2))
    assert counted.failures == 1


def test_success_clears_the_count_and_a_correction_removes_one() -> None:
    counted = Counted(3, NOW + timedelta(seconds=5))
    take_back(counted, NOW)
    assert (counted.failures, seconds_to_wait(counted, PER_REGISTRATION, NOW)) == (2, 0)
    clear(counted)
    assert counted == Counted()


@given(st.integers(0, 30), st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_clock_jump_never_makes_a_wait_longer_than_the_longest(
    failures: int, jump: timedelta
) -> None:
    for policy in (PER_REGISTRATION, PER_KIOSK):
        counted = Counted(failures)
        count_failure(counted, policy, NOW + jump)
        seconds = seconds_to_wait(counted, policy, NOW)
        assert seconds <= policy.waits[-1].total_seconds()
        # The wait ends: looking at it does not restart it.
        assert seconds_to_wait(counted, policy, NOW + timedelta(seconds=seconds)) == 0


@given(st.integers(0, 30), st.timedeltas(timedelta(0), timedelta(days=400)))
def test_after_a_clock_jump_nobody_waits_longer_than_their_failures_cost(
    failures: int, jump: timedelta
) -> None:
    """A success leaves the time of the jumped clock behind, and no failure that costs a wait."""
    for policy in (PER_REGISTRATION, PER_KIOSK):
        counted = Counted(failures)
        count_failure(counted, policy, NOW + jump)
        take_back(counted, NOW + jump)
        cost = waits(policy, failures)[-1] if failures else 0
        assert seconds_to_wait(counted, policy, NOW) <= cost
