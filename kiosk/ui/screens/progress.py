# mypy: allow-subclassing-any
"""Work that the person waits for, step by step."""

from __future__ import annotations

from kivy.uix.boxlayout import BoxLayout

from kiosk.flow.view import Picture, Progress, View
from kiosk.ui.context import Context
from kiosk.ui.screens.page import Page, still
from kiosk.ui.theme import MARGIN, Size
from kiosk.ui.widgets.layout import column, row, space
from kiosk.ui.widgets.picture import CardPicture
from kiosk.ui.widgets.remark import Callout
from kiosk.ui.widgets.sign import Mark
from kiosk.ui.widgets.steps import StepList
from kiosk.ui.widgets.writing import Writing


class ProgressScreen(Page):
    """A heading, the steps, and what not to do meanwhile; without steps, the card in the reader."""

    def __init__(self, context: Context, view: Progress) -> None:
        super().__init__(context, view.frame)
        self._view = view
        self._steps = StepList(context, view.steps)
        # Below the bar of a journey's steps there is less room.
        self._gap = 12 if view.frame.steps else MARGIN
        body = self._with_steps(view) if view.steps else self._with_picture(view)
        self.fill(body, ends=self._gap)

    def _with_steps(self, view: Progress) -> BoxLayout:
        context, px, say = self.context, self.context.theme.px, self.context.say
        heading = Writing(context, say(view.heading), size=Size.HEADING, strong=True)
        body = column(heading, self._steps, space(), spacing=px(self._gap))
        if view.instruction is not None:
            edge = context.theme.palette.title
            body.add_widget(Callout(context, [say(view.instruction)], Mark.INFORMATION, edge))
        return body

    def _with_picture(self, view: Progress) -> BoxLayout:
        context, px, say = self.context, self.context.theme.px, self.context.say
        instruction = say(view.instruction) if view.instruction is not None else ""
        words = column(
            space(),
            Writing(context, say(view.heading), size=Size.TITLE, strong=True, balanced=True),
            space(height=px(14)),
            Writing(context, instruction, size=Size.LEAD),
            space(),
            size_hint_x=1.35,
        )
        return row(words, CardPicture(context, Picture.NONE), spacing=px(24))

    def update(self, view: View) -> bool:
        """Show `view` in place, which is how far its steps have come; False where more differs."""
        if not isinstance(view, Progress) or _still(view) != _still(self._view):
            return False
        self._steps.draw(view.steps)
        return True


def _still(view: Progress) -> object:
    labels = [step.label for step in view.steps]
    return (still(view.frame), view.heading, view.instruction, labels)
