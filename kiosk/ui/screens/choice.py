# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The page with a list to choose from, and the menu of what the user can do."""

from __future__ import annotations

from collections.abc import Sequence

from kivy.clock import Clock
from kivy.uix.widget import Widget

from kiosk.flow.view import ChoicePage, Role, View
from kiosk.ui.context import Context
from kiosk.ui.screens.page import LIST_GAP, PageScreen, fixed_parts, foot_buttons
from kiosk.ui.theme import Size
from kiosk.ui.widgets.choice_row import ChoiceRow
from kiosk.ui.widgets.layout import as_high_as_its_content, row, space
from kiosk.ui.widgets.writing import Writing

HIGHEST = 92  # few choices grow to fill the room, up to this height


class ChoiceScreen(PageScreen):
    """From the top: the heading, a hint, the choices, the buttons.

    If no button is primary, a touch on a choice leads on to the next page.
    """

    def __init__(self, context: Context, view: ChoicePage) -> None:
        super().__init__(context, view.frame)
        self._view = view
        say = context.say
        leads = not any(one.role is Role.PRIMARY for one in foot_buttons(view.frame))
        self._rows = [
            ChoiceRow(context, number, choice, leads=leads)
            for number, choice in enumerate(view.choices)
        ]
        heading = Writing(context, say(view.heading), size=26, strong=True, balanced=True)
        reading = [heading]
        if view.hint is not None:
            faint = context.theme.palette.faint
            reading.append(Writing(context, say(view.hint), size=Size.SMALL, colour=faint))
        columns = 1 if context.theme.large else view.columns
        self.arrange(*reading, spacing=8, rows=self._lines(columns))
        if self.listing is not None and columns == 1:
            later = Clock.create_trigger(self._share, -1)
            self.listing.viewport.bind(height=later)
            for one in self._rows:
                one.bind(height=later)
        self._draw(view)
        if view.chosen is not None:
            (self.listing or self.pane).reveal_widget(self._rows[view.chosen])

    def update(self, view: View) -> bool:
        """Show `view` in place; return False if more than choice and buttons differ."""
        if not isinstance(view, ChoicePage) or _fixed_parts(view) != _fixed_parts(self._view):
            return False
        self._draw(view)
        return True

    def _lines(self, columns: int) -> Sequence[Widget]:
        """Return the choices in lines of `columns`, filled column by column, read line by line."""
        if columns == 1:
            return self._rows
        px = self.context.theme.px
        high = -(-len(self._rows) // columns)
        lines = []
        for place in range(high):
            parts = self._rows[place::high]
            line = row(
                *parts, *(space() for _ in range(columns - len(parts))), spacing=px(LIST_GAP)
            )
            lines.append(as_high_as_its_content(line))
        return lines

    def _draw(self, view: ChoicePage) -> None:
        self._view = view
        self.foot.draw(foot_buttons(view.frame))
        for number, one in enumerate(self._rows):
            one.choose(number == view.chosen or bool(view.choices[number].ticked))

    def _share(self, *_: object) -> None:
        """Give all rows the same height if there is room; rows that need more get more."""
        if self.listing is None:
            return
        px, number = self.context.theme.px, len(self._rows)
        room = self.listing.viewport.height - (number - 1) * px(LIST_GAP)
        needs = sorted(row.need for row in self._rows)
        while needs and needs[-1] * len(needs) > room:
            room -= needs.pop()
        share = room / len(needs) if needs else 0
        for one in self._rows:
            one.grow(min(share, px(HIGHEST)))


def _fixed_parts(view: ChoicePage) -> object:
    choices = [(one.label, one.detail, one.enabled) for one in view.choices]
    return view.heading, choices, view.hint, fixed_parts(view.frame)
