# SPDX-License-Identifier: Apache-2.0
"""The pauses of the sync."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kiosk.errors import CentralBusy, CentralUnavailable
from kiosk.sync import planning


@given(st.integers(0, 200), st.booleans(), st.floats(0, 1))
def test_a_pause_is_between_zero_and_a_minute(failures: int, more: bool, jitter: float) -> None:
    seconds = planning.wait_seconds(planning.Pace(failures), more=more, jitter=jitter)
    assert 0 <= seconds <= 60
    assert seconds > 0 or more


@given(st.integers(1, 300), st.integers(0, 200), st.floats(0, 1))
def test_it_waits_as_long_as_central_asks_and_not_at_the_same_moment_as_others(
    asked: int, failures: int, jitter: float
) -> None:
    pace = planning.after_failure(planning.Pace(failures), CentralBusy("answer 429", asked))
    waits = [planning.wait_seconds(pace, more=True, jitter=each) for each in (jitter, 0, 1)]
    assert min(waits) >= asked
    assert waits[2] > waits[1]
    once_more = planning.after_failure(pace, CentralUnavailable("away"))
    assert planning.wait_seconds(once_more, more=True, jitter=jitter) <= 60


def test_failures_lengthen_the_pause_and_a_success_resets_it() -> None:
    pace, waits = planning.Pace(), []
    for _ in range(8):
        pace = planning.after_failure(pace)
        waits.append(planning.wait_seconds(pace, more=True, jitter=1))
    assert waits == sorted(waits)
    assert waits[-1] == 60
    assert planning.wait_seconds(planning.after_success(pace), more=True, jitter=1) == 0
