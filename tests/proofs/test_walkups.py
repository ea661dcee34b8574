# SPDX-License-Identifier: Apache-2.0
"""The proof of walk-ups in its small form, with little time to settle."""

from __future__ import annotations

import pytest

from kiosk.flow import pages
from tests.proofs.walkups import walk_ups


@pytest.mark.dealt
@pytest.mark.timeout(300)
def test_a_few_people_and_a_monkey_do_no_harm() -> None:
    # Seven people only fill caches: a thousand have to show that memory stays flat.
    figures = walk_ups(7, 15, grows=1.0, reached=[pages.AskingQuestion])
    assert "7 journeys of 5 kinds" in figures
    assert "0 secrets in the log" in figures
