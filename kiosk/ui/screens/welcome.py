# mypy: allow-subclassing-any
"""The start screen."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow.view import View, Welcome
from kiosk.ui.context import Context
from kiosk.ui.screens.page import Page
from kiosk.ui.theme import Size
from kiosk.ui.widgets.layout import column, row, space
from kiosk.ui.widgets.picture import CardPicture
from kiosk.ui.widgets.remark import Callout
from kiosk.ui.widgets.sign import Mark
from kiosk.ui.widgets.writing import Writing


class WelcomeScreen(Page):
    """The one thing to do, large, beside its picture; what does not work, below."""

    def __init__(self, context: Context, view: Welcome) -> None:
        super().__init__(context, view.frame)
        self._view = view
        px, say = context.theme.px, context.say
        troubled = bool(view.troubles)
        heading = Size.TITLE if troubled else Size.DISPLAY
        words = column(
            space(),
            Writing(context, say(view.heading), size=heading, strong=True, balanced=True),
            space(height=px(14)),
            Writing(context, say(view.instruction), size=Size.LEAD, balanced=True),
            space(),
            size_hint_x=1.5 if troubled else 1.3,
        )
        parts = [row(words, CardPicture(context, view.picture), spacing=px(24))]
        if troubled:
            troubles = [say(trouble) for trouble in view.troubles]
            edge = context.theme.palette.error
            parts.append(Callout(context, troubles, Mark.EXCLAMATION, edge))
        if view.frame.buttons:
            parts.append(self.foot(view.frame))
        self.fill(*parts, spacing=16)

    def update(self, view: View) -> bool:
        """Show `view` in place; False where that takes another screen."""
        return isinstance(view, Welcome) and _still(view) == _still(self._view)


def _still(view: Welcome) -> Welcome:
    return replace(view, frame=replace(view.frame, countdown=None))
