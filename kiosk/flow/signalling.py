# SPDX-License-Identifier: Apache-2.0
"""The signals of the lights and the buzzer; they never tell more than the screen."""

from __future__ import annotations

from kiosk.flow.description import VisitStage
from kiosk.flow.page_index import describe, is_work
from kiosk.flow.state import State
from kiosk.values import Lamp, Signal, Sound, Status


def signal(state: State) -> Signal:
    """Return the signal that goes with `state`."""
    stage = describe(state.page).stage
    return Signal(_reader(state, stage), _status(state, stage), _sound(state, stage))


def _reader(state: State, stage: VisitStage) -> Lamp:
    """Return the reader's light: it blinks to ask for a card or to give one back."""
    if not state.in_service:
        return Lamp.OFF
    match stage:
        case VisitStage.START | VisitStage.SUCCESS:
            return Lamp.BLINKING
        case VisitStage.HELP:
            return Lamp.BLINKING if state.card_present else Lamp.OFF
        case _:
            return Lamp.ON


def _status(state: State, stage: VisitStage) -> Status:
    if stage is VisitStage.SUCCESS:
        return Status.DONE
    if stage is VisitStage.HELP or not state.in_service:
        return Status.ATTENTION
    return Status.WORKING if is_work(state.page) else Status.READY


def _sound(state: State, stage: VisitStage) -> Sound:
    if stage is VisitStage.START and state.card_present and state.reader is None:
        return Sound.CALL
    return Sound.DONE if stage is VisitStage.SUCCESS else Sound.NONE
