# SPDX-License-Identifier: Apache-2.0
"""The one limit for how long tests wait for an event; it is generous.

A wait ends as soon as its event happens, so patience costs nothing on a good day. Only an event
that never happens uses it up, and it has to outlast a machine that is busy with other work.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 60.0
"""Seconds to wait for an event that should happen soon: half of a test's own time limit."""
GLANCE = 0.01
"""Seconds between two polls."""

_Seen = TypeVar("_Seen")


def wait_until(
    look: Callable[[], _Seen], what: str | Callable[[], str], *, seconds: float = PATIENCE
) -> _Seen:
    """Return the first true value of `look`; raise AssertionError naming `what` was awaited."""
    end = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > end:
            awaited = what if isinstance(what, str) else what()
            raise AssertionError(f"waited {seconds:.0f} s in vain: {awaited}")
        time.sleep(GLANCE)
    return seen
