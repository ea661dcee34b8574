# SPDX-License-Identifier: Apache-2.0
"""Bounds for the log: what a stranger can cause at will is logged once a minute, with a count."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

_EVERY_SECONDS = 60.0


class Tally:
    """Logs the first event of a kind at once, the later ones once a minute with their number."""

    def __init__(self, log: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._log, self._clock = log, clock
        self._logged_at: dict[str, float] = {}
        self._count: dict[str, int] = {}

    def note(self, what: str) -> None:
        """Count one; log the number since the last line if that was a minute ago."""
        self._count[what] = self._count.get(what, 0) + 1
        now = self._clock()
        if now - self._logged_at.get(what, -_EVERY_SECONDS) >= _EVERY_SECONDS:
            self._logged_at[what] = now
            self._log.warning("%s (%d since the last such line)", what, self._count.pop(what))


class AtMost(logging.Filter):
    """A filter for lines that one request each causes: so many a minute, the rest are counted."""

    def __init__(
        self, lines: int, log: logging.Logger, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._lines, self._clock = lines, clock
        self._began = clock()
        self._left = lines
        self._tally = Tally(log, clock)

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is to be logged."""
        if self._clock() - self._began >= _EVERY_SECONDS:
            self._began, self._left = self._clock(), self._lines
        self._left -= 1
        if self._left < 0:
            self._tally.note(f"{record.name}: a line was left out")
        return self._left >= 0
