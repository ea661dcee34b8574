# SPDX-License-Identifier: Apache-2.0
"""The dark screen of a kiosk at rest; its words move, so that nothing burns in."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import view as vw
from kiosk.flow.description import VisitStage
from kiosk.flow.drawing.frame import frame
from kiosk.flow.outcome import Effects, Outcome
from kiosk.flow.page_index import describe
from kiosk.flow.state import State
from kiosk.flow.text import Text, text

MOVE_SECONDS = 60.0
"""The time that the words of a dark screen stay in one place."""

_WAKING = (
    ev.Touched,
    ev.Typed,
    ev.Pressed,
    ev.Chosen,
    ev.SomebodyNear,
    ev.CardInserted,
    ev.ReaderReady,
    ev.ReaderFailed,
    ev.CaseOpened,
)


def rested(before: State, after: State, event: ev.Event, effects: Effects) -> Outcome:
    """Darken the screen if nobody is there; wake it if somebody comes. The last of all rules."""
    if not _quiet(after):
        stop = (do.StopTimer(ev.Timer.REST),) if _quiet(before) else ()
        return replace(after, resting=None), effects + stop
    if isinstance(event, _WAKING) or not _quiet(before):
        seconds = after.site.rest_seconds
        start = (do.StartTimer(ev.Timer.REST, seconds),) if seconds else ()
        return replace(after, resting=None), effects + start
    if event == ev.TimeUp(ev.Timer.REST):
        place = 0 if after.resting is None else after.resting + 1
        again = do.StartTimer(ev.Timer.REST, MOVE_SECONDS)
        return replace(after, resting=place), (*effects, again)
    return after, effects


def render(state: State, place: int, trouble: Text | None) -> vw.View:
    """Draw the dark screen with what to do here, or with the `trouble` that prevents it."""
    bare = replace(frame(state), tools=())
    if trouble is not None:
        return vw.Resting(bare, trouble, None, place)
    hint = text("Touch the screen to wake it.")
    return vw.Resting(bare, text("Insert your smartcard"), hint, place)


def _quiet(state: State) -> bool:
    """Return whether nobody is there, and no card was left behind."""
    at_start = describe(state.page).stage is VisitStage.START
    return at_start and not state.changed and not state.card_present
