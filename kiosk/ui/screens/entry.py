# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The common part of the pages with an entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk.flow.text import Text
from kiosk.flow.view import EntryPage, RuleLine, View
from kiosk.ui.context import Context
from kiosk.ui.screens.page import PageScreen, fixed_parts
from kiosk.ui.theme import Size
from kiosk.ui.widgets.entry_box import EntryBox
from kiosk.ui.widgets.key_grid import DELETE, KeyPlate
from kiosk.ui.widgets.layout import as_high_as_its_content, column, space
from kiosk.ui.widgets.remark import Remark
from kiosk.ui.widgets.scroller import Scroller
from kiosk.ui.widgets.sign import Mark
from kiosk.ui.widgets.writing import Writing


class EntryScreen(PageScreen):
    """A page with one entry: its keys change the buffer, and the flow answers with a new view.

    The pane may be too small for all its texts. Then it scrolls to a problem as soon as there is
    one; with large texts, a problem also comes first. Typing scrolls to the rules, or after a
    problem back to the question.
    """

    plate: KeyPlate
    pane: Scroller

    def __init__(self, context: Context, view: EntryPage, size: float, *, low: bool) -> None:
        super().__init__(context, view.frame, view.progress, low=low)
        self._view = view
        self._drawn: dict[BoxLayout, object] = {}
        self._shown: tuple[Text | None, int] = (None, view.entry.length)
        self._heading = Writing(
            context, context.say(view.heading), size=size, strong=True, balanced=True
        )
        self._first = as_high_as_its_content(column())
        self._line = as_high_as_its_content(column())
        self._rules = as_high_as_its_content(column(spacing=context.theme.px(8)))
        self.box = EntryBox(context, view.entry, toggles=not low)

    def update(self, view: View) -> bool:
        """Show `view` in place; return False if that takes another screen.

        The keyboard must stay under the fingers when the flow answers a key with a new view.
        """
        if not isinstance(view, EntryPage) or _fixed_parts(view) != _fixed_parts(self._view):
            return False
        self.draw(view)
        return True

    def draw(self, view: EntryPage) -> None:
        """Show what changes in place: the entry, its remarks and the states of buttons."""
        self._view = view
        entry = view.entry
        if self.context.typed.fill(entry.field, entry.prefilled, entry.maximum):
            self.context.changed(entry)
        self.box.draw(view.entry, problem=view.problem is not None)

    @property
    def field(self) -> str:
        """The name of the buffer that the keys change."""
        return self._view.entry.field

    def strike(self, key: str) -> None:
        """Type one key: a character, an ending or `DELETE`."""
        entry, typed = self._view.entry, self.context.typed
        if key == DELETE:
            changed = typed.delete(entry.field)
        elif key in entry.endings:
            changed = typed.end(entry.field, key, entry.maximum, entry.endings)
        else:
            changed = typed.add(entry.field, key, entry.maximum)
        if changed:
            self.box.refresh()
            self.context.changed(entry)

    def refill(self, box: BoxLayout, what: object, make: Callable[[], Sequence[Widget]]) -> None:
        """Fill `box` with the widgets from `make`, unless it already shows `what`."""
        if box not in self._drawn or self._drawn[box] != what:
            self._drawn[box] = what
            box.clear_widgets()
            for part in make():
                box.add_widget(part)

    def show_remarks(self, view: EntryPage, size: float = Size.SMALL) -> None:
        """Show the problem, or the hint if there is no problem, and the rules."""
        remarks, rules = (view.problem, view.hint), view.rule_lines
        first = self.context.theme.large and view.problem is not None
        below = space(height=self.context.theme.px(6))
        self.refill(
            self._first, remarks, lambda: [self._remark(view, size), below] if first else []
        )
        self.refill(self._line, remarks, lambda: [] if first else [self._remark(view, size)])
        self.refill(self._rules, rules, lambda: [self._rule(line) for line in rules])
        self._scroll_to_change(view, self._first if first else self._line)

    def _scroll_to_change(self, view: EntryPage, remark: BoxLayout) -> None:
        """Scroll to what is new: the problem in `remark`, the rules, or the question."""
        before, self._shown = self._shown, (view.problem, view.entry.length)
        if view.problem != before[0]:
            self.pane.reveal_widget(self._heading if view.problem is None else remark)
        elif view.entry.length != before[1] and (view.rule_lines or view.problem is not None):
            self.pane.reveal_widget(self._rules if view.rule_lines else self._heading)

    def _before(self) -> list[Widget]:
        before = super()._before()
        if not self.context.theme.large:
            return before
        return [as_high_as_its_content(column(self._first, *before))]

    def _remark(self, view: EntryPage, size: float) -> Remark:
        context = self.context
        if view.problem is not None:
            words = context.say(view.problem)
            return Remark(context, words, Mark.EXCLAMATION, size=size, strong=True, sign=22)
        words = context.say(view.hint) if view.hint is not None else ""
        return Remark(context, words, size=size, colour=context.theme.palette.faint)

    def _rule(self, line: RuleLine) -> Remark:
        mark = Mark.TICK if line.met else Mark.WAITING
        return Remark(self.context, self.context.say(line.text), mark)


def _fixed_parts(view: EntryPage) -> object:
    entry = view.entry
    return (
        fixed_parts(view.frame),
        entry.field,
        entry.kind,
        entry.endings,
        view.heading,
        view.progress,
    )
