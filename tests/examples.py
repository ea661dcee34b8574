# SPDX-License-Identifier: Apache-2.0
"""The examples of property tests: the same at every `make test`, others at every search.

With `KIOSK_TEST_EXAMPLES=search`, Hypothesis draws more examples, at random, and keeps those that
fail in a folder below `build`, one for each interpreter: `make prove PROOF=search`. A
counterexample that it finds becomes an `@example` of its test.
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
    """Load the profile that the environment asks for, before any test module is imported."""
    # No deadline: the time of an example depends on how busy the machine is.
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
    """Return the number of examples for a test that draws `number` of them at `make test`."""
    return number * _TIMES_AS_MANY if _is_search() else number


def _is_search() -> bool:
    return os.environ.get("KIOSK_TEST_EXAMPLES") == SEARCH
