# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The page for work that the user waits for, step by step."""

from __future__ import annotations

from kivy.uix.widget import Widget

from kiosk.flow.view import Progress, View
from kiosk.ui.context import Context
from kiosk.ui.screens.page import PageScreen, fixed_parts
from kiosk.ui.screens.pictured import beside_picture
from kiosk.ui.theme import Size
from kiosk.ui.widgets.layout import as_high_as_its_content, column, space
from kiosk.ui.widgets.remark import Callout
from kiosk.ui.widgets.sign import Mark
from kiosk.ui.widgets.steps import StepList
from kiosk.ui.widgets.writing import Writing


class ProgressScreen(PageScreen):
    """A heading, the steps and what not to do meanwhile; without steps, a picture of the card."""

    def __init__(self, context: Context, view: Progress) -> None:
        super().__init__(context, view.frame)
        self._view = view
        self._steps = StepList(context, view.steps)
        parts = self._with_steps(view) if view.steps else self._with_picture(view)
        self.arrange(*parts, spacing=12)

    def _with_steps(self, view: Progress) -> list[Widget]:
        context, say = self.context, self.context.say
        heading = Writing(context, say(view.heading), size=Size.HEADING, strong=True)
        parts = [heading, self._steps, space()]
        if view.instruction is not None:
            edge = context.theme.palette.link
            parts.append(Callout(context, [say(view.instruction)], Mark.INFORMATION, edge))
        return parts

    def _with_picture(self, view: Progress) -> list[Widget]:
        context, px, say = self.context, self.context.theme.px, self.context.say
        instruction = say(view.instruction) if view.instruction is not None else ""
        words = column(
            Writing(context, say(view.heading), size=Size.TITLE, strong=True, balanced=True),
            Writing(context, instruction, size=Size.LEAD, balanced=True),
            spacing=px(14),
        )
        return beside_picture(context, as_high_as_its_content(words), view.picture, middle=True)

    def update(self, view: View) -> bool:
        """Show `view` in place if only the states of its steps differ; else return False."""
        if not isinstance(view, Progress) or _fixed_parts(view) != _fixed_parts(self._view):
            return False
        self._steps.draw(view.steps)
        return True


def _fixed_parts(view: Progress) -> object:
    labels = [step.label for step in view.steps]
    return (fixed_parts(view.frame), view.heading, view.instruction, labels)
