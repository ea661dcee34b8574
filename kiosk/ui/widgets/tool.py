# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The buttons of every page (Close, the language, the settings for access), drawn as icons."""

from __future__ import annotations

from collections.abc import Callable

from kivy.graphics import Color, InstructionGroup, SmoothLine
from kivy.uix.boxlayout import BoxLayout

from kiosk.flow.view import Button, Intent
from kiosk.ui.context import Context
from kiosk.ui.palette import CLEAR
from kiosk.ui.theme import FINGER_HIGH, Size
from kiosk.ui.widgets.button import IntentButton, Look, look_of
from kiosk.ui.widgets.layout import space
from kiosk.ui.widgets.shape import Backdrop
from kiosk.ui.widgets.writing import OneLine

WIDE = 60
ICON = 28


class ToolButton(IntentButton, BoxLayout):
    """An icon, with its label beside it if `labelled`; `dark` on the title bar."""

    def __init__(
        self, context: Context, button: Button, *, labelled: bool = False, dark: bool = False
    ) -> None:
        theme = context.theme
        px = theme.px
        self.context, self._dark = context, dark
        super().__init__(
            size_hint=(None, None),
            size=(px(WIDE), px(FINGER_HIGH)),
            padding=(px(12), 0),
            spacing=px(8),
        )
        rim, line, radius = px(5) if dark else 0, px(2), px(6)
        self._border = Backdrop(self, CLEAR, radius, (0, rim, 0, rim))
        self._face = Backdrop(self, CLEAR, radius - line, (line, rim + line, line, rim + line))
        self._drawing = InstructionGroup()
        self._icon = space(width=px(ICON))
        self._icon.canvas.add(self._drawing)
        self._words: OneLine | None = None
        if button.intent in _ICONS:
            self.add_widget(self._icon)
        if labelled:
            self._words = OneLine(context, size=Size.BODY, strong=True)
            self._words.pos_hint = {"center_y": 0.5}
            self._words.bind(width=self._fit, height=self._fit)
            self.add_widget(self._words)
        else:
            self.bind(width=self._centre)
            self._centre()
        self._icon.bind(pos=self._redraw, size=self._redraw)
        self.draw(button)

    def draw(self, button: Button) -> None:
        """Show `button` in place of the one before."""
        if self._words is not None:
            self._words.text = self.context.say(button.label)
        super().draw(button)

    def paint(self) -> None:
        """Draw the present state."""
        look = self._look()
        self._border.paint(look.border)
        self._face.paint(look.pressed if self.down else look.face)
        if self._words is not None:
            self._words.color = look.label
        self._redraw()

    def _look(self) -> Look:
        palette = self.context.theme.palette
        if self._dark:
            light = palette.on_title
            return Look(CLEAR, light, palette.title, palette.title_pressed, light)
        return look_of(self._button.role, palette, enabled=self.enabled)

    def _fit(self, *_: object) -> None:
        if self._words is not None:
            px = self.context.theme.px
            icon = px(ICON) + self.spacing if self._button.intent in _ICONS else 0
            self.width = max(px(WIDE), self._words.width + icon + 2 * px(14))
            self.height = max(px(FINGER_HIGH), self._words.height)

    def _centre(self, *_: object) -> None:
        """Centre an icon that has no label."""
        self.padding = ((self.width - self._icon.width) // 2, 0)

    def _redraw(self, *_: object) -> None:
        self._drawing.clear()
        drawing = _ICONS.get(self._button.intent)
        if drawing is None:
            return
        icon = self._icon
        self._drawing.add(Color(*self._look().label))
        side = self.context.theme.px(ICON)
        x, y = icon.center_x - side / 2, icon.y + icon.height / 2 - side / 2
        drawing(_Sheet(self._drawing, x, y, side / 28))


class _Sheet:
    """Draws on a square of 28 units."""

    def __init__(self, group: InstructionGroup, x: float, y: float, unit: float) -> None:
        self._group, self._x, self._y, self._unit = group, x, y, unit

    def line(self, *points: float, width: float = 1.4) -> None:
        placed = [
            (self._y if place % 2 else self._x) + one * self._unit
            for place, one in enumerate(points)
        ]
        self._group.add(SmoothLine(points=placed, width=width * self._unit, cap="round"))

    def oval(self, x: float, y: float, wide: float, high: float, width: float = 1.2) -> None:
        u = self._unit
        box = (self._x + x * u, self._y + y * u, wide * u, high * u)
        self._group.add(SmoothLine(ellipse=(*box, 0, 360, 48), width=width * u))


_Icon = Callable[[_Sheet], None]


def _close(sheet: _Sheet) -> None:
    sheet.line(6, 6, 22, 22, width=1.8)
    sheet.line(6, 22, 22, 6, width=1.8)


def _globe(sheet: _Sheet) -> None:
    sheet.oval(2, 2, 24, 24)
    sheet.oval(9, 2, 10, 24)
    sheet.line(3.6, 9, 24.4, 9, width=1.1)
    sheet.line(3.6, 19, 24.4, 19, width=1.1)


def _person(sheet: _Sheet) -> None:
    """Draw the common sign for accessibility: a person with open arms."""
    sheet.oval(1, 1, 26, 26)
    sheet.oval(12.4, 19.2, 3.2, 3.2, width=1.6)
    sheet.line(7, 17, 14, 16, 21, 17, width=1.3)
    sheet.line(14, 16, 14, 12, width=1.5)
    sheet.line(10, 5.5, 14, 12.2, 18, 5.5, width=1.3)


def _back(sheet: _Sheet) -> None:
    sheet.line(17, 5, 9, 14, 17, 23, width=1.8)


def _eye(sheet: _Sheet) -> None:
    sheet.line(2, 14, 7, 19, 14, 21, 21, 19, 26, 14, 21, 9, 14, 7, 7, 9, 2, 14, width=1.3)
    sheet.oval(10.5, 10.5, 7, 7, width=1.6)


_ICONS: dict[Intent, _Icon] = {
    Intent.SHOW: _eye,
    Intent.CLOSE: _close,
    Intent.LANGUAGE: _globe,
    Intent.ACCESS: _person,
    Intent.BACK: _back,
}
