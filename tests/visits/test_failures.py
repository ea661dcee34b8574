# SPDX-License-Identifier: Apache-2.0
"""Central's refusals as events for the flow."""

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
def test_a_session_without_codes_left_is_not_an_ended_session(
    problem: ProblemType, refusal: Refusal
) -> None:
    assert failed(7, CentralRefused(problem, 403)) == UnlockRefused(7, refusal)
