# SPDX-License-Identifier: Apache-2.0
"""A simulated header: pins whose levels tests can read, and whose inputs they can set."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from kiosk.errors import BoardUnavailable

Changed = Callable[[bool], None]
Lost = Callable[[str], None]


class SimulatedPins:
    """Implements `devices.lights.Pins`; `set_input` acts as a switch, `fail` as a bad contact.

    A pull-up keeps an input high until something pulls it low. Writing to a pin that is no output
    raises RuntimeError, as RPi.GPIO does.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outputs: dict[int, bool] = {}
        self._inputs: dict[int, bool] = {}
        self._changed: dict[int, tuple[Changed, Lost]] = {}
        self._reason: str | None = None
        self._watched: list[Callable[[], None]] = []

    @property
    def levels(self) -> Mapping[int, bool]:
        """The levels of the outputs now."""
        with self._lock:
            return dict(self._outputs)

    def when_written(self, tell: Callable[[], None]) -> None:
        """Call `tell` after each change of an output, in the thread that wrote it."""
        self._watched.append(tell)

    def set_input(self, pin: int, *, high: bool) -> None:
        """Pull an input low, or release it; call its watcher if it changed."""
        with self._lock:
            before = self._inputs.get(pin, True)
            self._inputs[pin] = high
            watcher = self._changed.get(pin)
        if watcher is not None and before != high:
            watcher[0](high)

    def fail(self, reason: str) -> None:
        """Make every pin unusable from now on, and tell the watchers."""
        with self._lock:
            self._reason, watched = reason, tuple(self._changed.values())
        for _, lost in watched:
            lost(reason)

    def output(self, pin: int) -> None:
        """Make `pin` an output, low."""
        with self._lock:
            self._outputs[pin] = False

    def input(self, pin: int, changed: Changed, lost: Lost) -> None:
        """Make `pin` an input with a pull-up; call `changed` when its level changes."""
        with self._lock:
            if pin in self._changed:
                raise BoardUnavailable(f"pin {pin} is watched already")
            self._inputs.setdefault(pin, True)
            self._changed[pin] = changed, lost

    def read(self, pin: int) -> bool:
        """Return whether `pin` is high."""
        with self._lock:
            self._refuse_if_failed()
            return self._inputs.get(pin, True) if pin in self._inputs else self._outputs[pin]

    def write(self, pin: int, high: bool) -> None:
        """Set an output."""
        with self._lock:
            self._refuse_if_failed()
            if pin not in self._outputs:
                raise RuntimeError("the pin has not been set up as an output")
            self._outputs[pin] = high
        for tell in self._watched:
            tell()

    def close(self) -> None:
        """Release every pin."""
        with self._lock:
            self._outputs.clear()
            self._changed.clear()

    def _refuse_if_failed(self) -> None:
        if self._reason is not None:
            raise BoardUnavailable(self._reason)
