# SPDX-License-Identifier: Apache-2.0
"""The colours by their use, and the pairs that meet on the screen.

`TEXTS` and `EDGES` list these pairs. A test computes the contrast of each pair in every palette:
seven to one for texts, three to one for the edges of controls.
"""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[float, float, float, float]

CLEAR: Colour = (0.0, 0.0, 0.0, 0.0)


def colour(code: str, alpha: float = 1.0) -> Colour:
    """Return the colour of a hexadecimal `code` such as "#003087"."""
    red, green, blue = (int(code[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue, alpha


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a theme."""

    text: Colour
    faint: Colour
    background: Colour
    surface: Colour
    line: Colour
    edge: Colour
    disabled: Colour
    title: Colour
    title_pressed: Colour
    title_line: Colour
    on_title: Colour
    primary: Colour
    primary_pressed: Colour
    primary_edge: Colour
    on_primary: Colour
    link: Colour
    tint: Colour
    special_key: Colour
    success: Colour
    error: Colour
    on_sign: Colour
    banner: Colour
    on_banner: Colour
    scrim: Colour
    focus: Colour
    focus_line: Colour
    gold: Colour
    gold_line: Colour
    reader: Colour
    reader_dark: Colour
    rest: Colour
    on_rest: Colour


NHS = Palette(
    text=colour("#212b32"),
    faint=colour("#3a4854"),
    background=colour("#f0f4f5"),
    surface=colour("#ffffff"),
    line=colour("#aeb7bd"),
    edge=colour("#6b7b87"),
    disabled=colour("#eceff1"),
    title=colour("#003087"),
    title_pressed=colour("#001f5c"),
    title_line=colour("#003087"),
    on_title=colour("#ffffff"),
    primary=colour("#005a2b"),
    primary_pressed=colour("#00401e"),
    primary_edge=colour("#00401e"),
    on_primary=colour("#ffffff"),
    link=colour("#003087"),
    tint=colour("#dbe7f3"),
    special_key=colour("#d8dfe5"),
    success=colour("#005a2b"),
    error=colour("#d5281b"),
    on_sign=colour("#ffffff"),
    banner=colour("#ffeb3b"),
    on_banner=colour("#212b32"),
    scrim=colour("#212b32", 0.72),
    focus=colour("#ffeb3b"),
    focus_line=colour("#212b32"),
    gold=colour("#e8b93c"),
    gold_line=colour("#9a7416"),
    reader=colour("#4c6272"),
    reader_dark=colour("#212b32"),
    rest=colour("#000000"),
    on_rest=colour("#9aa3a9"),
)

HIGH_CONTRAST = Palette(
    text=colour("#ffffff"),
    faint=colour("#e6e6e6"),
    background=colour("#000000"),
    surface=colour("#000000"),
    line=colour("#8c8c8c"),
    edge=colour("#ffffff"),
    disabled=colour("#1a1a1a"),
    title=colour("#000000"),
    title_pressed=colour("#333333"),
    title_line=colour("#ffffff"),
    on_title=colour("#ffffff"),
    primary=colour("#ffeb3b"),
    primary_pressed=colour("#ffffff"),
    primary_edge=colour("#ffffff"),
    on_primary=colour("#000000"),
    link=colour("#ffeb3b"),
    tint=colour("#333333"),
    special_key=colour("#333333"),
    success=colour("#ffeb3b"),
    error=colour("#ffffff"),
    on_sign=colour("#000000"),
    banner=colour("#ffeb3b"),
    on_banner=colour("#000000"),
    scrim=colour("#000000", 0.85),
    focus=colour("#00e5ff"),
    focus_line=colour("#000000"),
    gold=colour("#ffeb3b"),
    gold_line=colour("#000000"),
    reader=colour("#767676"),
    reader_dark=colour("#4d4d4d"),
    rest=colour("#000000"),
    on_rest=colour("#b3b3b3"),
)

TEXTS = (
    ("text", "background"),
    ("text", "surface"),
    ("text", "tint"),
    ("text", "special_key"),
    ("faint", "background"),
    ("faint", "surface"),
    ("faint", "tint"),
    ("faint", "disabled"),
    ("link", "surface"),
    ("link", "background"),
    ("link", "tint"),
    ("on_title", "title"),
    ("on_title", "title_pressed"),
    ("on_primary", "primary"),
    ("on_primary", "primary_pressed"),
    ("on_banner", "banner"),
    ("on_rest", "rest"),
)
"""Text colours, each with its background."""

EDGES = (
    ("edge", "background"),
    ("edge", "surface"),
    ("link", "background"),
    ("link", "surface"),
    ("on_title", "title"),
    ("primary", "background"),
    ("text", "background"),
    ("text", "surface"),
    ("error", "background"),
    ("error", "surface"),
    ("success", "background"),
    ("success", "surface"),
    ("on_sign", "success"),
    ("on_sign", "error"),
    ("on_title", "title_pressed"),
    ("focus_line", "focus"),
)
"""Colours that mark the edge of a control, a sign or the focus, each with its background."""


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast of two opaque colours, from 1 to 21, as WCAG 2 defines it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(shade: Colour) -> float:
    red, green, blue = map(_linear, shade[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
