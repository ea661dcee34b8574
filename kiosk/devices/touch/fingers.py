# SPDX-License-Identifier: Apache-2.0
"""Fingers from the events of a touch screen (linux/input-event-codes.h). Pure.

Multi-touch screens number their fingers' slots (protocol B of the kernel); others have one finger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kiosk.devices.input.evdev import ecodes
from kiosk.values import Fingertip, Phase

_SINGLE = (ecodes.ABS_X, ecodes.ABS_Y)
_NUMBERED = (ecodes.ABS_MT_POSITION_X, ecodes.ABS_MT_POSITION_Y)

Limits = tuple[int, int]


@dataclass(slots=True)
class _Slot:
    x: int = 0
    y: int = 0
    down: bool = False
    was_down: bool = False
    moved: bool = False


class TouchTracker:
    """Follows the events of one screen; `limits` are the least and the greatest value of each axis.

    `has_slots` is whether its fingers are numbered; `slot` is the one that the first events are of.
    """

    def __init__(self, limits: Mapping[int, Limits], *, has_slots: bool, slot: int = 0) -> None:
        self._limits = limits
        self._has_slots = has_slots
        self._axes = _NUMBERED if has_slots else _SINGLE
        self._slots: dict[int, _Slot] = {}
        self._at = slot

    def event(self, kind: int, code: int, value: int) -> Iterator[Fingertip]:
        """Take one event; what has happened is told when the screen says that it is complete."""
        if kind == ecodes.EV_SYN:
            yield from self._complete()
        elif self._has_slots and kind == ecodes.EV_ABS:
            self._numbered(code, value)
        elif not self._has_slots:
            self._single(kind, code, value)

    def lifted(self) -> Iterator[Fingertip]:
        """Every finger that is down goes up: the screen is gone."""
        for slot in self._slots.values():
            slot.down = False
        yield from self._complete()

    def _numbered(self, code: int, value: int) -> None:
        if code == ecodes.ABS_MT_SLOT:
            self._at = value
            return
        slot = self._slots.setdefault(self._at, _Slot())
        if code == ecodes.ABS_MT_TRACKING_ID:
            slot.down = value >= 0
        else:
            self._move(slot, code, value)

    def _single(self, kind: int, code: int, value: int) -> None:
        slot = self._slots.setdefault(0, _Slot())
        if kind == ecodes.EV_KEY and code == ecodes.BTN_TOUCH:
            slot.down = value != 0
        elif kind == ecodes.EV_ABS:
            self._move(slot, code, value)

    def _move(self, slot: _Slot, code: int, value: int) -> None:
        x_axis, y_axis = self._axes
        if code == x_axis:
            slot.x, slot.moved = value, True
        elif code == y_axis:
            slot.y, slot.moved = value, True

    def _complete(self) -> Iterator[Fingertip]:
        for number, slot in self._slots.items():
            if slot.down != slot.was_down:
                yield self._tip(number, slot, Phase.DOWN if slot.down else Phase.UP)
            elif slot.down and slot.moved:
                yield self._tip(number, slot, Phase.MOVED)
            slot.was_down, slot.moved = slot.down, False

    def _tip(self, number: int, slot: _Slot, phase: Phase) -> Fingertip:
        x_axis, y_axis = self._axes
        return Fingertip(number, phase, self._share(x_axis, slot.x), self._share(y_axis, slot.y))

    def _share(self, axis: int, value: int) -> float:
        least, greatest = self._limits[axis]
        if greatest <= least:
            return 0.0
        return min(1.0, max(0.0, (value - least) / (greatest - least)))
