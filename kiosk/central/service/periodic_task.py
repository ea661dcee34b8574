# SPDX-License-Identifier: Apache-2.0
"""Periodic tasks, which run beside the server, each in a thread of its own, behind unlocks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from kiosk.central.storage import turns

_log = logging.getLogger(__name__)


class PeriodicTask:
    """Runs a function every few `seconds` until it is stopped.

    A failure is logged by its kind alone, and does not end the task.
    """

    def __init__(self, name: str, function: Callable[[], None], seconds: float) -> None:
        self._function, self._seconds = function, seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the task; wait up to two seconds for a run in progress."""
        self._stopped.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with turns.behind():
                    self._function()
            except Exception as error:  # noqa: BLE001 - a database that is away comes back
                _log.error("%s: %s", self._thread.name, type(error).__name__)
            self._stopped.wait(self._seconds)
