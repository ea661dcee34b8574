# SPDX-License-Identifier: Apache-2.0
"""Touch panels: input devices that are touched where they are seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from kiosk.devices.input import InputSource, sysfs
from kiosk.devices.input.evdev import InputDevices, Surroundings, ecodes
from kiosk.devices.touch import Turn, place
from kiosk.devices.touch.fingers import TouchTracker
from kiosk.values import Fingertip


class TouchPanels:
    """Hears every touch panel, whenever it is plugged in, and keeps the window from hearing it.

    `on_touch` is called from another thread, with places on the display from 0 to 1, from top left.
    """

    def __init__(
        self,
        turns: Sequence[Turn],
        on_touch: Callable[[Fingertip], None],
        surroundings: Surroundings | None = None,
    ) -> None:
        self._turns, self._on_touch = turns, on_touch
        self._devices = InputDevices("touch panel", sysfs.is_direct, self._begin, surroundings)

    def close(self) -> None:
        """Hear no more touches."""
        self._devices.close()

    def _begin(self, source: InputSource) -> _TouchListener:
        return _TouchListener(source, self._tell)

    def _tell(self, tip: Fingertip) -> None:
        x, y = place(tip.x, tip.y, self._turns)
        self._on_touch(replace(tip, x=x, y=y))


class _TouchListener:
    """Makes fingers of one panel's events."""

    def __init__(self, source: InputSource, tell: Callable[[Fingertip], None]) -> None:
        self._tell = tell
        self._tracker = _tracker(source)

    def event(self, kind: int, code: int, value: int) -> None:
        """Take one event of the panel."""
        for tip in self._tracker.event(kind, code, value):
            self._tell(tip)

    def end(self) -> None:
        """Lift every finger: the panel is gone, or lost some of its events."""
        for tip in self._tracker.lifted():
            self._tell(tip)


def _tracker(source: InputSource) -> TouchTracker:
    """Return a tracker for the panel's axes, which begins in the slot that the panel is in."""
    has_slots = ecodes.ABS_MT_SLOT in source.capabilities(absinfo=False).get(ecodes.EV_ABS, ())
    axes = (ecodes.ABS_X, ecodes.ABS_Y)
    slot = 0
    if has_slots:
        axes = (ecodes.ABS_MT_POSITION_X, ecodes.ABS_MT_POSITION_Y)
        slot = source.absinfo(ecodes.ABS_MT_SLOT).value
    ranges = {axis: source.absinfo(axis) for axis in axes}
    limits = {axis: (each.min, each.max) for axis, each in ranges.items()}
    return TouchTracker(limits, has_slots=has_slots, slot=slot)
