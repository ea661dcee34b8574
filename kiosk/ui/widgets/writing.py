# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""Texts on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kivy.clock import Clock
from kivy.uix.label import Label

from kiosk.ui.context import Context
from kiosk.ui.palette import Colour
from kiosk.ui.theme import Size

_NO_WORD = set("@0123456789/")


class Writing(Label):
    """A text that wraps to the width of the widget, which is as high as the text needs.

    A `balanced` text has lines of about equal length, so no single word on its last line.
    """

    def __init__(
        self,
        context: Context,
        content: str = "",
        *,
        size: float = Size.BODY,
        strong: bool = False,
        colour: Colour | None = None,
        align: str = "left",
        balanced: bool = False,
        **properties: Any,
    ) -> None:
        theme = context.theme
        self._balanced = balanced
        self._settling = False  # while line lengths are tried, the height stays
        super().__init__(
            text=content,
            font_name=theme.strong if strong else theme.regular,
            font_size=theme.letters(size),
            color=colour or theme.palette.text,
            halign=align,
            valign="middle",
            size_hint_y=None,
            **properties,
        )
        self._bind_sizes()

    @property
    def breaks_a_word(self) -> bool:
        """Whether a word is wider than its line, so that it continues on the next one.

        Addresses and numbers do not count as words: they may.
        """
        room = self.width - self.padding[2] - self.padding[0]
        words = [one for one in self.text.split() if not set(one) & _NO_WORD]
        return any(self._label.get_extents(word)[0] > room + 1 for word in words)

    def _bind_sizes(self) -> None:
        # Later in the same frame: a layout that sets width and height together would restore the
        # old height.
        later = Clock.create_trigger(self._wrap, -1)
        self.bind(width=later, text=later, texture_size=self._fit)
        self._wrap()

    def _wrap(self, *_: object) -> None:
        self.text_size = (self.width, None)
        self._pad(0)
        if self._balanced and self.text:
            self._balance()
        self._fit()

    def _balance(self) -> None:
        """Make the lines about equally long, without adding a line."""
        high, extents = self.texture_size[1], self._label.get_extents
        words = [extents(word)[0] for word in self.text.split()]
        space = extents(" ")[0]
        most = _lines(words, space, self.width)
        if most < 2:
            return
        least, wide = max(self.width / 2, *words), self.width
        while wide - least > self.font_size / 4:
            middle = (least + wide) / 2
            if _lines(words, space, middle) > most:
                least = middle
            else:
                wide = middle
        for share in (1.0, 0.9, 0.75, 0.0):  # Kivy breaks lines slightly differently
            self._pad(int(share * (self.width - wide)))
            if self.texture_size[1] <= high:
                break

    def _pad(self, right: int) -> None:
        self._settling = True
        self.padding = (0, 0, right, 0)
        self.texture_update()
        self._settling = False

    def _fit(self, *_: object) -> None:
        if not self._settling:
            self.height = self.texture_size[1] if self.text else 0


def _lines(words: Sequence[float], space: float, room: float) -> int:
    """Return the number of lines that words of these widths take."""
    lines, used = 1, 0.0
    for word in words:
        if used and used + space + word > room:
            lines, used = lines + 1, 0.0
        used += word + (space if used else 0)
    return lines


class OneLine(Writing):
    """A text on one line, as wide as it needs to be."""

    def __init__(self, context: Context, content: str = "", **properties: Any) -> None:
        super().__init__(context, content, **properties)
        self.size_hint_x = None
        self._fit()

    def _bind_sizes(self) -> None:
        self.bind(texture_size=self._fit)
        self.texture_update()

    @property
    def breaks_a_word(self) -> bool:
        """Always False: there is one line."""
        return False

    @property
    def natural(self) -> float:
        """The width of the whole text, in pixels."""
        return float(self._label.get_extents(self.text)[0])

    def shorten_to(self, width: float) -> None:
        """Limit the width to `width` pixels; a longer text ends in dots."""
        self.shorten, self.shorten_from = True, "right"
        self.text_size = (width, None)
        self.texture_update()

    def _fit(self, *_: object) -> None:
        self.size = self.texture_size if self.text else (0, 0)
