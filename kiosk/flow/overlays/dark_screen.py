# SPDX-License-Identifier: Apache-2.0
"""The screen at rest: where nobody is it is dark, and its words move, so that nothing burns in."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import state as st
from kiosk.flow import view as vw
from kiosk.flow.drawing.frame import frame
from kiosk.flow.text import Text, text

Effects = tuple[do.Effect, ...]
Outcome = tuple[st.State, Effects]

MOVE_SECONDS = 60.0
"""How long the words of a screen at rest stand at one place."""

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


def rested(before: st.State, after: st.State, event: ev.Event, effects: Effects) -> Outcome:
    """Let the screen rest where nobody is, and wake it by whoever comes; last of all rules."""
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


def render(state: st.State, place: int, trouble: Text | None) -> vw.View:
    """The screen at rest: what to do here, or the `trouble` that keeps anybody from doing it."""
    bare = replace(frame(state), tools=())
    if trouble is not None:
        return vw.Resting(bare, trouble, None, place)
    hint = text("Touch the screen to wake it.")
    return vw.Resting(bare, text("Insert your smartcard"), hint, place)


def _quiet(state: st.State) -> bool:
    """Whether there is nobody, and no card that somebody forgot."""
    return isinstance(state.page, pg.Waiting) and not state.changed and not state.card_present
