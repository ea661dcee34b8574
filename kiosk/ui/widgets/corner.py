# mypy: allow-subclassing-any
"""Who is logged in, and in which role: a small box in the corner of the title bar."""

from __future__ import annotations

from collections.abc import Sequence

from kivy.uix.boxlayout import BoxLayout

from kiosk.flow.text import Words
from kiosk.ui.context import Context
from kiosk.ui.widgets.shape import Backdrop
from kiosk.ui.widgets.writing import OneLine

HEIGHT = 48
WIDEST = 330
LETTERS = {1: (17,), 2: (15, 14), 3: (13, 12, 12)}  # sizes by the number of lines


class Corner(BoxLayout):
    """One to three lines; the first one is strong, and each ends in dots where it is too long."""

    def __init__(self, context: Context, lines: Sequence[Words]) -> None:
        theme = context.theme
        self._margin = theme.px(10)
        super().__init__(orientation="vertical", size_hint=(None, None), height=theme.px(HEIGHT))
        Backdrop(self, theme.palette.title_pressed, theme.px(5))
        light = theme.palette.on_title
        self._lines = [
            OneLine(context, context.say(words), size=size, strong=place == 0, colour=light)
            for place, (words, size) in enumerate(zip(lines, LETTERS[len(lines)], strict=True))
        ]
        over = (self.height - sum(line.height for line in self._lines)) / 2
        self.padding = (self._margin, over)
        self._widest = theme.px(WIDEST)
        self._natural = max(line.width for line in self._lines) + 2 * self._margin
        self.width = min(self._natural, self._widest)
        for line in self._lines:
            self.add_widget(line)

    def take(self, room: float) -> None:
        """Be as wide as the lines ask for, where `room` in pixels allows it."""
        self.width = max(0, min(self._natural, self._widest, room))
        for line in self._lines:
            line.shorten_to(self.width - 2 * self._margin)
