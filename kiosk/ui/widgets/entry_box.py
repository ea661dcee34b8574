# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The box that shows what has been typed: as dots, or as letters if the view asks for them."""

from __future__ import annotations

from typing import Any

from kivy.core.text import Label as Glyph
from kivy.graphics import Color, InstructionGroup, Rectangle, SmoothEllipse
from kivy.uix.widget import Widget

from kiosk.flow.text import text
from kiosk.flow.view import Button, Entry, EntryKind, Intent, Role
from kiosk.ui.context import Context
from kiosk.ui.widgets.button import PageButton
from kiosk.ui.widgets.shape import Backdrop

HEIGHT = 60
LETTER_SIZE = 25
LINE = 3
SMALLEST_LETTERS = 16  # a long address is drawn smaller, down to this, before it is cut


def toggle(entry: Entry) -> Button:
    """Return the button that shows or hides an answer; passcodes have no such button."""
    label = text("Hide") if entry.shown else text("Show")
    return Button(Intent.SHOW, label, Role.QUIET)


class EntryBox(Widget):
    """Dots or letters, a caret, and with `toggles` the button that switches between the two.

    No string and no texture holds all that is typed. Each letter is drawn from a texture of its
    own, which is dropped with the drawing.
    """

    height: float

    def __init__(self, context: Context, entry: Entry, *, toggles: bool) -> None:
        theme = context.theme
        high = max(theme.px(HEIGHT), round(theme.letters(LETTER_SIZE) * 1.3))
        super().__init__(size_hint_y=None, height=high)
        self.context = context
        self._entry = entry
        palette = theme.palette
        radius, line = theme.px(5), theme.px(LINE)
        self._line = line
        self._border = Backdrop(self, palette.text, radius)
        self._inside = Backdrop(self, palette.surface, radius - theme.px(2), (line,) * 4)
        self._content = InstructionGroup()
        self.canvas.add(self._content)
        self._toggle: PageButton | None = None
        if toggles and entry.kind is EntryKind.ANSWER:
            self._toggle = PageButton(context, toggle(entry), least=84, drop=0)
            self.add_widget(self._toggle)
            self._toggle.bind(size=self._draw)
            self.height = max(self.height, self._toggle.height + 2 * line)
        self.bind(pos=self._draw, size=self._draw)

    def draw(self, entry: Entry, *, problem: bool) -> None:
        """Show `entry`, with a red edge if there is a problem."""
        self._entry = entry
        theme = self.context.theme
        edge = self._line + (theme.px(6) if problem else 0)
        self._border.paint(theme.palette.error if problem else theme.palette.text)
        self._inside.inset(self, (edge, self._line, self._line, self._line))
        if self._toggle is not None:
            self._toggle.draw(toggle(entry))
        self.refresh()

    def refresh(self) -> None:
        """Redraw what the buffer holds now."""
        self._draw()

    def _draw(self, *_: object) -> None:
        self._content.clear()
        theme = self.context.theme
        left, right = self.x + theme.px(18), self.x + self.width - theme.px(14)
        if self._toggle is not None:
            self._toggle.x = self.x + self.width - self._toggle.width - self._line
            self._toggle.y = self.y + round((self.height - self._toggle.height) / 2)
            right = self._toggle.x - theme.px(4)
        clear = self._entry.shown or self._entry.kind is EntryKind.EMAIL
        draw = self._draw_letters if clear else self._draw_dots
        self._content.add(Color(*theme.palette.text))
        self._draw_caret(draw(self._entry.field, left, right) + theme.px(3))

    def _draw_dots(self, field: str, left: float, right: float) -> float:
        theme = self.context.theme
        diameter, pitch = theme.px(13), theme.px(20)
        number = min(self.context.typed.length(field), int((right - left) // pitch))
        y = self.y + round((self.height - diameter) / 2)
        for place in range(number):
            dot = SmoothEllipse(pos=(left + place * pitch, y), size=(diameter, diameter))
            self._content.add(dot)
        return left + number * pitch

    def _draw_letters(self, field: str, left: float, right: float) -> float:
        """Draw the last letters that fit, because users look at what they just typed.

        Returns the x position after the last letter.
        """
        glyphs = self._glyphs(field, LETTER_SIZE)
        wide = sum(glyph.width for glyph in glyphs)
        if wide > max(0, right - left) and self._entry.kind is EntryKind.EMAIL:
            size = int(LETTER_SIZE * (right - left) / wide)
            glyphs = self._glyphs(field, max(size, SMALLEST_LETTERS))
        while glyphs and sum(glyph.width for glyph in glyphs) > right - left:
            del glyphs[0]
        for glyph in glyphs:
            place = (left, self.y + round((self.height - glyph.height) / 2))
            self._content.add(Rectangle(texture=glyph, pos=place, size=glyph.size))
            left += glyph.width
        return left

    def _draw_caret(self, x: float) -> None:
        theme = self.context.theme
        high = min(theme.letters(30), self.height - theme.px(16))
        self._content.add(Color(*theme.palette.link))
        place = (round(x), self.y + round((self.height - high) / 2))
        self._content.add(Rectangle(pos=place, size=(theme.px(2), high)))

    def _glyphs(self, field: str, size: float) -> list[Any]:
        """Return a texture for each character of `field`."""
        return [self._glyph(character, size) for character in self.context.typed.characters(field)]

    def _glyph(self, character: str, size: float) -> Any:
        theme = self.context.theme
        glyph = Glyph(
            text=character, font_name=theme.regular, font_size=theme.letters(size), strip=False
        )
        glyph.refresh()
        return glyph.texture
