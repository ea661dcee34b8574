# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The bar with the steps of a journey below the title; it is low, to leave room for keys."""

from __future__ import annotations

from collections.abc import Sequence

from kivy.uix.anchorlayout import AnchorLayout
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk.flow.view import Step, StepState
from kiosk.ui.context import Context
from kiosk.ui.theme import MARGIN
from kiosk.ui.widgets.layout import space
from kiosk.ui.widgets.shape import Backdrop
from kiosk.ui.widgets.sign import Mark, Sign
from kiosk.ui.widgets.writing import OneLine

HEIGHT = 30
SIGN = 20
LETTERS = 15
UNDERLINE = 4


class StepBar(BoxLayout):
    """Done steps are ticked; the present one is strong and underlined; later ones are faint."""

    def __init__(self, context: Context, steps: Sequence[Step]) -> None:
        theme = context.theme
        margin = theme.px(MARGIN)
        super().__init__(
            size_hint_y=None, height=theme.px(HEIGHT), padding=(margin, 0), spacing=theme.px(8)
        )
        Backdrop(self, theme.palette.line)
        Backdrop(self, theme.palette.surface, 0, (0, theme.px(1), 0, 0))
        for number, step in enumerate(steps, 1):
            if number > 1:
                self.add_widget(_Way(context))
            self.add_widget(_Station(context, number, step))


class _Way(AnchorLayout):
    """The line from one step to the next."""

    def __init__(self, context: Context) -> None:
        super().__init__(anchor_y="center")
        line = space(height=context.theme.px(2))
        Backdrop(line, context.theme.palette.line)
        self.add_widget(line)


class _Station(BoxLayout):
    """One step: its number or tick, and its name."""

    def __init__(self, context: Context, number: int, step: Step) -> None:
        theme = context.theme
        palette = theme.palette
        doing = step.state is StepState.DOING
        super().__init__(spacing=theme.px(7), padding=(theme.px(4), 0), size_hint_x=None)
        if doing:
            high = theme.px(HEIGHT - UNDERLINE)
            self._underline = Backdrop(self, palette.link, 0, (0, 0, 0, high))
        colour = palette.faint if step.state is StepState.WAITING else palette.text
        name = context.say(step.label)
        self._add(_sign(context, number, step.state))
        self._add(OneLine(context, name, size=LETTERS, strong=doing, colour=colour))
        self.width = self.minimum_width
        self.bind(minimum_width=self.setter("width"))

    def _add(self, part: Widget) -> None:
        part.pos_hint = {"center_y": 0.5}
        self.add_widget(part)


def _sign(context: Context, number: int, state: StepState) -> Widget:
    if state is StepState.DONE:
        return Sign(context, Mark.TICK, SIGN)
    return _Numeral(context, number, filled=state is StepState.DOING)


class _Numeral(OneLine):
    """A number on a disc or in a ring."""

    def __init__(self, context: Context, number: int, *, filled: bool) -> None:
        palette = context.theme.palette
        self._side = context.theme.px(SIGN)
        colour = palette.surface if filled else palette.faint
        super().__init__(
            context, str(number), size=LETTERS - 2, strong=True, align="center", colour=colour
        )
        self.size_hint = (None, None)
        radius, line = self._side / 2, context.theme.px(1.5)
        self._disc = Backdrop(self, palette.link if filled else palette.faint, radius)
        if not filled:
            self._inside = Backdrop(self, palette.surface, radius - line, (line,) * 4)

    def _fit(self, *_: object) -> None:
        self.size = (self._side, self._side)
