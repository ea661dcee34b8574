# SPDX-License-Identifier: Apache-2.0
"""Proof: property tests hold for examples that nobody has tried, drawn at random.

`make test` draws the same examples each time. What is found here is kept below `build/examples`, in
a folder for each interpreter, and tried first by the next search. It becomes an `@example` of its
test.
"""

from __future__ import annotations

from tests.examples import SEARCH
from tests.proofs.everywhere import run_everywhere


def prove() -> str:
    """The proof at full size."""
    drawn = ["tests", "-m", "hypothesis or drawn"]
    return run_everywhere("search", [drawn], {"KIOSK_TEST_EXAMPLES": SEARCH})
