# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""One choice of a list, as wide as the list."""

from __future__ import annotations

from kivy.graphics import Color
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk.flow.text import Words, text
from kiosk.flow.view import Choice
from kiosk.ui.context import Context
from kiosk.ui.palette import CLEAR
from kiosk.ui.theme import FINGER_HIGH, Size
from kiosk.ui.widgets.layout import as_high_as_its_content, column, space
from kiosk.ui.widgets.press import Pressable
from kiosk.ui.widgets.shape import Backdrop, stroke
from kiosk.ui.widgets.sign import Mark, Sign
from kiosk.ui.widgets.writing import Writing


class ChoiceRow(Pressable, BoxLayout):
    """A choice with its label and a line about it; with `leads`, a touch leads to the next page.

    A choice that leads on has a chevron at its right. Any other has a round sign at its left that
    shows whether it is chosen. A disabled choice has neither.
    """

    def __init__(self, context: Context, number: int, choice: Choice, *, leads: bool) -> None:
        theme = context.theme
        px, palette = theme.px, theme.palette
        self.context, self._number, self._choice = context, number, choice
        self._chosen = False
        self._finger = px(FINGER_HIGH)
        self._least = 0
        super().__init__(size_hint_y=None, spacing=px(14), padding=(px(16), px(8), px(16), px(11)))
        radius, self._line, self._drop = px(6), px(2), px(3)
        self._edge = Backdrop(self, CLEAR, radius, (0, 0, 0, self._drop))
        self._border = Backdrop(self, CLEAR, radius, (0, self._drop, 0, 0))
        self._face = Backdrop(self, CLEAR, radius - self._line)
        leads = leads and choice.ticked is None
        self._sign = None if leads else Sign(context, Mark.WAITING, 28)
        if self._sign is not None:
            self._sign.pos_hint = {"center_y": 0.5}
            self.add_widget(self._sign if choice.enabled else space(width=px(28)))
        colour = palette.text if choice.enabled else palette.faint
        lines = [Writing(context, context.say(choice.label), size=22, strong=leads, colour=colour)]
        if choice.detail is not None:
            detail = context.say(choice.detail)
            lines.append(Writing(context, detail, size=Size.SMALL, colour=palette.faint))
        self._words = as_high_as_its_content(column(*lines, spacing=px(2)))
        self._words.pos_hint = {"center_y": 0.5}
        self._words.bind(height=self._fit)
        self.add_widget(self._words)
        if leads and choice.enabled:
            self.add_widget(_Chevron(context))
        self._fit()
        self.paint()

    @property
    def number(self) -> int:
        """The position in the list, from 0."""
        return self._number

    @property
    def label(self) -> Words:
        """The label, before translation."""
        return self._choice.label

    @property
    def spoken(self) -> str:
        """The words that are read aloud, and whether the row is chosen."""
        say = self.context.say
        words = [say(one) for one in (self._choice.label, self._choice.detail) if one is not None]
        if self._sign is not None:
            words.append(say(text("chosen") if self._chosen else text("not chosen")))
        return ", ".join(words)

    @property
    def enabled(self) -> bool:
        """Whether the row can be chosen."""
        return self._choice.enabled

    def choose(self, chosen: bool) -> None:
        """Show whether the row is chosen."""
        self._chosen = chosen
        self.paint()

    @property
    def need(self) -> float:
        """The height that its words need, in pixels; at least a finger."""
        _, top, _, bottom = self.padding
        return float(max(self._finger, self._words.height + top + bottom))

    def grow(self, least: float) -> None:
        """Set the least height, in pixels."""
        self._least = int(least)
        self._fit()

    def pressed(self) -> None:
        """Report the choice."""
        self.context.choose(self._number)

    def paint(self) -> None:
        """Draw the present state: chosen, pressed or neither."""
        palette, grey = self.context.theme.palette, self.context.theme.palette.disabled
        line = self._line * 2 if self._chosen else self._line
        self._face.inset(self, (line, line + self._drop, line, line))
        self._edge.paint(palette.edge if self.enabled else grey)
        border = palette.link if self._chosen or self.down else palette.edge
        self._border.paint(border if self.enabled else palette.line)
        face = palette.tint if self._chosen or self.down else palette.surface
        self._face.paint(face if self.enabled else grey)
        if self._sign is not None:
            on = Mark.DOING if self._choice.ticked is None else Mark.TICK
            self._sign.show(on if self._chosen else Mark.WAITING)

    def _fit(self, *_: object) -> None:
        self.height = max(self._least, self.need)


class _Chevron(Widget):
    """An arrowhead that shows that a choice leads on."""

    def __init__(self, context: Context) -> None:
        px = context.theme.px
        super().__init__(size_hint=(None, None), size=(px(10), px(20)), pos_hint={"center_y": 0.5})
        self._colour, self._line = context.theme.palette.link, px(3)
        self.bind(pos=self._draw)

    def _draw(self, *_: object) -> None:
        point = (self.x + self.width, self.y + self.height / 2)
        self.canvas.clear()
        with self.canvas:
            Color(*self._colour)
            stroke((self.x, self.y), point, self._line)
            stroke((self.x, self.y + self.height), point, self._line)
