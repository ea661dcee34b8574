# mypy: allow-subclassing-any
"""Something to read: what happened, what to do now, whom to call."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow.view import Notice, Picture, View
from kiosk.ui.context import Context
from kiosk.ui.screens.page import Page, foot_buttons
from kiosk.ui.theme import Size
from kiosk.ui.widgets.layout import column, row, space
from kiosk.ui.widgets.panel import HelpPanel
from kiosk.ui.widgets.picture import CardPicture
from kiosk.ui.widgets.remark import Remark
from kiosk.ui.widgets.sign import TONES
from kiosk.ui.widgets.writing import Writing

SIGN = 40


class NoticeScreen(Page):
    """From the top: the heading with its sign, the text beside a picture, help, the buttons."""

    def __init__(self, context: Context, view: Notice) -> None:
        super().__init__(context, view.frame)
        self._view = view
        px, say = context.theme.px, context.say
        heading = Remark(
            context, say(view.heading), TONES[view.tone], size=Size.HEADING, sign=SIGN, strong=True
        )
        paragraphs = [
            Writing(context, say(one), size=Size.TEXT, balanced=True) for one in view.paragraphs
        ]
        # The text stands under the heading's words, not under its sign.
        indent = (heading.indent, 0, 0, 0)
        body = column(*paragraphs, space(), spacing=px(10), padding=indent)
        if view.picture is not Picture.NONE:
            body.size_hint_x = 1.3
            body = row(body, CardPicture(context, view.picture), spacing=px(24))
        parts = [heading, body]
        if view.contacts or view.reference:
            parts.append(HelpPanel(context, view.contacts, view.reference))
        if foot_buttons(view.frame):
            parts.append(self.foot(view.frame))
        self.fill(*parts, spacing=12)

    def update(self, view: View) -> bool:
        """Show `view` in place; False where that takes another screen."""
        return isinstance(view, Notice) and _still(view) == _still(self._view)


def _still(view: Notice) -> Notice:
    return replace(view, frame=replace(view.frame, countdown=None))
