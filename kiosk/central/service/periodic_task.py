# SPDX-License-Identifier: Apache-2.0
"""Something that is done again and again beside serving, by a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)


class PeriodicTask:
    """Does it every few `seconds`, until `stop`; a failure is logged by its kind alone."""

    def __init__(self, name: str, do: Callable[[], None], seconds: float) -> None:
        self._do, self._seconds = do, seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is under way is waited for, but not for long."""
        self._stopped.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._do()
            except Exception as error:  # noqa: BLE001 - a database that is away comes back
                _log.error("%s: %s", self._thread.name, type(error).__name__)
            self._stopped.wait(self._seconds)
