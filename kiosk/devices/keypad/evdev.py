# SPDX-License-Identifier: Apache-2.0
"""Keypads as Linux has them: event devices, with the ids of their makers in sysfs."""

from __future__ import annotations

import fcntl
import logging
import os
import struct
import threading
from collections.abc import Callable, Collection
from pathlib import Path

_log = logging.getLogger(__name__)

_EVENT = struct.Struct("@llHHi")  # struct input_event: seconds, microseconds, type, code, value
_KEY, _DOWN, _HELD = 1, 1, 2  # EV_KEY, and its values but for 0, which is up
_GRAB = 0x40044590  # EVIOCGRAB of linux/input.h
_SHIFTS = {42, 54}
_REPEATING = {"erase", "up", "down", "left", "right"}  # a digit that is held is one digit
_HOLDING = {"press", "5"}  # what presses, on keypads with arrows and on those without

# linux/input-event-codes.h, by what a key means to a screen (see kiosk.ui.focus)
_NAMES = {
    1: "back", 14: "erase", 15: "next", 28: "press", 96: "press", 111: "erase", 57: " ",
    103: "up", 105: "left", 106: "right", 108: "down",
    78: "next", 74: "previous", 55: "language", 98: "access", 83: "erase", 88: "technician",
    69: "speech", 60: "speech",
    12: "-", 40: "'", 52: ".",
    71: "7", 72: "8", 73: "9", 75: "4", 76: "5", 77: "6", 79: "1", 80: "2", 81: "3", 82: "0",
    **{2 + place: digit for place, digit in enumerate("1234567890")},
    **{16 + place: letter for place, letter in enumerate("qwertyuiop")},
    **{30 + place: letter for place, letter in enumerate("asdfghjkl")},
    **{44 + place: letter for place, letter in enumerate("zxcvbnm")},
}  # fmt: skip


class EvdevKeypads:
    """Hears the allowed keypads, whenever they are plugged in; `on_key` hears what a key means.

    `allowed` are "vendor:product" in four hexadecimal digits each. `on_key` is called from another
    thread: with one character, or a name such as "press", "next" or "erase"; with "held" again and
    again while a key that presses is held down.
    """

    def __init__(
        self,
        allowed: Collection[str],
        on_key: Callable[[str], None],
        *,
        devices: Path = Path("/dev/input"),
        ids: Path = Path("/sys/class/input"),
        look_seconds: float = 2.0,
    ) -> None:
        self._allowed = {each.lower() for each in allowed}
        self._on_key = on_key
        self._devices, self._ids = devices, ids
        self._look_seconds = look_seconds
        self._heard: set[str] = set()
        self._closed = threading.Event()
        if self._allowed:
            threading.Thread(target=self._look, name="keypads", daemon=True).start()

    def close(self) -> None:
        """Hear no more keys."""
        self._closed.set()

    def _look(self) -> None:
        while not self._closed.is_set():
            for name in self._present() - self._heard:
                self._heard.add(name)
                threading.Thread(target=self._hear, args=(name,), name=name, daemon=True).start()
            self._closed.wait(self._look_seconds)

    def _present(self) -> set[str]:
        found = set()
        for folder in self._ids.glob("event*"):
            identity = folder / "device" / "id"
            try:
                parts = [(identity / part).read_text().strip() for part in ("vendor", "product")]
            except OSError:
                continue  # it is gone again
            if ":".join(parts).lower() in self._allowed:
                found.add(folder.name)
        return found

    def _hear(self, name: str) -> None:
        try:
            with (self._devices / name).open("rb", buffering=0) as device:
                _grab(device.fileno())
                _log.info("keypad %s", name)
                shifted = False
                while not self._closed.is_set() and (event := device.read(_EVENT.size)):
                    _, _, kind, code, value = _EVENT.unpack(event)
                    if kind != _KEY:
                        continue
                    if code in _SHIFTS:
                        shifted = value != 0
                    elif code in _NAMES and (meaning := _heard(_NAMES[code], value)):
                        self._tell(meaning, shifted=shifted)
        except (OSError, struct.error) as error:
            _log.info("keypad %s: %s", name, type(error).__name__)
        self._heard.discard(name)

    def _tell(self, meaning: str, *, shifted: bool) -> None:
        if self._closed.is_set():
            return
        if meaning == "next" and shifted:
            meaning = "previous"
        self._on_key(meaning.upper() if shifted and len(meaning) == 1 else meaning)


def _heard(meaning: str, value: int) -> str:
    """What the kernel's `value` for a key means, if anything: repeats are for some keys alone."""
    if value == _HELD and meaning in _HOLDING:
        return "held"
    return meaning if value == _DOWN or (value == _HELD and meaning in _REPEATING) else ""


def _grab(device: int) -> None:
    """Let nothing else hear it; what is no event device (in tests) has nobody else."""
    if os.isatty(device) or not os.fstat(device).st_rdev:
        return
    fcntl.ioctl(device, _GRAB, 1)
