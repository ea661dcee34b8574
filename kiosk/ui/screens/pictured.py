# SPDX-License-Identifier: Apache-2.0
"""Texts with their drawing: side by side, or the drawing below if texts are large."""

from __future__ import annotations

from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk.flow.view import Picture
from kiosk.ui.context import Context
from kiosk.ui.widgets.layout import row, space
from kiosk.ui.widgets.picture import CardPicture

LEAST, BELOW = 150, 220  # heights of a drawing


def beside_picture(
    context: Context, words: BoxLayout, picture: Picture, *, middle: bool = False
) -> list[Widget]:
    """Return the parts of a column: `words` and the drawing.

    `words` are at the top of the free room, or in its `middle`.
    """
    px = context.theme.px
    if picture is Picture.NONE:
        return [words, space()]
    if context.theme.large:
        return [words, CardPicture(context, picture, size_hint_y=None, height=px(BELOW))]
    words.size_hint_x = 1.5
    words.pos_hint = {"center_y": 0.5} if middle else {"top": 1}
    beside = row(words, CardPicture(context, picture), spacing=px(24))

    def at_least(*_: object) -> None:
        beside.size_hint_min_y = max(words.height, px(LEAST))

    words.bind(height=at_least)
    at_least()
    return [beside]
