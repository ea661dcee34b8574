# SPDX-License-Identifier: Apache-2.0
"""Signs of life of a test run, for `tests.guard`, which ends a run that shows none.

`KIOSK_TEST_HEARTBEAT` names the file; without it nothing is written.
"""

from __future__ import annotations

import os
from pathlib import Path


def beat(what: str) -> None:
    """Record that something has happened, and `what` it was."""
    place = os.environ.get("KIOSK_TEST_HEARTBEAT")
    if place:
        Path(place).write_text(what)
