# SPDX-License-Identifier: Apache-2.0
"""The keypads and keyboards that IT allowed: what their keys mean to a screen."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from kiosk.devices.input import InputSource, sysfs
from kiosk.devices.input.evdev import InputDevices, Surroundings, ecodes

_DOWN, _HELD = 1, 2  # values of a key's event, but for 0, which is up
_SHIFTS = {ecodes.KEY_LEFTSHIFT, ecodes.KEY_RIGHTSHIFT}
_REPEATING = {"erase", "up", "down", "left", "right"}  # a digit that is held is one digit
_HOLDING = {"press", "5"}  # what presses, on keypads with arrows and on those without

# By the names of keys without their KEY_; the meanings are those of kiosk.ui.focus.
_MEANINGS = {
    "ESC": "back", "BACKSPACE": "erase", "DELETE": "erase", "KPDOT": "erase", "SPACE": " ",
    "ENTER": "press", "KPENTER": "press",
    "TAB": "next", "KPPLUS": "next", "KPMINUS": "previous",
    "UP": "up", "LEFT": "left", "RIGHT": "right", "DOWN": "down",
    "KPASTERISK": "language", "KPSLASH": "access", "F12": "technician",
    "NUMLOCK": "speech", "F2": "speech",
    "MINUS": "-", "APOSTROPHE": "'", "DOT": ".",
    **{f"KP{digit}": digit for digit in "0123456789"},
    **{digit: digit for digit in "0123456789"},
    **{letter.upper(): letter for letter in "abcdefghijklmnopqrstuvwxyz"},
}  # fmt: skip
_KEYS = {ecodes.ecodes[f"KEY_{name}"]: meaning for name, meaning in _MEANINGS.items()}


class AllowedKeypads:
    """Hears the allowed keypads, whenever they are plugged in; `on_key` hears what a key means.

    `allowed` are "vendor:product" in four hexadecimal digits each. `on_key` is called from another
    thread: with one character, or a name such as "press", "next" or "erase"; with "held" again and
    again while a key that presses is held down.
    """

    def __init__(
        self,
        allowed: Collection[str],
        on_key: Callable[[str], None],
        surroundings: Surroundings | None = None,
    ) -> None:
        self._allowed = {each.lower() for each in allowed}
        self._on_key = on_key
        self._devices: InputDevices | None = None
        if self._allowed:
            self._devices = InputDevices("keypad", self._is_allowed, self._begin, surroundings)

    def close(self) -> None:
        """Hear no more keys."""
        if self._devices is not None:
            self._devices.close()

    def _is_allowed(self, device: Path) -> bool:
        return sysfs.maker(device) in self._allowed

    def _begin(self, _source: InputSource) -> _KeyListener:
        return _KeyListener(self._on_key)


class _KeyListener:
    """Makes meanings of one keypad's events."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._shifted = False

    def event(self, kind: int, code: int, value: int) -> None:
        """Take one event of the keypad."""
        if kind != ecodes.EV_KEY:
            return
        if code in _SHIFTS:
            self._shifted = value != 0
        elif code in _KEYS and (meaning := _heard(_KEYS[code], value)):
            if meaning == "next" and self._shifted:
                meaning = "previous"
            self._tell(meaning.upper() if self._shifted and len(meaning) == 1 else meaning)

    def end(self) -> None:
        """Do nothing: a key that is down means nothing more once it was told."""


def _heard(meaning: str, value: int) -> str:
    """The kernel's `value` for a key: repeats are for some keys alone."""
    if value == _HELD and meaning in _HOLDING:
        return "held"
    return meaning if value == _DOWN or (value == _HELD and meaning in _REPEATING) else ""
