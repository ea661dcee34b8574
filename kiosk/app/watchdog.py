# SPDX-License-Identifier: Apache-2.0
"""The watchdog: systemd is pinged only while each component of a service responds."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping

from kiosk.systemd import Notifier

_log = logging.getLogger(__name__)
_PERIOD_SECONDS = 5.0  # used if systemd sets no watchdog time
_SHARE = 4  # rounds in the watchdog's time, so that one may fail

Answered = Callable[[], None]
Ask = Callable[[Answered], None]


class Watchdog:
    """Asks each component of the kiosk periodically; each answers from its own working thread.

    A component is asked by a function that returns at once; the component calls the argument when
    it gets to it. The service is ready when all components have answered for the first time.
    """

    def __init__(self, notifier: Notifier, parts: Mapping[str, Ask]) -> None:
        self._notifier = notifier
        self._parts = parts
        self._period = (notifier.watchdog_seconds or _PERIOD_SECONDS * _SHARE) / _SHARE

    def run(self, stopped: threading.Event) -> None:
        """Ask until `stopped`; ping systemd after each round in which all components answered."""
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
        """Ask each component once, and return those that have not answered within a period."""
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
    """Pings systemd each time that all loops have completed a round since the last ping."""

    def __init__(self, notifier: Notifier, loops: Iterable[str]) -> None:
        self._notifier = notifier
        self._loops = frozenset(loops)
        self._completed: set[str] = set()
        self._lock = threading.Lock()

    def been(self, loop: str) -> None:
        """Note that `loop` has completed a round. May be called from any thread."""
        with self._lock:
            self._completed.add(loop)
            if self._completed < self._loops:
                return
            self._completed.clear()
        self._notifier.alive()
