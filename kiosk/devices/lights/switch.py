# SPDX-License-Identifier: Apache-2.0
"""Switches: inputs that are polled, because a Pi's interrupts are not available here.

RPi.GPIO gets interrupts through the kernel's old `/sys/class/gpio`. Since Linux 6.6 that numbers
its lines differently, and no sandboxed service may write to it. A level can be read on every
header.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from kiosk.devices.lights import Lost
from kiosk.errors import BoardUnavailable

LOOK_SECONDS = 0.05  # a switch stops bouncing before the second read

Changed = Callable[[bool], None]


class Switches:
    """Polls inputs; `read` returns the level of one and may raise BoardUnavailable."""

    def __init__(self, read: Callable[[int], bool], look_seconds: float = LOOK_SECONDS) -> None:
        self._read, self._look_seconds = read, look_seconds
        self._followed: dict[int, _Switch] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._look, name="switches", daemon=True)

    def follow(self, pin: int, changed: Changed, lost: Lost) -> None:
        """Call `changed` for each change of `pin` from now on, once two reads in a row agree.

        `lost` is called for the first failed read. A change that happened meanwhile is reported by
        a later read.
        """
        with self._lock:
            begun = bool(self._followed)
            self._followed[pin] = _Switch(self._read(pin), changed, lost)
        if not begun:
            self._thread.start()

    def close(self) -> None:
        """Stop polling; must not be called from a callback."""
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
    """One input: the level that was reported last, and the one that was read last."""

    def __init__(self, level: bool, changed: Changed, lost: Lost) -> None:
        self._reported = self._seen = level
        self._changed, self._lost = changed, lost
        self._is_lost = False

    def see(self, level: bool) -> None:
        """Take the level of one read; call `changed` if it is new and stable."""
        settled, self._seen = level == self._seen, level
        if settled and level != self._reported:
            self._reported = level
            self._changed(level)

    def lose(self, reason: str) -> None:
        """Take a failed read; call `lost` for the first one."""
        if not self._is_lost:
            self._is_lost = True
            self._lost(reason)
