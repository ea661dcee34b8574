# mypy: allow-subclassing-any
"""A question and the keyboard for its answer."""

from __future__ import annotations

from kivy.uix.anchorlayout import AnchorLayout
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk.flow.view import EntryPage, Intent
from kiosk.ui.context import Context
from kiosk.ui.screens.entry import EntryScreen, refill
from kiosk.ui.screens.page import foot_buttons
from kiosk.ui.theme import MARGIN, Size
from kiosk.ui.widgets.button import PageButton
from kiosk.ui.widgets.keys import KeyPlate, keyboard
from kiosk.ui.widgets.layout import as_high_as_its_content, column, row
from kiosk.ui.widgets.writing import Writing

LEAST = {Intent.BACK: 88, Intent.SKIP: 84}


class AnswerScreen(EntryScreen):
    """From the top: the question, one row with Back, the entry and the ways on, a line, the keys.

    The heights above the keyboard are fixed, so that nothing moves from one question to the next.
    """

    def __init__(self, context: Context, view: EntryPage) -> None:
        super().__init__(context, view)
        px = context.theme.px
        heading = Writing(context, context.say(view.heading), size=24, strong=True, balanced=True)
        question = self.room_for(heading)
        buttons = foot_buttons(view.frame)
        self._buttons = [
            PageButton(context, one, least=LEAST.get(one.intent, 124)) for one in buttons
        ]
        back = [one for one in self._buttons if one.intent is Intent.BACK]
        others = [one for one in self._buttons if one.intent is not Intent.BACK]
        entry = row(*back, self.box, *others, spacing=px(8), size_hint_y=None, height=px(54))
        self._line = BoxLayout(size_hint_y=None, height=px(26))
        above = column(question, entry, self._line, padding=(px(MARGIN), px(6), px(MARGIN), 0))
        above.spacing = px(5)
        self.add_widget(as_high_as_its_content(above))
        self.add_widget(row(self.keys(), padding=(px(MARGIN), px(4), px(MARGIN), px(8))))
        self.draw(view)

    def room_for(self, heading: Writing) -> Widget:
        """Two lines of room, whatever the question."""
        room = AnchorLayout(anchor_y="center", size_hint_y=None, height=self.context.theme.px(60))
        room.add_widget(heading)
        return room

    def keys(self) -> KeyPlate:
        """The keys to type an answer with."""
        return keyboard(self.context, self.strike)

    def draw(self, view: EntryPage) -> None:
        """Show what changes in place."""
        super().draw(view)
        for widget, button in zip(self._buttons, foot_buttons(view.frame), strict=True):
            widget.draw(button)
        remark = self.remark(view, Size.SMALL)
        remark.pos_hint = {"center_y": 0.5}
        refill(self._line, remark)
