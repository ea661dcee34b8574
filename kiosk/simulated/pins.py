# SPDX-License-Identifier: Apache-2.0
"""A simulated header: pins whose levels can be looked at, and whose inputs can be pulled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from kiosk.errors import BoardUnavailable

Changed = Callable[[bool], None]
Lost = Callable[[str], None]


class SimulatedPins:
    """Keeps `devices.lights.Pins`; `set_input` is the hand at a switch, `fail` a bad contact.

    An input floats high by its pull-up until something pulls it; writing to a pin that is no output
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
        """The outputs' levels now."""
        with self._lock:
            return dict(self._outputs)

    def when_written(self, tell: Callable[[], None]) -> None:
        """Call `tell` after each change of an output, from whichever thread wrote it."""
        self._watched.append(tell)

    def set_input(self, pin: int, *, high: bool) -> None:
        """Pull an input low, or let it go; whoever watches it is told when it changed."""
        with self._lock:
            before = self._inputs.get(pin, True)
            self._inputs[pin] = high
            told = self._changed.get(pin)
        if told is not None and before != high:
            told[0](high)

    def fail(self, reason: str) -> None:
        """From now on no pin can be used; whoever watches one is told."""
        with self._lock:
            self._reason, watched = reason, tuple(self._changed.values())
        for _, lost in watched:
            lost(reason)

    def output(self, pin: int) -> None:
        """Make `pin` an output, low."""
        with self._lock:
            self._outputs[pin] = False

    def input(self, pin: int, changed: Changed, lost: Lost) -> None:
        """Make `pin` an input with a pull-up, and tell its changes."""
        with self._lock:
            if pin in self._changed:
                raise BoardUnavailable(f"pin {pin} is watched already")
            self._inputs.setdefault(pin, True)
            self._changed[pin] = changed, lost

    def read(self, pin: int) -> bool:
        """Whether `pin` is high."""
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
        """Let go of every pin."""
        with self._lock:
            self._outputs.clear()
            self._changed.clear()

    def _refuse_if_failed(self) -> None:
        if self._reason is not None:
            raise BoardUnavailable(self._reason)
