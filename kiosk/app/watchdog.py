# SPDX-License-Identifier: Apache-2.0
"""The watchdog's food: given only when every part of a service has just shown that it lives."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping

from kiosk.systemd import Notifier

_log = logging.getLogger(__name__)
_PERIOD_SECONDS = 5.0  # where no watchdog says how often it wants to hear from us
_SHARE = 4  # asked so many times in the watchdog's time: one round may fail

Answered = Callable[[], None]
Ask = Callable[[Answered], None]


class Watchdog:
    """Asks each part of the kiosk, time and again; each answers from the thread that it works in.

    A part is asked by a function that returns at once and has its argument called when the part
    gets to it. The service is ready when all of them answered for the first time.
    """

    def __init__(self, notifier: Notifier, parts: Mapping[str, Ask]) -> None:
        self._notifier = notifier
        self._parts = parts
        self._period = (notifier.watchdog_seconds or _PERIOD_SECONDS * _SHARE) / _SHARE

    def run(self, stopped: threading.Event) -> None:
        """Ask until `stopped`."""
        ready = False
        while not stopped.is_set():
            silent = self.ask(stopped)
            if stopped.is_set():
                return
            if silent:
                _log.error("no answer from: %s", ", ".join(silent))
                self._notifier.status(f"no answer from: {', '.join(silent)}")
            else:
                self._notifier.alive()
                if not ready:
                    ready = True
                    self._notifier.ready()
                    self._notifier.status("in service")
            stopped.wait(self._period)

    def ask(self, stopped: threading.Event) -> tuple[str, ...]:
        """Ask every part once: those that have not answered within a period."""
        missing, changed = set(self._parts), threading.Condition()

        def answered(name: str) -> None:
            with changed:
                missing.discard(name)
                changed.notify_all()

        for name, ask in self._parts.items():
            ask(lambda name=name: answered(name))  # type: ignore[misc]
        with changed:
            changed.wait_for(lambda: not missing or stopped.is_set(), self._period)
            return tuple(sorted(missing))


class Rounds:
    """Feeds the watchdog whenever each of several loops has been round since it was fed."""

    def __init__(self, notifier: Notifier, loops: Iterable[str]) -> None:
        self._notifier = notifier
        self._loops = frozenset(loops)
        self._been: set[str] = set()
        self._lock = threading.Lock()

    def been(self, loop: str) -> None:
        """A loop has been round once more. May be called from any thread."""
        with self._lock:
            self._been.add(loop)
            if self._been < self._loops:
                return
            self._been.clear()
        self._notifier.alive()
