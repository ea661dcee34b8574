# SPDX-License-Identifier: Apache-2.0
"""What becomes of an exception that nobody in this room has caught: the app lives on."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

from kivy.base import ExceptionHandler, ExceptionManager

logger = logging.getLogger(__name__)


class LivingOn(ExceptionHandler):  # type: ignore[misc]
    """Kivy's handler for uncaught exceptions: log type and place, never a value, then `recover`."""

    def __init__(self, recover: Callable[[], None]) -> None:
        super().__init__()
        self._recover = recover

    def handle_exception(self, inst: BaseException) -> int:
        """PASS for every error; an order to leave (SystemExit, KeyboardInterrupt) goes its way."""
        if not isinstance(inst, Exception):
            return int(ExceptionManager.RAISE)
        logger.error("%s at %s", type(inst).__name__, place_of(inst))
        self._recover()
        return int(ExceptionManager.PASS)


def place_of(error: BaseException) -> str:
    """Where `error` was raised, as "file:line in function": no message, no source, no values."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "nowhere"
    last = frames[-1]
    return f"{last.filename}:{last.lineno} in {last.name}"
