# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The buttons of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kivy.uix.boxlayout import BoxLayout

from kiosk.flow.text import Words
from kiosk.flow.view import Button, Intent, Role
from kiosk.ui.context import Context
from kiosk.ui.palette import CLEAR, Colour, Palette
from kiosk.ui.theme import FINGER_HIGH, Size
from kiosk.ui.widgets.layout import space
from kiosk.ui.widgets.press import Pressable
from kiosk.ui.widgets.shape import Backdrop
from kiosk.ui.widgets.writing import OneLine

GAP = 12


@dataclass(frozen=True, slots=True)
class Look:
    """The colours of a button: lower edge, border, face, face while pressed, label."""

    edge: Colour
    border: Colour
    face: Colour
    pressed: Colour
    label: Colour

    @property
    def solid(self) -> bool:
        """Whether the border has the colour of the face."""
        return self.border == self.face


def look_of(role: Role, palette: Palette, *, enabled: bool) -> Look:
    """Return the look of a button with this role."""
    if not enabled:
        grey = palette.disabled
        return Look(grey, palette.line, grey, grey, palette.faint)
    if role is Role.PRIMARY:
        face = palette.primary
        return Look(palette.primary_edge, face, face, palette.primary_pressed, palette.on_primary)
    if role is Role.SECONDARY:
        return Look(palette.edge, palette.link, palette.surface, palette.tint, palette.link)
    return Look(CLEAR, CLEAR, CLEAR, palette.tint, palette.link)


class IntentButton(Pressable):
    """A control that sends an intent when it is pressed; subclasses draw it."""

    context: Context
    _button: Button

    @property
    def intent(self) -> Intent:
        """The intent that a press sends."""
        return self._button.intent

    @property
    def label(self) -> Words:
        """The label, before translation."""
        return self._button.label

    @property
    def role(self) -> Role:
        """The role of the button on its page."""
        return self._button.role

    @property
    def enabled(self) -> bool:
        """Whether a press does anything."""
        return self._button.enabled

    @property
    def spoken(self) -> str:
        """The name that is read aloud."""
        return self.context.say(self._button.label)

    def draw(self, button: Button) -> None:
        """Show `button` in place of the one before."""
        self._button = button
        self.paint()

    def pressed(self) -> None:
        """Send the intent."""
        self.context.press(self.intent)


class PageButton(IntentButton, OneLine):
    """A button of a page, as wide as its label and at least `least` design pixels."""

    text: str

    def __init__(
        self,
        context: Context,
        button: Button,
        *,
        least: float = 120,
        height: float = FINGER_HIGH,
        drop: float = 3,
    ) -> None:
        self.context = context
        theme = context.theme
        self._least, self._high = theme.px(least), theme.px(height)
        self._margin, self._air = theme.px(18), theme.px(2)
        self._stretched = False
        super().__init__(context, size=Size.BODY, strong=True, align="center")
        radius, line, edge = theme.px(6), theme.px(2), theme.px(drop)
        self._edge = Backdrop(self, CLEAR, radius)
        self._border = Backdrop(self, CLEAR, radius, (0, edge, 0, 0))
        self._face = Backdrop(self, CLEAR, radius - line, (line, line + edge, line, line))
        self.padding = (0, 0, 0, edge)
        self.draw(button)

    def draw(self, button: Button) -> None:
        """Show `button` in place of the one before."""
        words = self.context.say(button.label)
        if words != self.text:
            self.text = words
            self.texture_update()  # the layout asks for the width at once
        super().draw(button)

    @property
    def natural(self) -> float:
        """The width that the label needs, in pixels."""
        width = self.texture_size[0] + 2 * self._margin if self.text else 0
        return float(max(self._least, width))

    def stretch(self, stretched: bool = True) -> None:
        """Fill the width of the parent, or be as wide as the label again."""
        self._stretched = stretched
        self.size_hint = (1 if stretched else None, None)
        self._fit()

    def paint(self) -> None:
        """Draw the present state."""
        look = self._look()
        self._edge.paint(look.edge)
        self._border.paint(look.pressed if self.down and look.solid else look.border)
        self._face.paint(look.pressed if self.down else look.face)
        self.color = look.label

    def _fit(self, *_: object) -> None:
        self.height = max(self._high, self.texture_size[1] + 2 * self._air if self.text else 0)
        if not self._stretched:
            self.width = self.natural

    def _look(self) -> Look:
        return look_of(self._button.role, self.context.theme.palette, enabled=self.enabled)


class ButtonRow(BoxLayout):
    """The buttons of a page: Back at the left; the others, the primary one last, at the right.

    If they do not fit side by side, they are stacked, each as wide as the page.
    """

    def __init__(self, context: Context, buttons: Sequence[Button]) -> None:
        self._gap = context.theme.px(GAP)
        super().__init__(spacing=self._gap, size_hint_y=None, height=0)
        self._widgets = [PageButton(context, button, least=150) for button in buttons]
        for widget in self._widgets:
            widget.bind(texture_size=self._arrange, height=self._arrange)
        self._beside: bool | None = None
        self.bind(width=self._arrange)
        self._arrange()

    @property
    def natural(self) -> float:
        """The width of the buttons side by side, in pixels."""
        gaps = self._gap * len(self._widgets)  # the space in the middle has a gap, too
        return sum(widget.natural for widget in self._widgets) + gaps

    def draw(self, buttons: Sequence[Button]) -> None:
        """Show `buttons`, which may differ from the present ones only in labels and states."""
        for widget, button in zip(self._widgets, buttons, strict=True):
            widget.draw(button)

    def _arrange(self, *_: object) -> None:
        beside = self.natural <= self.width or len(self._widgets) == 1
        if beside is not self._beside:
            self._beside = beside
            self.orientation = "horizontal" if beside else "vertical"
            self.clear_widgets()
            back = [one for one in self._widgets if _leads_back(one)]
            others = [one for one in self._widgets if not _leads_back(one)]
            for part in (*back, space(), *others) if beside else (*others[::-1], *back):
                self.add_widget(part)
            for widget in self._widgets:
                widget.stretch(not beside)
        heights = [widget.height for widget in self._widgets]
        gaps = self._gap * max(len(heights) - 1, 0)
        self.height = max(heights, default=0) if beside else sum(heights) + gaps


def _leads_back(button: IntentButton) -> bool:
    return button.intent is Intent.BACK and button.role is not Role.PRIMARY
