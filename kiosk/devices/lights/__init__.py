# SPDX-License-Identifier: Apache-2.0
"""Lights, switches and sensors on the Pi's pins: the interface of a board and of a pin driver.

The board decides when a pin is high; a `Pins` driver only sets and reads pins. `rpi` is the only
file that imports RPi.GPIO; `simulated.pins` is another driver.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from kiosk.values import Signal


class BoardNotice(StrEnum):
    """The events that the board reports."""

    OPENED = "opened"  # the case is open, or was when the board was started
    CLOSED = "closed"
    SOMEBODY_NEAR = "somebody near"
    POWER_LOW = "power low"
    POWER_GOOD = "power good"


Notify = Callable[[BoardNotice], None]
Lost = Callable[[str], None]  # called with the reason for which pins cannot be used any more


class Pins(Protocol):
    """The pins of a header by their BCM numbers; any thread may call it.

    The constructor and each method raise BoardUnavailable if the pins cannot be used.
    """

    def output(self, pin: int) -> None:
        """Make `pin` an output, low."""

    def input(self, pin: int, changed: Callable[[bool], None], lost: Lost) -> None:
        """Make `pin` an input with a pull-up; call `changed` in another thread for each change.

        If it can no longer be read, `lost` is called once and the reads go on.
        """

    def read(self, pin: int) -> bool:
        """Return whether `pin` is high."""

    def write(self, pin: int, high: bool) -> None:
        """Set an output."""

    def close(self) -> None:
        """Make every pin an unused input."""


class Lights(Protocol):
    """The interface of a board, as the runtime uses it."""

    def show(self, signal: Signal) -> None:
        """Show `signal` from now on; returns at once."""

    def watch(self, notify: Notify, lost: Lost) -> None:
        """Begin to call `notify` in a thread of the board's; the first calls are the present state.

        `lost` is called once, when a pin fails that could be used before. Raises BoardUnavailable
        if the switches cannot be read.
        """

    def close(self) -> None:
        """Turn off every light."""


__all__ = ["BoardNotice", "Lights", "Lost", "Notify", "Pins"]
