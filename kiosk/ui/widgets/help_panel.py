# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""White panels: a plain one, and one with the contacts for help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kivy.uix.boxlayout import BoxLayout

from kiosk.flow.text import text
from kiosk.flow.view import Contact
from kiosk.ui.context import Context
from kiosk.ui.theme import Size
from kiosk.ui.widgets.layout import as_high_as_its_content, column, row
from kiosk.ui.widgets.shape import Backdrop
from kiosk.ui.widgets.writing import Writing


class Panel(BoxLayout):
    """A white surface as high as its content."""

    def __init__(self, context: Context, **properties: Any) -> None:
        theme = context.theme
        super().__init__(orientation="vertical", padding=theme.px(16), **properties)
        Backdrop(self, theme.palette.line, theme.px(6))
        line = theme.px(1)
        Backdrop(self, theme.palette.surface, theme.px(6) - line, (line,) * 4)
        as_high_as_its_content(self)


class HelpPanel(Panel):
    """The contacts side by side, and the reference to quote."""

    def __init__(self, context: Context, contacts: Sequence[Contact], reference: str) -> None:
        super().__init__(context, spacing=context.theme.px(8))
        say = context.say
        self.add_widget(Writing(context, say(text("Need help?")), size=Size.BODY, strong=True))
        pairs = [(say(contact.name), say(contact.detail)) for contact in contacts]
        if reference:
            pairs.append((say(text("Your reference")), reference))
        px, large = context.theme.px, context.theme.large
        line = column(spacing=px(12)) if large else row(spacing=px(24))
        for name, detail in pairs:
            line.add_widget(_pair(context, name, detail))
        self.add_widget(as_high_as_its_content(line))


def _pair(context: Context, name: str, detail: str) -> BoxLayout:
    faint = context.theme.palette.faint
    # The number is above the name, so that numbers align even if a name takes two lines.
    pair = column(
        Writing(context, detail, size=Size.LEAD, strong=True),
        Writing(context, name, size=Size.SMALL, colour=faint, balanced=True),
        pos_hint={"top": 1},
    )
    return as_high_as_its_content(pair)
