# SPDX-License-Identifier: Apache-2.0
"""Which examples property tests draw: the same at every `make test`, others at every search.

`KIOSK_TEST_EXAMPLES=search` has Hypothesis draw at random, more of them, and keep what failed in a
folder of each interpreter's own below `build`: `make prove PROOF=search`. A counterexample that it
finds becomes an `@example` of its test.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

SEARCH = "search"
_TIMES_AS_MANY = 5
_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
_FOUND = Path(__file__).parents[1] / "build" / "examples" / _VERSION


def choose_profile() -> None:
    """Load the profile that the environment asks for; before any test's module is imported."""
    # How long an example takes says how busy the machine is: nothing here is timed.
    untimed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("test", untimed, derandomize=True, database=None)
    settings.register_profile(
        SEARCH,
        untimed,
        derandomize=False,
        max_examples=examples(untimed.max_examples),
        database=DirectoryBasedExampleDatabase(_FOUND),
    )
    settings.load_profile(SEARCH if _is_search() else "test")


def examples(number: int) -> int:
    """Return how many examples a test draws that draws `number` of them at `make test`."""
    return number * _TIMES_AS_MANY if _is_search() else number


def _is_search() -> bool:
    return os.environ.get("KIOSK_TEST_EXAMPLES") == SEARCH
