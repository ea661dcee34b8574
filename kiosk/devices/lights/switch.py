# SPDX-License-Identifier: Apache-2.0
"""Switches: inputs that are looked at time and again, because a Pi's interrupts cannot be had.

RPi.GPIO has them by the kernel's old `/sys/class/gpio`, which numbers its lines otherwise since
Linux 6.6, and which no sandboxed service may write. A level can be read wherever there are pins.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from kiosk.devices.lights import Lost
from kiosk.errors import BoardUnavailable

LOOK_SECONDS = 0.05  # a switch that bounces is quiet by the second look

Changed = Callable[[bool], None]


class Switches:
    """Follows inputs: `read` gives the level of one, and may raise BoardUnavailable."""

    def __init__(self, read: Callable[[int], bool], look_seconds: float = LOOK_SECONDS) -> None:
        self._read, self._look_seconds = read, look_seconds
        self._followed: dict[int, _Switch] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._look, name="switches", daemon=True)

    def follow(self, pin: int, changed: Changed, lost: Lost) -> None:
        """Tell each change of `pin` from now on, once two looks in a row saw the same.

        The first look that fails is told as well; what changed meanwhile is told by a later one.
        """
        with self._lock:
            begun = bool(self._followed)
            self._followed[pin] = _Switch(self._read(pin), changed, lost)
        if not begun:
            self._thread.start()

    def close(self) -> None:
        """Follow none any more. Not to be called by who is told."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def _look(self) -> None:
        while not self._closed.wait(self._look_seconds):
            with self._lock:
                followed = tuple(self._followed.items())
            for pin, switch in followed:
                try:
                    level = self._read(pin)
                except BoardUnavailable as error:
                    switch.lose(error.reason)
                else:
                    switch.see(level)


class _Switch:
    """One input: the level that was told last, and the one that was seen last."""

    def __init__(self, level: bool, changed: Changed, lost: Lost) -> None:
        self._told = self._seen = level
        self._changed, self._lost = changed, lost
        self._is_lost = False

    def see(self, level: bool) -> None:
        """Take one look's level; whoever follows the switch is told when it is another for good."""
        settled, self._seen = level == self._seen, level
        if settled and level != self._told:
            self._told = level
            self._changed(level)

    def lose(self, reason: str) -> None:
        """Take a look that failed; whoever follows the switch is told of the first."""
        if not self._is_lost:
            self._is_lost = True
            self._lost(reason)
