# SPDX-License-Identifier: Apache-2.0
"""Lights and what else hangs on the Pi's pins: the interface of a board, and the board itself.

The board decides when a pin is high; a `Pins` driver only sets and reads them. `rpi` is the one
file that knows RPi.GPIO; `simulated.board` is a driver like it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from kiosk.values import Signal


class BoardNotice(StrEnum):
    """Something that the board noticed."""

    OPENED = "opened"  # the case is open, or was when the board was started
    CLOSED = "closed"
    SOMEBODY_NEAR = "somebody near"
    POWER_LOW = "power low"
    POWER_GOOD = "power good"


Notify = Callable[[BoardNotice], None]
Lost = Callable[[str], None]  # with the reason why pins cannot be used any more


class Pins(Protocol):
    """The pins of a header by their BCM numbers. May be called from any thread.

    Each of these, its making first, raises BoardUnavailable where the pins cannot be used.
    """

    def output(self, pin: int) -> None:
        """Make `pin` an output, low."""

    def input(self, pin: int, changed: Callable[[bool], None], lost: Lost) -> None:
        """Make `pin` an input with a pull-up, and tell each change from a thread of its own.

        Where it can be seen no more, that is told once, and it is looked at on and on.
        """

    def read(self, pin: int) -> bool:
        """Whether `pin` is high."""

    def write(self, pin: int, high: bool) -> None:
        """Set an output."""

    def close(self) -> None:
        """Leave every pin as an input that does nothing."""


class Lights(Protocol):
    """What the runtime needs of a board."""

    def show(self, signal: Signal) -> None:
        """Light what `signal` says, from now on; returns at once."""

    def watch(self, notify: Notify, lost: Lost) -> None:
        """Begin to call `notify`, from a thread of the board's own; first with how things are.

        `lost` is called once, when a pin fails that could be used before. Raises BoardUnavailable
        where the switches cannot be seen.
        """

    def close(self) -> None:
        """Put out every light."""


__all__ = ["BoardNotice", "Lights", "Lost", "Notify", "Pins"]
