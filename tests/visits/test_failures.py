# SPDX-License-Identifier: Apache-2.0
"""What central refuses, as the flow hears it."""

from __future__ import annotations

import pytest

from kiosk.contract.messages import ProblemType
from kiosk.errors import CentralRefused
from kiosk.flow.events import Refusal, UnlockRefused
from kiosk.visits.failures import failed


@pytest.mark.parametrize(
    ("problem", "refusal"),
    [
        (ProblemType.NO_MORE_CODES, Refusal.NO_MORE_CODES),
        (ProblemType.EXPIRED, Refusal.SESSION_OVER),
    ],
)
def test_a_session_that_has_had_its_codes_is_not_one_that_is_over(
    problem: ProblemType, refusal: Refusal
) -> None:
    assert failed(7, CentralRefused(problem, 403)) == UnlockRefused(7, refusal)
