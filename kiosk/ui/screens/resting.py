# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The screen at rest: dark, with few words that change their place."""

from __future__ import annotations

from dataclasses import replace

from kivy.uix.anchorlayout import AnchorLayout

from kiosk.flow.text import Text
from kiosk.flow.view import Resting, View
from kiosk.ui.context import Context
from kiosk.ui.theme import MARGIN, Size
from kiosk.ui.widgets.layout import as_high_as_its_content, column
from kiosk.ui.widgets.shape import Backdrop
from kiosk.ui.widgets.writing import Writing

_WIDE = 0.7  # of the window
# No place overlaps the one before it, so each pixel is dark most of the time.
_PLACES = (
    ("left", "top"),
    ("right", "center"),
    ("left", "bottom"),
    ("right", "top"),
    ("left", "center"),
    ("right", "bottom"),
)


class RestingScreen(AnchorLayout):
    """A screen without controls: any touch wakes it."""

    def __init__(self, context: Context, view: Resting) -> None:
        px, say, palette = context.theme.px, context.say, context.theme.palette
        super().__init__(padding=px(2 * MARGIN))
        self._view = view
        Backdrop(self, palette.rest)
        lines = [(view.heading, Size.HEADING), (view.hint, Size.BODY), (view.frame.banner, 15)]
        words = column(
            *(
                Writing(context, say(line), size=size, colour=palette.on_rest, balanced=True)
                for line, size in lines
                if line is not None
            ),
            spacing=px(10),
        )
        words.size_hint_x = _WIDE
        self.add_widget(as_high_as_its_content(words))
        self._move(view)

    def update(self, view: View) -> bool:
        """Show `view` in place; return False if that takes another screen."""
        if not isinstance(view, Resting) or replace(view, place=0) != replace(self._view, place=0):
            return False
        self._move(view)
        return True

    def release_all(self) -> None:
        """Do nothing: no control can be held."""

    def show_remaining(self, _: Text | None) -> None:
        """Do nothing: no user is logged in."""

    def _move(self, view: Resting) -> None:
        self._view = view
        self.anchor_x, self.anchor_y = _PLACES[view.place % len(_PLACES)]
