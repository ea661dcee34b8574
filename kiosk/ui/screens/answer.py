# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The page for a question, with the keyboard for its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk.flow.view import Button, EntryKind, EntryPage, Intent, Role
from kiosk.ui.context import Context
from kiosk.ui.screens.entry import EntryScreen
from kiosk.ui.screens.page import foot_buttons
from kiosk.ui.theme import FINGER_HIGH, FINGER_WIDE, MARGIN
from kiosk.ui.widgets.button import IntentButton, PageButton
from kiosk.ui.widgets.entry_box import toggle
from kiosk.ui.widgets.key_grid import KEY_ROWS, KeyPlate, keyboard
from kiosk.ui.widgets.layout import as_high_as_its_content, column, row, space
from kiosk.ui.widgets.scroller import Arrows
from kiosk.ui.widgets.tool import ToolButton

LEAST = {Intent.BACK: 88, Intent.SKIP: 84}
SIDE = 8  # pixels beside the keys


class AnswerScreen(EntryScreen):
    """From the top: the texts; one row with Back, the entry and the other buttons; the keys.

    The keys keep their place from one question to the next. With large texts or within low reach
    the keys are narrower, and all buttons stand beside them.
    """

    def __init__(self, context: Context, view: EntryPage) -> None:
        px, theme = context.theme.px, context.theme
        super().__init__(context, view, 24, low=theme.low_reach or theme.large)
        self.pane = self._pane((self._heading, self._line), 6)
        self.plate = self.keys()
        buttons = foot_buttons(view.frame)
        self._buttons: list[IntentButton] = [
            ToolButton(context, one)
            if self.low and one.intent is Intent.BACK
            else PageButton(context, one, least=LEAST.get(one.intent, 124))
            for one in buttons
        ]
        self.look: ToolButton | None = None
        if self.low and view.entry.kind is EntryKind.ANSWER:
            self.look = ToolButton(context, _with_edge(toggle(view.entry)))
        high = px(KEY_ROWS * (FINGER_HIGH + 1))
        reading = row(self.pane, padding=(px(MARGIN), px(4), px(MARGIN), px(3)))
        self.add_widget(reading)
        if self.low:
            self.add_widget(as_high_as_its_content(row(self.box, padding=(px(SIDE), px(2)))))
            self.plate.size_hint_x, self.plate.width = None, px(self.plate.columns * FINGER_WIDE)
            below = row(self.plate, self._beside(), spacing=px(SIDE))
        else:
            self.add_widget(self._entry_row())
            below = row(self.plate)
        below.padding = (px(SIDE), px(4))
        below.size_hint_y, below.height = None, high + 2 * px(4)
        self.add_widget(below)
        self.draw(view)

    def keys(self) -> KeyPlate:
        """Return the keys for typing an answer."""
        return keyboard(self.context, self.strike, self._view.frame.language)

    def draw(self, view: EntryPage) -> None:
        """Show what changes in place."""
        super().draw(view)
        for widget, button in zip(self._buttons, foot_buttons(view.frame), strict=True):
            widget.draw(button)
        if self.look is not None:
            self.look.draw(_with_edge(toggle(view.entry)))
        self.show_remarks(view)

    def _entry_row(self) -> BoxLayout:
        px = self.context.theme.px
        back = [one for one in self._buttons if one.intent is Intent.BACK]
        others = [one for one in self._buttons if one.intent is not Intent.BACK]
        for one in self._buttons:
            one.pos_hint = {"center_y": 0.5}
        line = row(*back, self.box, *others, spacing=px(8), padding=(px(SIDE), 0))
        return as_high_as_its_content(line)

    def _beside(self) -> BoxLayout:
        """Return a column of buttons: tools; an arrow with Show and Back; Skip; Continue."""
        px = self.context.theme.px
        around = Arrows(self.context, [self.pane]).around
        back = [one for one in self._buttons if one.intent is Intent.BACK]
        ways = [one for one in self._buttons if one.intent is not Intent.BACK]
        second = [around, *([self.look] if self.look else []), *back]
        rows: list[list[Widget]] = [[*self.tools], second, *([one] for one in ways)]
        stack = column(space(), spacing=px(1))  # four fingers high, like the keys beside it
        for parts in rows:
            if parts:
                stack.add_widget(_share(parts, px(FINGER_HIGH), px(6)))
        return stack


def _with_edge(button: Button) -> Button:
    """Return `button` with an edge like the buttons around it."""
    return replace(button, role=Role.SECONDARY)


def _share(parts: Sequence[Widget], high: float, gap: float) -> BoxLayout:
    """Return a row of `parts` with equal widths."""
    line = row(spacing=gap, size_hint_y=None, height=high)
    for part in parts:
        part.size_hint = (1, None)
        part.height = high
        if isinstance(part, PageButton):
            part.stretch()
        line.add_widget(part)
    return line
