# mypy: allow-subclassing-any
"""The buttons of pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kivy.uix.boxlayout import BoxLayout

from kiosk.flow.view import Button, Intent, Role
from kiosk.ui.context import Context
from kiosk.ui.theme import Colour, Palette, Size
from kiosk.ui.widgets.layout import space
from kiosk.ui.widgets.press import Pressable
from kiosk.ui.widgets.shape import CLEAR, Backdrop
from kiosk.ui.widgets.writing import OneLine

HEIGHT = 54


@dataclass(frozen=True, slots=True)
class Look:
    """The colours of a button: its edge below, its border, its face, the face while pressed."""

    edge: Colour
    border: Colour
    face: Colour
    pressed: Colour
    label: Colour

    @property
    def solid(self) -> bool:
        """Whether the border is part of the face."""
        return self.border == self.face


def _look(role: Role, palette: Palette, enabled: bool) -> Look:
    if not enabled:
        grey = palette.disabled
        return Look(grey, grey, grey, grey, palette.faint)
    if role is Role.PRIMARY:
        face = palette.primary
        return Look(palette.primary_edge, face, face, palette.primary_pressed, palette.on_dark)
    if role is Role.SECONDARY:
        return Look(palette.key_edge, palette.link, palette.surface, palette.tint, palette.link)
    return Look(CLEAR, CLEAR, CLEAR, palette.tint, palette.link)


class PageButton(Pressable, OneLine):
    """One button of a page; it is as wide as its label asks for, `least` design pixels at least."""

    def __init__(
        self,
        context: Context,
        button: Button,
        *,
        least: float = 120,
        height: float = HEIGHT,
        inset: float = 0,
        drop: float = 3,
    ) -> None:
        self.context = context
        theme = context.theme
        self._least, self._high = theme.px(least), theme.px(height)
        self._margin = theme.px(18)
        super().__init__(context, size=Size.BODY, strong=True, align="center")
        radius, line = theme.px(6), theme.px(2)
        rim, edge = theme.px(inset), theme.px(drop)
        low = rim + edge
        self._edge = Backdrop(self, CLEAR, radius, (0, rim, 0, low))
        self._border = Backdrop(self, CLEAR, radius, (0, low, 0, rim))
        self._face = Backdrop(self, CLEAR, radius - line, (line, low + line, line, rim + line))
        self.padding = (0, 0, 0, edge)
        self.draw(button)

    @property
    def intent(self) -> Intent:
        """What pressing this button means."""
        return self._button.intent

    @property
    def enabled(self) -> bool:
        """Whether pressing it does anything."""
        return self._button.enabled

    def draw(self, button: Button) -> None:
        """Show `button`, whatever was shown before."""
        self._button = button
        self.text = self.context.say(button.label)
        self.paint()

    def stretch(self) -> None:
        """Be as wide as the room there is."""
        self.size_hint = (1, None)

    def pressed(self) -> None:
        """Say so."""
        self.context.press(self.intent)

    def paint(self) -> None:
        """Look as it is."""
        look = self._look()
        self._edge.paint(look.edge)
        self._border.paint(look.pressed if self.down and look.solid else look.border)
        self._face.paint(look.pressed if self.down else look.face)
        self.color = look.label

    def _fit(self, *_: object) -> None:
        width = self.texture_size[0] + 2 * self._margin if self.text else 0
        self.size = (max(self._least, width), self._high)

    def _look(self) -> Look:
        return _look(self._button.role, self.context.theme.palette, self._button.enabled)


class TitleButton(PageButton):
    """A button on the title bar: drawn smaller than the room in which it can be touched."""

    def __init__(self, context: Context, button: Button) -> None:
        super().__init__(context, button, least=92, height=52, inset=7, drop=0)

    def _look(self) -> Look:
        palette = self.context.theme.palette
        face, white = palette.title, palette.on_dark
        return Look(CLEAR, white, face, palette.title_pressed, white)


class ButtonRow(BoxLayout):
    """The buttons of a page: Back at the left, the others at the right in their order."""

    def __init__(self, context: Context, buttons: Sequence[Button]) -> None:
        theme = context.theme
        super().__init__(
            spacing=theme.px(12), size_hint_y=None, height=theme.px(HEIGHT) if buttons else 0
        )
        self._widgets = [PageButton(context, button, least=150) for button in buttons]
        for widget in self._widgets:
            if widget.intent is Intent.BACK:
                self.add_widget(widget)
        self.add_widget(space())
        for widget in self._widgets:
            if widget.intent is not Intent.BACK:
                self.add_widget(widget)

    def suits(self, buttons: Sequence[Button]) -> bool:
        """Whether `buttons` differ from those shown by their labels and states at most."""
        return [widget.intent for widget in self._widgets] == [one.intent for one in buttons]

    def draw(self, buttons: Sequence[Button]) -> None:
        """Show `buttons`, which suit."""
        for widget, button in zip(self._widgets, buttons, strict=True):
            widget.draw(button)
