# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""Round signs whose shape says what colour alone would not say to everyone."""

from __future__ import annotations

from enum import Enum, auto

from kivy.graphics import Color
from kivy.uix.widget import Widget

from kiosk.flow.view import StepState, Tone
from kiosk.ui.context import Context
from kiosk.ui.palette import Palette
from kiosk.ui.widgets.shape import disc, stroke


class Mark(Enum):
    """The marks that a sign can show."""

    TICK = auto()
    EXCLAMATION = auto()
    INFORMATION = auto()
    DOING = auto()
    WAITING = auto()


TONES = {
    Tone.INFORMATION: Mark.INFORMATION,
    Tone.SUCCESS: Mark.TICK,
    Tone.PROBLEM: Mark.EXCLAMATION,
}
STEPS = {
    StepState.WAITING: Mark.WAITING,
    StepState.DOING: Mark.DOING,
    StepState.DONE: Mark.TICK,
}


class Sign(Widget):
    """A round sign, `side` design pixels wide."""

    def __init__(self, context: Context, mark: Mark, side: float) -> None:
        length = context.theme.px(side)
        super().__init__(size_hint=(None, None), size=(length, length))
        self._palette = context.theme.palette
        self._mark = mark
        self.bind(pos=self._draw)
        self._draw()

    def show(self, mark: Mark) -> None:
        """Show `mark`."""
        if mark is not self._mark:
            self._mark = mark
            self._draw()

    def _draw(self, *_: object) -> None:
        self.canvas.clear()
        with self.canvas:
            _DRAWINGS[self._mark](self, self._palette)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the point at `x`, `y`, as shares of the sign from its bottom left."""
        return self.x + x * self.width, self.y + y * self.height


def _tick(sign: Sign, palette: Palette) -> None:
    Color(*palette.success)
    disc(sign.center, sign.width / 2)
    Color(*palette.on_sign)
    stroke(sign.at(0.28, 0.50), sign.at(0.44, 0.34), sign.width * 0.10)
    stroke(sign.at(0.44, 0.34), sign.at(0.73, 0.66), sign.width * 0.10)


def _exclamation(sign: Sign, palette: Palette) -> None:
    Color(*palette.error)
    disc(sign.center, sign.width / 2)
    Color(*palette.on_sign)
    stroke(sign.at(0.5, 0.46), sign.at(0.5, 0.75), sign.width * 0.12)
    disc(sign.at(0.5, 0.27), sign.width * 0.075)


def _information(sign: Sign, palette: Palette) -> None:
    Color(*palette.link)
    disc(sign.center, sign.width / 2)
    Color(*palette.surface)
    stroke(sign.at(0.5, 0.26), sign.at(0.5, 0.54), sign.width * 0.12)
    disc(sign.at(0.5, 0.73), sign.width * 0.075)


def _doing(sign: Sign, palette: Palette) -> None:
    Color(*palette.link)
    disc(sign.center, sign.width / 2)
    Color(*palette.surface)
    disc(sign.center, sign.width * 0.39)
    Color(*palette.link)
    disc(sign.center, sign.width * 0.22)


def _waiting(sign: Sign, palette: Palette) -> None:
    Color(*palette.edge)
    disc(sign.center, sign.width / 2)
    Color(*palette.surface)
    disc(sign.center, sign.width * 0.42)


_DRAWINGS = {
    Mark.TICK: _tick,
    Mark.EXCLAMATION: _exclamation,
    Mark.INFORMATION: _information,
    Mark.DOING: _doing,
    Mark.WAITING: _waiting,
}
