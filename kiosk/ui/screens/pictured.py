# SPDX-License-Identifier: Apache-2.0
"""Words and the drawing that goes with them: beside one another, or below where texts are large."""

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
    """Parts for a column: `words` at the top, or in the `middle`, of the room that there is."""
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
