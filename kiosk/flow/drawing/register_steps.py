# SPDX-License-Identifier: Apache-2.0
"""The bar of the four steps of registering, visible on each of their pages."""

from __future__ import annotations

from enum import IntEnum

from kiosk.flow.text import text
from kiosk.flow.view import Step, StepState


class RegisterStep(IntEnum):
    """The steps of registering, in order."""

    PASSCODE = 0
    QUESTIONS = 1
    EMAIL = 2
    CODE = 3


_LABELS = {
    RegisterStep.PASSCODE: text("Passcode"),
    RegisterStep.QUESTIONS: text("Security Questions"),
    RegisterStep.EMAIL: text("Email"),
    RegisterStep.CODE: text("Registration Code"),
}


def register_steps(now: RegisterStep) -> tuple[Step, ...]:
    """Return the bar with the steps before `now` done."""
    states = [StepState.DONE, StepState.DOING, StepState.WAITING]
    return tuple(
        Step(label, states[(step > now) - (step < now) + 1]) for step, label in _LABELS.items()
    )
