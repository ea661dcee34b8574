# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""What the screens with something to type have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk.flow.text import Text
from kiosk.flow.view import EntryPage, RuleLine, View
from kiosk.ui.context import Context
from kiosk.ui.screens.page import Page, still
from kiosk.ui.theme import Size
from kiosk.ui.widgets.entry_box import EntryBox
from kiosk.ui.widgets.key_grid import DELETE, KeyPlate
from kiosk.ui.widgets.layout import as_high_as_its_content, column, space
from kiosk.ui.widgets.remark import Remark
from kiosk.ui.widgets.scroller import Scroller
from kiosk.ui.widgets.sign import Mark
from kiosk.ui.widgets.writing import Writing


class EntryScreen(Page):
    """Keys change the buffer of one field; what follows from that comes back as another view.

    The pane may have no room for all there is to read. A problem is brought up, and where texts are
    large comes before all else; what is typed brings up what it has to be, or the question again.
    """

    plate: KeyPlate
    pane: Scroller

    def __init__(self, context: Context, view: EntryPage, size: float, *, low: bool) -> None:
        super().__init__(context, view.frame, view.progress, low=low)
        self._view = view
        self._drawn: dict[BoxLayout, object] = {}
        self._told: tuple[Text | None, int] = (None, view.entry.length)
        self._heading = Writing(
            context, context.say(view.heading), size=size, strong=True, balanced=True
        )
        self._first = as_high_as_its_content(column())
        self._line = as_high_as_its_content(column())
        self._rules = as_high_as_its_content(column(spacing=context.theme.px(8)))
        self.box = EntryBox(context, view.entry, toggles=not low)

    def update(self, view: View) -> bool:
        """Show `view` in place; False where that takes another screen.

        In place, so that what a key sends back cannot take the keyboard from under the fingers.
        """
        if not isinstance(view, EntryPage) or _still(view) != _still(self._view):
            return False
        self.draw(view)
        return True

    def draw(self, view: EntryPage) -> None:
        """Show what changes in place: what is typed, lines, the states of buttons."""
        self._view = view
        entry = view.entry
        if self.context.typed.fill(entry.field, entry.prefilled, entry.maximum):
            self.context.changed(entry)
        self.box.draw(view.entry, problem=view.problem is not None)

    @property
    def field(self) -> str:
        """The buffer that the keys change."""
        return self._view.entry.field

    def strike(self, key: str) -> None:
        """A key was touched."""
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
        """Have `box` show `what`, by the parts that are made for it; nothing where it does."""
        if box not in self._drawn or self._drawn[box] != what:
            self._drawn[box] = what
            box.clear_widgets()
            for part in make():
                box.add_widget(part)

    def tell(self, view: EntryPage, size: float = Size.SMALL) -> None:
        """Show the problem to mend, or where there is none, the hint; and the rules."""
        said, rules = (view.problem, view.hint), view.rule_lines
        first = self.context.theme.large and view.problem is not None
        below = space(height=self.context.theme.px(6))
        self.refill(self._first, said, lambda: [self._remark(view, size), below] if first else [])
        self.refill(self._line, said, lambda: [] if first else [self._remark(view, size)])
        self.refill(self._rules, rules, lambda: [self._rule(line) for line in rules])
        self._bring_up(view, self._first if first else self._line)

    def _bring_up(self, view: EntryPage, said: BoxLayout) -> None:
        """Have on the screen what is new, where not all is: what was `said`, or the rules."""
        told, self._told = self._told, (view.problem, view.entry.length)
        if view.problem != told[0]:
            self.pane.reveal_widget(self._heading if view.problem is None else said)
        elif view.entry.length != told[1] and (view.rule_lines or view.problem is not None):
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


def _still(view: EntryPage) -> object:
    entry = view.entry
    return (still(view.frame), entry.field, entry.kind, entry.endings, view.heading, view.progress)
