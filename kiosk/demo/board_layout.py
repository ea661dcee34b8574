# SPDX-License-Identifier: Apache-2.0
"""The simulated board of the demonstration: its pins, its lamps and its first state."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.simulated.pins import SimulatedPins
from kiosk.ui.palette import Colour, colour
from kiosk.ui.theme import theme_for

PINS: Mapping[str, int] = {
    "reader": 4, "ready": 17, "working": 27, "done": 22, "attention": 23, "buzzer": 24,
    "tamper": 5, "presence": 6, "power": 13,
}  # fmt: skip
"""The pins, in the form of `KIOSK_PINS`."""

LAMPS: Mapping[str, tuple[str, Colour]] = {
    "reader": ("Reader", colour("#ffffff")),
    "ready": ("Ready", colour("#4cd07d")),
    "working": ("Working", colour("#53b1ff")),
    "done": ("Done", colour("#b6f36b")),
    "attention": ("Attention", colour("#ff7a59")),
    "buzzer": ("Buzzer", colour("#ffd84d")),
}
"""The name of each lamp, and its colour while it is lit."""

_WIDE = 190  # design pixels, beside the kiosk's screen


def make_pins() -> SimulatedPins:
    """Return a header with the case closed, nobody near, and good power."""
    pins = SimulatedPins()
    pins.set_input(PINS["tamper"], high=False)
    pins.set_input(PINS["presence"], high=False)
    pins.set_input(PINS["power"], high=True)
    return pins


def wide(size: tuple[int, int]) -> int:
    """Return the width of the board's picture beside a screen of this size, in pixels."""
    # Kivy's screenshots are skewed unless their width is a multiple of four pixels.
    return -(-theme_for(*size).px(_WIDE) // 4) * 4
