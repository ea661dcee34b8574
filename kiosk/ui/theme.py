# SPDX-License-Identifier: Apache-2.0
"""Type scale, spacing and colours: they give all screens the same look.

Sizes are in pixels of the smallest screen, 800x480 on seven inches (154 by 86 mm), and are scaled
to the window. On that screen a finger (ten millimetres) is 52 pixels wide and 56 high.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from kiosk.flow.preferences import Access, TextSize
from kiosk.ui.palette import HIGH_CONTRAST, NHS, Palette

MARGIN = 20  # between the window's edge and everything on a page

DESIGN_WIDTH, DESIGN_HEIGHT = 800, 480

FINGER_WIDE, FINGER_HIGH = 52, 56
"""Ten millimetres on the smallest screen: no control is smaller."""

LARGEST_LETTERS = 60
"""Headings stop growing here: at 200 % a line still has to hold the longest words."""

_FONTS = Path(__file__).parent / "fonts"


class Size(IntEnum):
    """The type scale."""

    SMALL = 17
    BODY = 20
    TEXT = 21
    LEAD = 23
    HEADING = 30
    TITLE = 38
    DISPLAY = 46


@dataclass(frozen=True, slots=True)
class Theme:
    """The look for one window: `scale` is its size relative to the smallest screen."""

    scale: float
    palette: Palette = NHS
    text_size: TextSize = TextSize.NORMAL
    low_reach: bool = False
    scrambled: bool = False
    regular: str = str(_FONTS / "Inter-Regular.otf")
    strong: str = str(_FONTS / "Inter-SemiBold.otf")

    @property
    def large(self) -> bool:
        """Whether texts are larger than usual; pages are then one column that scrolls."""
        return self.text_size > TextSize.NORMAL

    def px(self, length: float) -> int:
        """Return a length of the 800x480 design in whole pixels of this window."""
        return round(length * self.scale)

    def letters(self, size: float) -> int:
        """Return a size of the type scale in pixels of this window, at the chosen text size."""
        grown = size * self.text_size / TextSize.NORMAL
        return self.px(min(grown, max(size, LARGEST_LETTERS)))


def theme_for(width: float, height: float, access: Access | None = None) -> Theme:
    """Return the theme for a window of this size, in pixels, and for the user's settings."""
    access = access or Access()
    return Theme(
        max(0.5, min(width / DESIGN_WIDTH, height / DESIGN_HEIGHT)),
        HIGH_CONTRAST if access.high_contrast else NHS,
        access.text_size,
        access.low_reach,
        access.scrambled,
    )
