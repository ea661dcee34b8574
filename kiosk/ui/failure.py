# SPDX-License-Identifier: Apache-2.0
"""Uncaught exceptions of this room: they are logged without values, and the app goes on."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

from kivy.base import ExceptionHandler, ExceptionManager

logger = logging.getLogger(__name__)


class ErrorRecovery(ExceptionHandler):  # type: ignore[misc]
    """Logs type and place of an uncaught exception, never a value, then calls `recover`."""

    def __init__(self, recover: Callable[[], None]) -> None:
        super().__init__()
        self._recover = recover

    def handle_exception(self, inst: BaseException) -> int:
        """Return PASS for an error, RAISE for SystemExit and KeyboardInterrupt."""
        if not isinstance(inst, Exception):
            return int(ExceptionManager.RAISE)
        logger.error("%s at %s", type(inst).__name__, place_of(inst))
        self._recover()
        return int(ExceptionManager.PASS)


def place_of(error: BaseException) -> str:
    """Return where `error` was raised, as "file:line in function": no message, source or values."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "nowhere"
    last = frames[-1]
    return f"{last.filename}:{last.lineno} in {last.name}"
