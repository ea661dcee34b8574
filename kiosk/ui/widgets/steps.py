# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The list of the steps of a task, each with the sign of its state."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.flow.view import Step, StepState
from kiosk.ui.context import Context
from kiosk.ui.widgets.help_panel import Panel
from kiosk.ui.widgets.remark import Remark
from kiosk.ui.widgets.sign import STEPS


class StepList(Panel):
    """Done steps are ticked, the present one is strong, later ones are faint."""

    def __init__(self, context: Context, steps: Sequence[Step]) -> None:
        super().__init__(context, spacing=context.theme.px(14))
        self.context = context
        self._remarks: list[Remark] = []
        for step in steps:
            remark = Remark(context, context.say(step.label), STEPS[step.state], size=22, sign=32)
            self._remarks.append(remark)
            self.add_widget(remark)
        self.draw(steps)

    def draw(self, steps: Sequence[Step]) -> None:
        """Show the states of the same steps."""
        theme = self.context.theme
        for remark, step in zip(self._remarks, steps, strict=True):
            if remark.sign is not None:
                remark.sign.show(STEPS[step.state])
            doing, waiting = step.state is StepState.DOING, step.state is StepState.WAITING
            remark.words.font_name = theme.strong if doing else theme.regular
            remark.words.color = theme.palette.faint if waiting else theme.palette.text
