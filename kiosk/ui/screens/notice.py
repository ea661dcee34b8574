# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The page with something to read: what happened, what to do now, whom to call."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow.view import Notice, Picture, View
from kiosk.ui.context import Context
from kiosk.ui.screens.page import PageScreen, timeless
from kiosk.ui.screens.pictured import beside_picture
from kiosk.ui.theme import Size
from kiosk.ui.widgets.help_panel import HelpPanel
from kiosk.ui.widgets.layout import as_high_as_its_content, column
from kiosk.ui.widgets.remark import Remark
from kiosk.ui.widgets.sign import TONES
from kiosk.ui.widgets.writing import Writing

SIGN = 40


class NoticeScreen(PageScreen):
    """From the top: the heading with its sign, the text beside a picture, help, the buttons."""

    def __init__(self, context: Context, view: Notice) -> None:
        super().__init__(context, view.frame)
        self._view = view
        px, say = context.theme.px, context.say
        bare = view.picture is Picture.NONE
        # A notice without buttons stays until a user comes: it has to be read from a distance.
        wide = Size.TITLE if not view.frame.buttons and bare else Size.HEADING
        heading = Remark(
            context, say(view.heading), TONES[view.tone], size=wide, sign=SIGN, strong=True
        )
        size = Size.LEAD if bare else Size.TEXT
        paragraphs = [
            Writing(context, say(one), size=size, balanced=True) for one in view.paragraphs
        ]
        # The text stands under the heading's words, not under its sign.
        indent = (0 if context.theme.large else heading.indent, 0, 0, 0)
        words = as_high_as_its_content(column(*paragraphs, spacing=px(10), padding=indent))
        parts = [heading, *beside_picture(context, words, view.picture)]
        if view.contacts or view.reference:
            parts.append(HelpPanel(context, view.contacts, view.reference))
        self.arrange(*parts, spacing=12)

    def update(self, view: View) -> bool:
        """Show `view` in place; return False if that takes another screen."""
        return isinstance(view, Notice) and _fixed_parts(view) == _fixed_parts(self._view)


def _fixed_parts(view: Notice) -> Notice:
    return replace(view, frame=timeless(view.frame))
