# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""Drawings of a smartcard and its reader, without motion, in the colours of the theme."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kivy.graphics import Color, PopMatrix, PushMatrix, Scale, SmoothLine, Translate
from kivy.uix.widget import Widget

from kiosk.flow.view import Picture
from kiosk.ui.context import Context
from kiosk.ui.palette import Palette
from kiosk.ui.widgets.shape import box, disc, stroke

WIDE, HIGH = 260, 300


class CardPicture(Widget):
    """A card above the slot of a reader, with an arrow in the direction in which it goes.

    It is drawn on a sheet of 260 by 300 units, scaled to the widget and centred in it.
    """

    def __init__(self, context: Context, picture: Picture, **properties: Any) -> None:
        super().__init__(**properties)
        self._palette = context.theme.palette
        self._picture = picture
        self.bind(pos=self._draw, size=self._draw)

    def _draw(self, *_: object) -> None:
        scale = min(self.width / WIDE, self.height / HIGH)
        if scale <= 0:
            return
        self.canvas.clear()
        with self.canvas:
            PushMatrix()
            Translate(
                round(self.center_x - scale * WIDE / 2), round(self.center_y - scale * HIGH / 2)
            )
            Scale(scale, scale, 1)
            _DRAWINGS[self._picture](self._palette)
            PopMatrix()


def _card(palette: Palette, y: float) -> None:
    """Draw an upright card, its chip towards the reader; the slot hides the lower part."""
    x, wide, high = 74, 112, 176
    Color(*palette.edge)
    box(x, y, wide, high, 11)
    Color(*palette.surface)
    box(x + 1.5, y + 1.5, wide - 3, high - 3, 9.5)
    Color(*palette.link)
    box(x + 12, y + high - 34, wide - 24, 20, 4)
    Color(*palette.tint)
    box(x + 12, y + high - 92, 40, 48, 4)
    Color(*palette.faint)
    disc((x + 32, y + high - 62), 8.5)
    box(x + 18, y + high - 91, 28, 17, 8)
    Color(*palette.disabled)
    for offset, length in ((50, 36), (62, 36), (74, 24)):
        box(x + 62, y + high - offset - 4, length, 5, 2.5)
    _chip(palette, x + wide / 2 - 19, y + 42)


def _chip(palette: Palette, x: float, y: float) -> None:
    Color(*palette.gold)
    box(x, y, 38, 32, 6)
    Color(*palette.gold_line)
    SmoothLine(rounded_rectangle=(x + 13, y + 8, 12, 16, 3), width=0.9)
    for height in (8, 24):
        SmoothLine(points=(x, y + height, x + 13, y + height), width=0.9)
        SmoothLine(points=(x + 25, y + height, x + 38, y + height), width=0.9)


def _slot(palette: Palette) -> None:
    """Draw the back of the reader and its opening, behind the card."""
    Color(*palette.reader_dark)
    box(27, 14, 206, 60, 11)
    Color(*palette.reader)
    box(26, 22, 208, 100, 12)
    Color(*palette.reader_dark)
    box(60, 104, 140, 11, 5.5)


def _reader(palette: Palette) -> None:
    """Draw the front of the reader, which hides the card in the slot."""
    Color(*palette.reader)
    box(40, 30, 180, 79, 2)
    Color(*palette.banner)
    disc((206, 46), 5)


def _arrow(palette: Palette, x: float, y: float, *, down: bool) -> None:
    Color(*palette.link)
    way = -1 if down else 1
    tip, tail = y + way * 34, y - way * 34
    stroke((x, tail), (x, tip), 9)
    stroke((x, tip), (x - 19, tip - way * 19), 9)
    stroke((x, tip), (x + 19, tip - way * 19), 9)


def _insert_card(palette: Palette) -> None:
    _slot(palette)
    _card(palette, 84)
    _reader(palette)
    _arrow(palette, 228, 190, down=True)


def _remove_card(palette: Palette) -> None:
    _slot(palette)
    _card(palette, 100)
    _reader(palette)
    _arrow(palette, 228, 190, down=False)


def _card_inside(palette: Palette) -> None:
    PushMatrix()
    Translate(0, 30)  # without a card above it, the reader would hang low
    _slot(palette)
    _card(palette, 44)
    _reader(palette)
    PopMatrix()


def _cross(palette: Palette, x: float, y: float) -> None:
    """Draw a sign with a cross: this is wrong."""
    Color(*palette.error)
    disc((x, y), 21)
    Color(*palette.on_sign)
    stroke((x - 8, y - 8), (x + 8, y + 8), 5)
    stroke((x - 8, y + 8), (x + 8, y - 8), 5)


def _tick(palette: Palette, x: float, y: float) -> None:
    """Draw a sign with a tick: this is right."""
    Color(*palette.success)
    disc((x, y), 21)
    Color(*palette.on_sign)
    stroke((x - 9, y), (x - 2, y - 7), 5)
    stroke((x - 2, y - 7), (x + 10, y + 8), 5)


def _chip_first(palette: Palette) -> None:
    """Draw the right way, chip first and facing up, and beside it, small, the wrong way."""
    _insert_card(palette)
    _tick(palette, 38, 272)
    PushMatrix()
    Translate(-14, 130)
    Scale(0.42, 0.42, 1)
    Color(*palette.edge)
    box(36, 60, 112, 150, 11)
    Color(*palette.surface)
    box(39, 63, 106, 144, 9)
    _chip(palette, 73, 150)
    _cross(palette, 92, 96)
    PopMatrix()


def _leave_card(palette: Palette) -> None:
    """Draw a card that stays in the reader."""
    _card_inside(palette)
    _tick(palette, 38, 232)


def _other_card(palette: Palette) -> None:
    """Draw a card that this kiosk does not serve."""
    _insert_card(palette)
    _cross(palette, 38, 262)


_DRAWINGS: dict[Picture, Callable[[Palette], None]] = {
    Picture.CHIP_FIRST: _chip_first,
    Picture.LEAVE_CARD: _leave_card,
    Picture.OTHER_CARD: _other_card,
    Picture.INSERT_CARD: _insert_card,
    Picture.REMOVE_CARD: _remove_card,
    Picture.INSIDE: _card_inside,
}
