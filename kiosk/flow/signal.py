# SPDX-License-Identifier: Apache-2.0
"""What the lights and the buzzer tell of a state: never more than the screen says."""

from __future__ import annotations

from kiosk.flow import pages as pg
from kiosk.flow import state as st
from kiosk.flow.machine import is_work
from kiosk.values import Lamp, Signal, Sound, Status


def signal(state: st.State) -> Signal:
    """The signal that goes with `state`."""
    return Signal(_reader(state), _status(state), _sound(state))


def _reader(state: st.State) -> Lamp:
    """Blinking: a card is to be put in, or to be taken. On: it stays where it is."""
    if not state.in_service:
        return Lamp.OFF
    if isinstance(state.page, pg.Waiting | pg.Finished | pg.Registered):
        return Lamp.BLINKING
    if isinstance(state.page, pg.Helping):
        return Lamp.BLINKING if state.card_present else Lamp.OFF
    return Lamp.ON


def _status(state: st.State) -> Status:
    if isinstance(state.page, pg.Finished | pg.Registered):
        return Status.DONE
    if isinstance(state.page, pg.Helping) or not state.in_service:
        return Status.ATTENTION
    return Status.WORKING if is_work(state.page) else Status.READY


def _sound(state: st.State) -> Sound:
    if isinstance(state.page, pg.Waiting) and state.card_present and state.reader is None:
        return Sound.CALL
    done = isinstance(state.page, pg.Finished | pg.Registered)
    return Sound.DONE if done else Sound.NONE
