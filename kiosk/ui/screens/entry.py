# mypy: allow-subclassing-any
"""What the screens with something to type have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk.flow.view import EntryPage, View
from kiosk.ui.context import Context
from kiosk.ui.screens.page import Page, still
from kiosk.ui.theme import Size
from kiosk.ui.widgets.entry import EntryBox
from kiosk.ui.widgets.keys import DELETE, KeyPlate
from kiosk.ui.widgets.remark import Remark
from kiosk.ui.widgets.sign import Mark


class EntryScreen(Page):
    """Keys change the buffer of one field; what follows from that comes back as another view."""

    plate: KeyPlate

    def __init__(self, context: Context, view: EntryPage, *, low: bool) -> None:
        super().__init__(context, view.frame, view.progress, low=low)
        self._view = view
        self._drawn: dict[BoxLayout, object] = {}
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
            changed = typed.end(entry.field, key, entry.maximum)
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

    def remark(self, view: EntryPage, size: float = Size.SMALL) -> Remark:
        """The problem to mend, or where there is none, the hint."""
        context = self.context
        if view.problem is not None:
            words = context.say(view.problem)
            return Remark(context, words, Mark.EXCLAMATION, size=size, strong=True, sign=22)
        words = context.say(view.hint) if view.hint is not None else ""
        return Remark(context, words, size=size, colour=context.theme.palette.faint)


def _still(view: EntryPage) -> object:
    entry = view.entry
    return (still(view.frame), entry.field, entry.kind, entry.endings, view.heading, view.progress)
