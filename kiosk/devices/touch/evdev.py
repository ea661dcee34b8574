# SPDX-License-Identifier: Apache-2.0
"""Touch screens as Linux has them: event devices that are touched where they are seen."""

from __future__ import annotations

import fcntl
import logging
import os
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from kiosk.devices.touch import Turn, place
from kiosk.devices.touch.fingers import ABS_X, ABS_Y, MT_SLOT, MT_X, MT_Y, Limits, TouchTracker
from kiosk.values import Fingertip

_log = logging.getLogger(__name__)

_EVENT = struct.Struct("@llHHi")  # struct input_event: seconds, microseconds, type, code, value
_AXIS = struct.Struct("@6i")  # struct input_absinfo: value, minimum, maximum, …
_GRAB = 0x40044590  # EVIOCGRAB of linux/input.h
_GET_AXIS = 0x80184540  # EVIOCGABS(0)
_DIRECT = 1 << 1  # INPUT_PROP_DIRECT

ReadLimits = Callable[[int, int], Limits]
"""The least and the greatest value of an axis, of the device that a file descriptor is of."""


def _ask_limits(device: int, axis: int) -> Limits:
    _, least, greatest, *_ = _AXIS.unpack(fcntl.ioctl(device, _GET_AXIS + axis, bytes(_AXIS.size)))
    return least, greatest


class EvdevTouch:
    """Hears every touch screen, whenever it is plugged in, and keeps the window from hearing it.

    `on_touch` is called from other threads, with places on the display from 0 to 1, from top left.
    """

    def __init__(
        self,
        turns: Sequence[Turn],
        on_touch: Callable[[Fingertip], None],
        *,
        devices: Path = Path("/dev/input"),
        classes: Path = Path("/sys/class/input"),
        limits: ReadLimits = _ask_limits,
        look_seconds: float = 2.0,
    ) -> None:
        self._turns, self._on_touch = turns, on_touch
        self._devices, self._classes, self._limits = devices, classes, limits
        self._look_seconds = look_seconds
        self._heard: set[str] = set()
        self._closed = threading.Event()
        threading.Thread(target=self._look, name="touch", daemon=True).start()

    def close(self) -> None:
        """Hear no more touches."""
        self._closed.set()

    def _look(self) -> None:
        while not self._closed.is_set():
            for folder in self._classes.glob("event*"):
                name = folder.name
                if name not in self._heard and _bits(folder, "properties") & _DIRECT:
                    self._heard.add(name)
                    threading.Thread(
                        target=self._hear, args=(folder,), name=name, daemon=True
                    ).start()
            self._closed.wait(self._look_seconds)

    def _hear(self, folder: Path) -> None:
        has_slots = bool(_bits(folder, "capabilities/abs") >> MT_SLOT & 1)
        try:
            with (self._devices / folder.name).open("rb", buffering=0) as device:
                _grab(device.fileno())
                axes = (MT_X, MT_Y) if has_slots else (ABS_X, ABS_Y)
                limits = {axis: self._limits(device.fileno(), axis) for axis in axes}
                _log.info("touch screen %s", folder.name)
                fingers = TouchTracker(limits, has_slots=has_slots)
                try:
                    while not self._closed.is_set() and (event := device.read(_EVENT.size)):
                        _, _, kind, code, value = _EVENT.unpack(event)
                        for tip in fingers.event(kind, code, value):
                            self._tell(tip)
                finally:
                    for tip in fingers.lifted():
                        self._tell(tip)
        except (OSError, struct.error) as error:
            _log.info("touch screen %s: %s", folder.name, type(error).__name__)
        self._heard.discard(folder.name)

    def _tell(self, tip: Fingertip) -> None:
        if not self._closed.is_set():
            x, y = place(tip.x, tip.y, self._turns)
            self._on_touch(replace(tip, x=x, y=y))


def _bits(folder: Path, name: str) -> int:
    """A bit mask of sysfs: words of the machine's length, the highest first."""
    try:
        words = (folder / "device" / name).read_text().split()
        return sum(
            int(word, 16) << (struct.calcsize("@l") * 8 * number)
            for number, word in enumerate(reversed(words))
        )
    except (OSError, ValueError):
        return 0  # it is gone again


def _grab(device: int) -> None:
    """Let nothing else hear it; what is no event device (in tests) has nobody else."""
    if os.fstat(device).st_rdev:
        fcntl.ioctl(device, _GRAB, 1)
