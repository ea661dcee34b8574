# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The start screen."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow.view import View, Welcome
from kiosk.ui.context import Context
from kiosk.ui.screens.page import PageScreen, timeless
from kiosk.ui.screens.pictured import beside_picture
from kiosk.ui.theme import Size
from kiosk.ui.widgets.layout import as_high_as_its_content, column
from kiosk.ui.widgets.remark import Callout
from kiosk.ui.widgets.sign import Mark
from kiosk.ui.widgets.writing import Writing


class WelcomeScreen(PageScreen):
    """The one thing to do, in large letters beside its picture; below, what does not work."""

    def __init__(self, context: Context, view: Welcome) -> None:
        super().__init__(context, view.frame)
        self._view = view
        px, say = context.theme.px, context.say
        troubled = bool(view.troubles)
        heading = Size.TITLE if troubled else Size.DISPLAY
        words = column(
            Writing(context, say(view.heading), size=heading, strong=True, balanced=True),
            Writing(context, say(view.instruction), size=Size.LEAD, balanced=True),
            spacing=px(14),
        )
        parts = beside_picture(context, as_high_as_its_content(words), view.picture, middle=True)
        if troubled:
            troubles = [say(trouble) for trouble in view.troubles]
            edge = context.theme.palette.error
            parts.append(Callout(context, troubles, Mark.EXCLAMATION, edge))
        self.arrange(*parts, spacing=14)

    def update(self, view: View) -> bool:
        """Show `view` in place; return False if that takes another screen."""
        return isinstance(view, Welcome) and _fixed_parts(view) == _fixed_parts(self._view)


def _fixed_parts(view: Welcome) -> Welcome:
    return replace(view, frame=timeless(view.frame))
