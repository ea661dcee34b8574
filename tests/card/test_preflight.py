# SPDX-License-Identifier: Apache-2.0
"""The operations that a card's report allows."""

from __future__ import annotations

import pytest

from kiosk.card.preflight import Obstacle, Purpose, obstacle
from kiosk.card.session import Ability, CardReport, Certificates
from kiosk.values import CardIdentity, Counters, Family, PasscodeRules


def report(
    passcode: int | None = 3, unblocking: int | None = None, *, log_in: bool = True
) -> CardReport:
    return CardReport(
        CardIdentity(Family.PIV, "00"),
        Counters(passcode, unblocking),
        PasscodeRules(),
        Certificates(),
        frozenset({Ability.LOG_IN} if log_in else ()),
    )


@pytest.mark.parametrize("purpose", [Purpose.LOG_IN, Purpose.CHANGE])
def test_a_locked_card_has_to_be_unlocked_first(purpose: Purpose) -> None:
    assert obstacle(report(0), purpose) is Obstacle.LOCKED
    assert obstacle(report(1), purpose) is None
    assert obstacle(report(None), purpose) is None


def test_a_card_that_cannot_sign_does_not_log_in() -> None:
    assert obstacle(report(log_in=False), Purpose.LOG_IN) is Obstacle.UNLOCK_ONLY
    assert obstacle(report(log_in=False), Purpose.CHANGE) is None
    assert obstacle(report(log_in=False), Purpose.UNLOCK) is None


@pytest.mark.parametrize(
    ("left", "needed", "expected"),
    [
        (None, 3, None),
        (3, 3, None),
        (2, 3, Obstacle.KEY_AT_RISK),
        (2, 2, None),
        (1, 2, Obstacle.KEY_AT_RISK),
        (0, 2, Obstacle.KEY_SPENT),
    ],
)
def test_the_last_two_tries_of_a_key_are_not_risked(
    left: int | None, needed: int, expected: Obstacle | None
) -> None:
    found = obstacle(report(0, left), Purpose.UNLOCK, tries_needed=needed)
    assert found is expected
