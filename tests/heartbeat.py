# SPDX-License-Identifier: Apache-2.0
"""Signs of life of a test run, for `tests.guard`, which ends a run without any.

`KIOSK_TEST_HEARTBEAT` names the file; if it is not set, nothing is written.
"""

from __future__ import annotations

import os
from pathlib import Path


def beat(what: str) -> None:
    """Record the event `what` as a sign of life."""
    place = os.environ.get("KIOSK_TEST_HEARTBEAT")
    if place:
        Path(place).write_text(what)
