# mypy: allow-subclassing-any
"""A list to choose from, and the menu of what a person would like to do."""

from __future__ import annotations

from kivy.clock import Clock

from kiosk.flow.view import ChoicePage, Role, View
from kiosk.ui.context import Context
from kiosk.ui.screens.page import Page, foot_buttons, still
from kiosk.ui.theme import Size
from kiosk.ui.widgets.choice import ChoiceRow
from kiosk.ui.widgets.scroller import Scroller
from kiosk.ui.widgets.writing import Writing

GAP = 8
HIGHEST = 92  # few choices grow to fill the room, up to this height


class ChoiceScreen(Page):
    """From the top: the heading, a hint, the choices, the buttons.

    Where no button is primary, the choices are the ways on themselves.
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
        self._scroller = Scroller(context, self._rows, GAP)
        later = Clock.create_trigger(self._share, -1)
        self._scroller.viewport.bind(height=later)
        for one in self._rows:
            one.bind(height=later)
        heading = Writing(context, say(view.heading), size=26, strong=True, balanced=True)
        parts = [heading]
        if view.hint is not None:
            faint = context.theme.palette.faint
            parts.append(Writing(context, say(view.hint), size=Size.SMALL, colour=faint))
        parts.append(self._scroller)
        self._foot = self.foot(view.frame)
        if foot_buttons(view.frame):
            parts.append(self._foot)
        self.fill(*parts, spacing=8, ends=12)
        self._draw(view)
        if view.chosen is not None:
            self._scroller.reveal(view.chosen)

    def update(self, view: View) -> bool:
        """Show `view` in place, where it differs by what is chosen and may be pressed."""
        if not isinstance(view, ChoicePage) or _still(view) != _still(self._view):
            return False
        self._draw(view)
        return True

    def _draw(self, view: ChoicePage) -> None:
        self._view = view
        self._foot.draw(foot_buttons(view.frame))
        for number, row in enumerate(self._rows):
            row.choose(number == view.chosen)

    def _share(self, *_: object) -> None:
        """Give all the same height, as far as there is room beside those that need more."""
        px, number = self.context.theme.px, len(self._rows)
        room = self._scroller.viewport.height - (number - 1) * px(GAP)
        needs = sorted(row.need for row in self._rows)
        while needs and needs[-1] * len(needs) > room:
            room -= needs.pop()
        share = room / len(needs) if needs else 0
        for row in self._rows:
            row.grow(min(share, px(HIGHEST)))


def _still(view: ChoicePage) -> object:
    return view.heading, view.choices, view.hint, still(view.frame)
