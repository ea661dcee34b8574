"""Colours, type scale and spacing: everything that makes two screens look like one house.

Sizes are given in pixels of the smallest screen, 800x480 (seven inches, 133 to the inch, so that
52 of them are ten millimetres), and scaled to the window.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

Colour = tuple[float, float, float, float]

MARGIN = 20  # between the window's edge and everything on a page

DESIGN_WIDTH, DESIGN_HEIGHT = 800, 480

_FONTS = Path(__file__).parent / "fonts"


def colour(code: str, alpha: float = 1.0) -> Colour:
    """The colour of a hexadecimal `code` such as "#005eb8"."""
    red, green, blue = (int(code[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue, alpha


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours by what they are for; every pair used for text has a contrast of 4.5 or more."""

    text: Colour
    faint: Colour
    background: Colour
    surface: Colour
    line: Colour
    disabled: Colour
    title: Colour
    title_pressed: Colour
    on_dark: Colour
    primary: Colour
    primary_pressed: Colour
    primary_edge: Colour
    link: Colour
    tint: Colour
    key_edge: Colour
    special_key: Colour
    success: Colour
    error: Colour
    banner: Colour
    scrim: Colour
    gold: Colour
    gold_line: Colour


NHS = Palette(
    text=colour("#212b32"),
    faint=colour("#4c6272"),
    background=colour("#f0f4f5"),
    surface=colour("#ffffff"),
    line=colour("#aeb7bd"),
    disabled=colour("#d8dde0"),
    title=colour("#005eb8"),
    title_pressed=colour("#003d78"),
    on_dark=colour("#ffffff"),
    primary=colour("#007f3b"),
    primary_pressed=colour("#00662f"),
    primary_edge=colour("#004d24"),
    link=colour("#005eb8"),
    tint=colour("#dbe7f3"),
    key_edge=colour("#a3afb8"),
    special_key=colour("#d8dfe5"),
    success=colour("#007f3b"),
    error=colour("#d5281b"),
    banner=colour("#ffeb3b"),
    scrim=colour("#212b32", 0.72),
    gold=colour("#e8b93c"),
    gold_line=colour("#9a7416"),
)


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
    """Looks for one window: `scale` says how much larger it is than the smallest screen."""

    scale: float
    palette: Palette = NHS
    regular: str = str(_FONTS / "Inter-Regular.otf")
    strong: str = str(_FONTS / "Inter-SemiBold.otf")

    def px(self, length: float) -> int:
        """A length of the 800x480 design in this window's whole pixels."""
        return round(length * self.scale)


def theme_for(width: float, height: float) -> Theme:
    """The theme for a window of this size, in pixels."""
    return Theme(max(0.5, min(width / DESIGN_WIDTH, height / DESIGN_HEIGHT)))
