# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""A small box on the title bar: the user's name, role and organisation, and the time left."""

from __future__ import annotations

from collections.abc import Sequence

from kivy.uix.boxlayout import BoxLayout

from kiosk.flow.text import Text, Words
from kiosk.ui.context import Context
from kiosk.ui.widgets.layout import column
from kiosk.ui.widgets.shape import Backdrop
from kiosk.ui.widgets.writing import OneLine

HEIGHT = 52
GAP = 12
LETTERS = {1: (17,), 2: (15, 14), 3: (14, 13, 13)}  # sizes by the number of lines
TIME = 14
SHORTENING = 3  # pixels that Kivy keeps free in a line that it may shorten


class Corner(BoxLayout):
    """One to three lines, the first one strong, and beside them the remaining time.

    A line that is too long ends in dots. The time is never shortened.
    """

    def __init__(self, context: Context, lines: Sequence[Words], remaining: Text | None) -> None:
        theme = context.theme
        self.context = context
        self._margin, self._gap = theme.px(10), theme.px(GAP)
        super().__init__(size_hint=(None, None), height=theme.px(HEIGHT), padding=(self._margin, 0))
        Backdrop(self, theme.palette.title_pressed, theme.px(5))
        light = theme.palette.on_title
        self._lines = [
            OneLine(context, context.say(words), size=size, strong=place == 0, colour=light)
            for place, (words, size) in enumerate(zip(lines, LETTERS[len(lines)], strict=True))
        ]
        over = (self.height - sum(line.height for line in self._lines)) / 2
        self.add_widget(column(*self._lines, padding=(0, over)))
        self._time = OneLine(context, size=TIME, strong=True, colour=light)
        self._time.pos_hint = {"center_y": 0.5}
        self.add_widget(self._time)
        self._room = float("inf")
        if remaining is not None:
            self.show_remaining(remaining)
        self.fit_to(self._room)

    def fit_to(self, room: float) -> None:
        """Be as wide as the lines need, but at most `room` pixels."""
        self._room = room
        beside = self._time.width + (self._gap if self._time.text else 0) + 2 * self._margin
        self.spacing = self._gap if self._time.text else 0
        wide = max(line.natural for line in self._lines) + beside + SHORTENING
        self.width = max(0, min(wide, room))
        for line in self._lines:
            line.shorten_to(self.width - beside)

    def show_remaining(self, remaining: Text) -> None:
        """Show how much time is left."""
        self._time.text = self.context.say(remaining)
        self._time.texture_update()
        self.fit_to(self._room)
