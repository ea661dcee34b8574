# mypy: allow-subclassing-any
"""A passcode or a code, and its keypad."""

from __future__ import annotations

from kiosk.flow.view import EntryPage, RuleLine
from kiosk.ui.context import Context
from kiosk.ui.screens.entry import EntryScreen, refill
from kiosk.ui.screens.page import foot_buttons
from kiosk.ui.theme import Size
from kiosk.ui.widgets.keys import keypad
from kiosk.ui.widgets.layout import as_high_as_its_content, column, row, space
from kiosk.ui.widgets.remark import Remark
from kiosk.ui.widgets.sign import Mark
from kiosk.ui.widgets.writing import Writing


class DigitsScreen(EntryScreen):
    """At the left what to type and which rules it meets by now, at the right large digits."""

    def __init__(self, context: Context, view: EntryPage) -> None:
        super().__init__(context, view)
        px = context.theme.px
        heading = Writing(
            context, context.say(view.heading), size=Size.HEADING, strong=True, balanced=True
        )
        self._lines = as_high_as_its_content(column(spacing=px(8)))
        self._rules = as_high_as_its_content(column(spacing=px(8)))
        left = column(
            heading,
            self._lines,
            self.box,
            self._rules,
            space(),
            spacing=px(14),
        )
        keys = keypad(context, self.strike, size_hint_x=None, width=px(318))
        self._foot = self.foot(view.frame)
        self.fill(row(left, keys, spacing=px(36)), self._foot, spacing=16)
        self.draw(view)

    def draw(self, view: EntryPage) -> None:
        """Show what changes in place."""
        super().draw(view)
        self._foot.draw(foot_buttons(view.frame))
        refill(self._lines, self.remark(view, Size.BODY))
        refill(self._rules, *(self._rule(line) for line in view.rule_lines))

    def _rule(self, line: RuleLine) -> Remark:
        mark = Mark.TICK if line.met else Mark.WAITING
        return Remark(self.context, self.context.say(line.text), mark)
