# SPDX-License-Identifier: Apache-2.0
"""Proof: property tests hold for new examples, drawn at random.

`make test` draws the same examples each time. A failing example is kept below `build/examples`, in
a folder for each interpreter, and tried first by the next search. It becomes an `@example` of its
test.
"""

from __future__ import annotations

from tests.examples import SEARCH
from tests.proofs.everywhere import run_everywhere


def prove() -> str:
    """Run the proof at full size."""
    drawn = ["tests", "-m", "hypothesis or drawn"]
    return run_everywhere("search", [drawn], {"KIOSK_TEST_EXAMPLES": SEARCH})
