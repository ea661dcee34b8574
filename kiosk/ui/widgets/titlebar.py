# mypy: allow-subclassing-any
"""The head of every page: title, progress, who is logged in, Close; below it the banner."""

from __future__ import annotations

from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk.flow.text import Text
from kiosk.flow.view import Button, Frame
from kiosk.ui.context import Context
from kiosk.ui.theme import MARGIN, Size
from kiosk.ui.widgets.button import TitleButton
from kiosk.ui.widgets.corner import Corner
from kiosk.ui.widgets.layout import space
from kiosk.ui.widgets.shape import Backdrop
from kiosk.ui.widgets.writing import OneLine

HEIGHT = 52
BANNER_HEIGHT = 26


class TitleBar(BoxLayout):
    """White on blue, from edge to edge; who is logged in has what the others leave."""

    def __init__(
        self, context: Context, frame: Frame, progress: Text | None, close: Button | None
    ) -> None:
        theme = context.theme
        margin = theme.px(MARGIN)
        super().__init__(
            size_hint_y=None,
            height=theme.px(HEIGHT),
            padding=(margin, 0, margin, 0),
            spacing=theme.px(16),
        )
        white = theme.palette.on_dark
        Backdrop(self, theme.palette.title)
        self._add(
            OneLine(context, context.say(frame.title), size=Size.LEAD, strong=True, colour=white)
        )
        self.add_widget(space())
        if progress is not None:
            self._add(OneLine(context, context.say(progress), size=Size.BODY, colour=white))
        self._corner = Corner(context, frame.corner) if frame.corner else None
        if self._corner is not None:
            self._add(self._corner)
        if close is not None:
            self._add(TitleButton(context, close))
        self.bind(width=self._share)

    def _add(self, part: Widget) -> None:
        part.pos_hint = {"center_y": 0.5}
        self.add_widget(part)

    def _share(self, *_: object) -> None:
        corner = self._corner
        if corner is not None:
            left, _, right, _ = self.padding
            taken = sum(one.width for one in self.children if one.size_hint_x is None)
            room = self.width - left - right - self.spacing * (len(self.children) - 1)
            corner.take(room - taken + corner.width)


class Banner(BoxLayout):
    """What is simulated, in dark letters on yellow, on every page."""

    def __init__(self, context: Context, words: Text) -> None:
        theme = context.theme
        margin = theme.px(MARGIN)
        super().__init__(
            size_hint_y=None, height=theme.px(BANNER_HEIGHT), padding=(margin, 0, margin, 0)
        )
        Backdrop(self, theme.palette.banner)
        line = OneLine(context, context.say(words), size=15, strong=True)
        line.pos_hint = {"center_y": 0.5}
        self.add_widget(line)
