# SPDX-License-Identifier: Apache-2.0
"""Input devices: the interface by which touch screens and keypads are read.

A device of Linux satisfies `InputSource`, and so does a pipe that carries the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol


class AxisInfo(Protocol):
    """The state and the range of an absolute axis."""

    @property
    def value(self) -> int:
        """The present value."""

    @property
    def min(self) -> int:
        """The least value."""

    @property
    def max(self) -> int:
        """The greatest value."""


class InputSource(Protocol):
    """An open input device; every method may raise whatever the device's library raises."""

    def fileno(self) -> int:
        """Return the descriptor that `struct input_event` is read from without blocking."""

    def grab(self) -> None:
        """Keep every other program from receiving the device's events."""

    def capabilities(self, *, absinfo: bool) -> Mapping[int, Sequence[int]]:
        """Return the codes of each type of event that the device sends; `absinfo` is False."""

    def absinfo(self, axis_num: int) -> AxisInfo:
        """Return the state and the range of an axis."""

    def close(self) -> None:
        """Close the device."""


class InputListener(Protocol):
    """Receives the events of one device, from the thread that reads all of them."""

    def event(self, kind: int, code: int, value: int) -> None:
        """Take one event: type, code and value of linux/input-event-codes.h."""

    def end(self) -> None:
        """Take note that the device is gone, or that some of its events were lost."""


OpenSource = Callable[[Path], InputSource]
"""Opens the device with the given path below /dev/input."""


__all__ = ["AxisInfo", "InputListener", "InputSource", "OpenSource"]
