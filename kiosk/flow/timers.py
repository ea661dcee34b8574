# SPDX-License-Identifier: Apache-2.0
"""The timers: of the idle user, the countdown, the visit, and the work of the kiosk."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow.description import Patience, VisitStage
from kiosk.flow.events import Timer
from kiosk.flow.journeys.plain_help import help_with
from kiosk.flow.journeys.visit_end import leave
from kiosk.flow.outcome import Effects, Outcome, unchanged
from kiosk.flow.page_index import describe
from kiosk.flow.state import MORE_TIME, State

_FETCHING = 5  # of 60 seconds: five minutes, because the mail is on a PC down the corridor
_AGAIN_SECONDS = 5.0  # until a visit that has ended during work is checked again
_LISTENING_SECONDS = 180.0  # by then a page has been read aloud


def idle_seconds(state: State) -> float:
    """Return the seconds without a touch after which the warning comes."""
    page = describe(state.page)
    seconds = state.site.idle_seconds
    if page.patience is Patience.READING:
        seconds = state.site.help_seconds
    if page.patience is Patience.EMAIL:
        seconds *= _FETCHING
    # A user who is told to wait does not lose their answers meanwhile.
    return seconds * (MORE_TIME if state.access.more_time else 1) + page.pause(state.page)


def limit_visit(state: State, effects: Effects = ()) -> Outcome:
    """Let the visit have its whole time from now on."""
    limits = (
        do.StartTimer(Timer.VISIT, state.visit_seconds),
        do.StartTimer(Timer.MINUTE, 60),
    )
    return replace(state, minutes=state.visit_minutes), effects + limits


def more_time(state: State) -> Outcome:
    """Take the warning back, and let the visit have its whole time."""
    stop = do.StopTimer(Timer.COUNTDOWN)
    start = do.StartTimer(Timer.IDLE, idle_seconds(state))
    return limit_visit(replace(state, countdown=None), (start, stop))


# ---------------------------------------------------------------- after every event


def timed(before: State, after: State, event: ev.Event, effects: Effects) -> Outcome:
    """Keep the timers in step: pages and users restart them; they stop if nobody is waited for."""
    moved = (
        type(after.page) is not type(before.page)
        or after.visit != before.visit
        or _untimed(after) != _untimed(before)
    )
    if _untimed(after):
        return _work_timed(after, effects) if moved else (after, effects)
    if moved or (_is_somebody(after, event) and before.countdown is None):
        idle = do.StartTimer(Timer.IDLE, idle_seconds(after))
        start = (idle, do.StopTimer(Timer.COUNTDOWN))
        stop = (do.StopTimer(Timer.WORK),) if moved else ()
        return replace(after, countdown=None), effects + start + stop
    return after, effects


def _untimed(state: State) -> bool:
    """Return whether no user is waited for: nobody is there, or the kiosk works."""
    page = describe(state.page)
    nobody = page.stage is VisitStage.START and not state.changed
    return nobody or page.work is not None


def _is_somebody(state: State, event: ev.Event) -> bool:
    # A start screen that is read aloud by itself keeps nobody's settings.
    listened = event == ev.Speaking(going=False) and not _at_start(state)
    return listened or isinstance(event, ev.Touched | ev.Typed | ev.Pressed)


def _at_start(state: State) -> bool:
    return describe(state.page).stage is VisitStage.START


def _work_timed(state: State, effects: Effects) -> Outcome:
    work = describe(state.page).work
    return replace(state, countdown=None), (
        *effects,
        do.StopTimer(Timer.IDLE),
        do.StopTimer(Timer.COUNTDOWN),
        do.StartTimer(Timer.WORK, work.seconds) if work else do.StopTimer(Timer.WORK),
    )


# ---------------------------------------------------------------- a timer that has run out


def time_up(state: State, event: ev.TimeUp) -> Outcome:
    """Apply a timer that has run out."""
    if event.timer is Timer.MINUTE:
        left = max(state.minutes - 1, 0)
        again = (do.StartTimer(Timer.MINUTE, 60),) if left else ()
        return replace(state, minutes=left), again
    if _untimed(state):
        return _time_up_at_work(state, event.timer)
    if event.timer in {Timer.IDLE, Timer.VISIT} and state.countdown is None:
        return _warned(state, event.timer)
    if event.timer is Timer.COUNTDOWN and state.countdown is not None:
        return _counted(state, state.countdown - 1)
    return unchanged(state)


def _counted(state: State, left: int) -> Outcome:
    if left <= 0:
        return leave(state, gone=True)
    return replace(state, countdown=left), (do.StartTimer(Timer.COUNTDOWN, 1),)


def _time_up_at_work(state: State, timer: Timer) -> Outcome:
    work = describe(state.page).work
    if work is not None and timer is Timer.WORK:
        return help_with(state, work.late)
    if work is not None and timer is Timer.VISIT:
        # The visit ends all the same, as soon as it is the user's turn again.
        return state, (do.StartTimer(timer, _AGAIN_SECONDS),)
    return unchanged(state)


def _warned(state: State, timer: Timer) -> Outcome:
    """Begin the countdown; VISIT does so even if something touches the screen for ever."""
    if _at_start(state) and timer is Timer.VISIT:
        return unchanged(state)
    if state.speaking and timer is Timer.IDLE and not _at_start(state):
        return replace(state, speaking=False), (do.StartTimer(timer, _LISTENING_SECONDS),)
    warned = replace(state, countdown=state.site.warning_seconds)
    return warned, (do.StartTimer(Timer.COUNTDOWN, 1),)
