# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The page of a cardholder's profile, section by section."""

from __future__ import annotations

from collections.abc import Sequence

from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk.flow.text import Words
from kiosk.flow.view import ProfilePage, Section, View
from kiosk.ui.context import Context
from kiosk.ui.screens.page import PageScreen, fixed_parts, foot_buttons
from kiosk.ui.theme import Size
from kiosk.ui.widgets.layout import as_high_as_its_content, column
from kiosk.ui.widgets.shape import Backdrop
from kiosk.ui.widgets.writing import Writing

LETTERS = 19


class ProfileScreen(PageScreen):
    """From the top: the heading, the sections on white, the buttons."""

    def __init__(self, context: Context, view: ProfilePage) -> None:
        super().__init__(context, view.frame)
        self._view = view
        heading = Writing(context, context.say(view.heading), size=26, strong=True, balanced=True)
        lines = [line for section in view.sections for line in _lines(context, section)]
        self.arrange(heading, *lines, spacing=0)

    def update(self, view: View) -> bool:
        """Show `view` in place; return False if that takes another screen."""
        if not isinstance(view, ProfilePage) or _fixed_parts(view) != _fixed_parts(self._view):
            return False
        self._view = view
        self.foot.draw(foot_buttons(view.frame))
        return True


def _fixed_parts(view: ProfilePage) -> object:
    return view.heading, view.sections, fixed_parts(view.frame)


def _lines(context: Context, section: Section) -> list[Widget]:
    lines: list[list[Widget]] = []
    if section.text is not None:
        lines.append([Writing(context, context.say(section.text), size=Size.BODY)])
    lines += [_pair(context, label, value) for label, value in section.rows]
    heading = _Heading(context, context.say(section.heading))
    return [heading, *(_Line(context, line, first=not place) for place, line in enumerate(lines))]


def _pair(context: Context, label: Words, value: Words) -> list[Widget]:
    faint = context.theme.palette.faint
    name = Writing(context, context.say(label), size=LETTERS, colour=faint)
    content = Writing(context, context.say(value), size=LETTERS)
    if context.theme.large:
        return [as_high_as_its_content(column(name, content))]
    name.size_hint_x = 0.5
    return [name, content]


class _Heading(BoxLayout):
    def __init__(self, context: Context, words: str) -> None:
        px = context.theme.px
        super().__init__(padding=(0, px(10), 0, px(6)), size_hint_y=None)
        self.add_widget(Writing(context, words, size=Size.TEXT, strong=True))
        as_high_as_its_content(self)


class _Line(BoxLayout):
    """Texts side by side on white, with lines around; only the `first` has one above."""

    def __init__(self, context: Context, words: Sequence[Widget], *, first: bool) -> None:
        theme = context.theme
        px = theme.px
        super().__init__(spacing=px(16), padding=(px(14), px(8)), size_hint_y=None)
        line = px(1)
        Backdrop(self, theme.palette.line)
        Backdrop(self, theme.palette.surface, 0, (line, line, line, line if first else 0))
        for one in words:
            one.pos_hint = {"top": 1}
            self.add_widget(one)
        as_high_as_its_content(self)
