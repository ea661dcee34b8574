# mypy: allow-subclassing-any
"""Who somebody is, and what belongs to them, section by section."""

from __future__ import annotations

from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk.flow.text import Words
from kiosk.flow.view import ProfilePage, Section, View
from kiosk.ui.context import Context
from kiosk.ui.screens.page import Page, foot_buttons, still
from kiosk.ui.theme import Size
from kiosk.ui.widgets.layout import as_high_as_its_content
from kiosk.ui.widgets.scroller import Scroller
from kiosk.ui.widgets.shape import Backdrop
from kiosk.ui.widgets.writing import Writing


class ProfileScreen(Page):
    """From the top: the heading, the sections on white, the buttons."""

    def __init__(self, context: Context, view: ProfilePage) -> None:
        super().__init__(context, view.frame)
        self._view = view
        heading = Writing(context, context.say(view.heading), size=26, strong=True, balanced=True)
        lines = [line for section in view.sections for line in _lines(context, section)]
        self._foot = self.foot(view.frame)
        parts = [heading, Scroller(context, lines, 0)]
        if foot_buttons(view.frame):
            parts.append(self._foot)
        self.fill(*parts, spacing=10)

    def update(self, view: View) -> bool:
        """Show `view` in place; False where that takes another screen."""
        if not isinstance(view, ProfilePage) or _still(view) != _still(self._view):
            return False
        self._view = view
        self._foot.draw(foot_buttons(view.frame))
        return True


def _still(view: ProfilePage) -> object:
    return view.heading, view.sections, still(view.frame)


def _lines(context: Context, section: Section) -> list[Widget]:
    say = context.say
    lines: list[Widget] = [_Heading(context, say(section.heading))]
    if section.text is not None:
        lines.append(_Line(context, Writing(context, say(section.text), size=Size.BODY)))
    return lines + [_pair(context, label, value) for label, value in section.rows]


def _pair(context: Context, label: Words, value: Words) -> _Line:
    faint = context.theme.palette.faint
    name = Writing(context, context.say(label), size=Size.SMALL, colour=faint)
    name.size_hint_x = 0.36
    return _Line(context, name, Writing(context, context.say(value), size=Size.BODY))


class _Heading(BoxLayout):
    def __init__(self, context: Context, words: str) -> None:
        px = context.theme.px
        super().__init__(padding=(0, px(14), 0, px(6)), size_hint_y=None)
        self.add_widget(Writing(context, words, size=Size.LEAD, strong=True))
        as_high_as_its_content(self)


class _Line(BoxLayout):
    """Something on white, with a line below."""

    def __init__(self, context: Context, *words: Writing) -> None:
        theme = context.theme
        px = theme.px
        super().__init__(spacing=px(16), padding=(px(16), px(9)), size_hint_y=None)
        Backdrop(self, theme.palette.line)
        Backdrop(self, theme.palette.surface, 0, (px(1), px(1), px(1), 0))
        for one in words:
            one.pos_hint = {"top": 1}
            self.add_widget(one)
        as_high_as_its_content(self)
