# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The page for a passcode or a code, with its keypad."""

from __future__ import annotations

from kiosk.flow.view import EntryPage
from kiosk.ui.context import Context
from kiosk.ui.screens.entry import EntryScreen
from kiosk.ui.screens.page import INNER, foot_buttons
from kiosk.ui.theme import MARGIN, Size
from kiosk.ui.widgets.key_grid import keypad
from kiosk.ui.widgets.layout import as_high_as_its_content, column, row, space

WIDE, NARROW = 318, 204


class DigitsScreen(EntryScreen):
    """At the left the entry and the rules that it meets so far, at the right large digits."""

    def __init__(self, context: Context, view: EntryPage) -> None:
        size = 26 if view.frame.steps else Size.HEADING
        super().__init__(context, view, size, low=context.theme.low_reach)
        theme, px = context.theme, context.theme.px
        wide = NARROW if theme.large or self.low else WIDE
        self.plate = keypad(context, self.strike, size_hint_x=None, width=px(wide))
        if self.low:
            self._arrange_digits_low()
        else:
            self._arrange_digits()
        self.draw(view)

    def draw(self, view: EntryPage) -> None:
        """Show what changes in place."""
        super().draw(view)
        self.foot.draw(foot_buttons(view.frame))
        self.show_remarks(view, Size.BODY)

    def _arrange_digits(self) -> None:
        px, large = self.context.theme.px, self.context.theme.large
        # The box stands between the question and the rules, where the user looks. It must never
        # scroll away, so large texts have a pane of their own.
        if large:
            self.pane = self._pane((self._heading, self._line, self._rules, space()), 10)
            left = column(self.pane, self.box, spacing=px(12))
        else:
            parts = (self._heading, self._line, self.box, self._rules, space())
            left = self.pane = self._pane(parts, 12)
        body = column(
            row(left, self.plate, spacing=px(24)),
            self.foot,
            spacing=px(12),
            padding=(px(MARGIN), px(10)),
        )
        self.add_widget(body)

    def _arrange_digits_low(self) -> None:
        """Make the keypad half as high as the screen, with the buttons beside it."""
        px = self.context.theme.px
        self.pane = self._pane((self._heading, self._line, self._rules, space()), 10)
        left = column(self.box, *self._low_rows([self.pane], INNER - NARROW - 16), spacing=px(6))
        deck = row(as_high_as_its_content(left), self.plate, spacing=px(16))
        left.pos_hint = {"y": 0}
        deck.padding = (px(MARGIN), px(4))
        deck.size_hint_y = None
        self.bind(height=lambda _, high: deck.setter("height")(deck, high // 2))
        deck.height = self.height // 2
        self.add_widget(row(self.pane, padding=(px(MARGIN), px(8))))
        self.add_widget(deck)
