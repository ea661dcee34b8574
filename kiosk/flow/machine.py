# SPDX-License-Identifier: Apache-2.0
"""The one function of the flow: `step(state, event) -> (state, effects)`.

First come the rules that hold on every page (cards, time, people leaving); then the journey's
table, by page and event. What stands in neither changes nothing: no event in any state raises.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import hardware_events
from kiosk.flow import pages as pg
from kiosk.flow import state as st
from kiosk.flow.journeys import emailed_code as code
from kiosk.flow.journeys import help as helping
from kiosk.flow.journeys import known_passcode as change
from kiosk.flow.journeys import my_card as login
from kiosk.flow.journeys import register, start, unlock
from kiosk.flow.journeys import technician_visit as technician
from kiosk.flow.journeys.help import help_with
from kiosk.flow.journeys.visit_end import leave
from kiosk.flow.overlays import access_menu as menu
from kiosk.flow.overlays import closing_question as closing
from kiosk.flow.overlays.dark_screen import rested
from kiosk.flow.view import Intent

Effects = tuple[do.Effect, ...]
Outcome = tuple[st.State, Effects]
Rule = Callable[[st.State, Any], Outcome]

# Help is for what a journey has no rule of its own.
_TABLE: dict[tuple[type, type], Rule] = dict(helping.TABLE)
_PRESSED: dict[tuple[type, Intent], Rule] = {}
for _journey in (start, unlock, code, change, login, register, technician):
    _TABLE |= _journey.TABLE
    _PRESSED |= _journey.PRESSED

# Work ends by itself, by its result or its own deadline. Should it not, these seconds end it: no
# card and no answer keeps the kiosk from its start screen.
_WORK: dict[type, tuple[float, pg.Trouble]] = {
    pg.ReadingCard: (20.0, pg.Trouble.CARD_MUTE),
    pg.OpeningUnlock: (40.0, pg.Trouble.CENTRAL),
    pg.CheckingAnswers: (50.0, pg.Trouble.CENTRAL),
    pg.Unlocking: (180.0, pg.Trouble.UNLOCK_FAILED),
    pg.CheckingPasscode: (50.0, pg.Trouble.CENTRAL),
    pg.ChangingPasscode: (30.0, pg.Trouble.CHANGE_FAILED),
    pg.SendingCode: (50.0, pg.Trouble.CENTRAL),
    pg.ConfirmingRegistration: (60.0, pg.Trouble.CENTRAL),
    pg.CheckingTechnician: (20.0, pg.Trouble.CENTRAL),
    pg.Examining: (90.0, pg.Trouble.CENTRAL),
}
_AGAIN_SECONDS = 5.0  # a visit that is over while the kiosk works is looked at anew
_LISTENING_SECONDS = 180.0  # what is read aloud should have its end by then


def _untimed(state: st.State) -> bool:
    """Whether nobody is waited for: there is nothing of a person, or it is the kiosk's turn."""
    nobody = isinstance(state.page, pg.Waiting) and not state.changed
    return nobody or type(state.page) in _WORK


def is_work(page: pg.Page) -> bool:
    """Whether it is the kiosk's turn, and the person waits."""
    return isinstance(page, tuple(_WORK))


def step(state: st.State, event: ev.Event) -> Outcome:
    """What becomes of `state` when `event` has happened, and what is to be done."""
    visit = getattr(event, "visit", state.visit)
    if visit != state.visit:
        return state, ()
    rule = _EVERYWHERE.get(type(event))
    after, effects = rule(state, event) if rule else _by_table(state, event)
    if isinstance(state.page, pg.AT_WORK) and type(after.page) is not type(state.page):
        # No menu covers what became of the card, and that it is to be taken.
        after = replace(after, menu=None)
    after, effects = _timed(state, after, event, effects)
    return rested(state, after, event, effects)


def _by_table(state: st.State, event: ev.Event) -> Outcome:
    if isinstance(event, ev.Pressed):
        rule = _PRESSED.get((type(state.page), event.intent))
    else:
        rule = _TABLE.get((type(state.page), type(event)))
    return rule(state, event) if rule else (state, ())


def _timed(before: st.State, after: st.State, event: ev.Event, effects: Effects) -> Outcome:
    """Keep the timers in step: restarted by people and pages, stopped where nobody waits."""
    moved = (
        type(after.page) is not type(before.page)
        or after.visit != before.visit
        or _untimed(after) != _untimed(before)
    )
    # A start screen that says something of its own accord keeps nobody's settings.
    listened = event == ev.Speaking(going=False) and not isinstance(after.page, pg.Waiting)
    somebody = listened or isinstance(event, ev.Touched | ev.Typed | ev.Pressed)
    if _untimed(after):
        if not moved:
            return after, effects
        work = _WORK.get(type(after.page))
        return replace(after, countdown=None), (
            *effects,
            do.StopTimer(ev.Timer.IDLE),
            do.StopTimer(ev.Timer.COUNTDOWN),
            do.StartTimer(ev.Timer.WORK, work[0]) if work else do.StopTimer(ev.Timer.WORK),
        )
    if moved or (somebody and before.countdown is None):
        idle = do.StartTimer(ev.Timer.IDLE, after.idle_seconds)
        start = (idle, do.StopTimer(ev.Timer.COUNTDOWN))
        stop = (do.StopTimer(ev.Timer.WORK),) if moved else ()
        return replace(after, countdown=None), effects + start + stop
    return after, effects


# ---------------------------------------------------------------- the rules of every page


def _card_inserted(state: st.State, event: ev.CardInserted) -> Outcome:
    if state.opened:
        told = replace(state, card_present=True, reference=event.reference)
        return help_with(told, pg.Trouble.OUT_OF_SERVICE)
    # Who has just chosen a language is the one who puts her card in.
    clean, effects = leave(state, gone=False)
    reading = replace(clean, page=pg.ReadingCard(), reference=event.reference, card_present=True)
    return _limited(reading, (*effects, do.ReadCard(reading.visit)))


def _limited(state: st.State, effects: Effects = ()) -> Outcome:
    """Let the visit have its whole time, from now on."""
    limits = (
        do.StartTimer(ev.Timer.VISIT, state.visit_seconds),
        do.StartTimer(ev.Timer.MINUTE, 60),
    )
    return replace(state, minutes=state.visit_minutes), effects + limits


def _card_taken(state: st.State, _: ev.CardTaken) -> Outcome:
    state = replace(state, card_present=False)
    if isinstance(state.page, pg.Waiting):
        return leave(state) if state.changed else (state, ())
    if isinstance(state.page, pg.AT_WORK):
        return help_with(state, pg.Trouble.CARD_PULLED_AT_WORK)
    if is_work(state.page):
        registering = isinstance(state.page, pg.ConfirmingRegistration)
        pulled = pg.Trouble.CARD_PULLED_REGISTERING if registering else pg.Trouble.CARD_PULLED
        return help_with(state, pulled)
    if isinstance(state.page, pg.Helping):
        # The help stays to be read; it holds nothing of the person but the reference.
        return state, ()
    return leave(state)


def _reader_failed(state: st.State, event: ev.ReaderFailed) -> Outcome:
    state = replace(state, reader=event.trouble, card_present=False)
    if isinstance(state.page, pg.Waiting | pg.Helping):
        return state, ()
    return help_with(state, pg.Trouble.READER)


def _reader_ready(state: st.State, event: ev.ReaderReady) -> Outcome:
    return replace(state, reader=None, simulated=event.simulated), ()


def _screen_failed(state: st.State, _: ev.ScreenFailed) -> Outcome:
    if isinstance(state.page, pg.AT_WORK):
        # The card must not be asked back: the page is drawn once more.
        return state, ()
    if not state.reference or isinstance(state.page, pg.Helping):
        # Nobody's visit; or the help cannot be drawn either, and is not tried for ever.
        return leave(state)
    return help_with(state, pg.Trouble.SCREEN)


def _central_seen(state: st.State, event: ev.CentralSeen) -> Outcome:
    return replace(
        state, central_reachable=event.reachable, admitted=event.admitted, lent=event.lent
    ), ()


def _time_up(state: st.State, event: ev.TimeUp) -> Outcome:
    if event.timer is ev.Timer.MINUTE:
        left = max(state.minutes - 1, 0)
        again = (do.StartTimer(ev.Timer.MINUTE, 60),) if left else ()
        return replace(state, minutes=left), again
    if _untimed(state):
        return _time_up_at_work(state, event.timer)
    if event.timer in {ev.Timer.IDLE, ev.Timer.VISIT} and state.countdown is None:
        return _warned(state, event.timer)
    if event.timer is ev.Timer.COUNTDOWN and state.countdown is not None:
        if state.countdown <= 1:
            return leave(state, gone=True)
        ticked = replace(state, countdown=state.countdown - 1)
        return ticked, (do.StartTimer(ev.Timer.COUNTDOWN, 1),)
    return state, ()


def _time_up_at_work(state: st.State, timer: ev.Timer) -> Outcome:
    work = _WORK.get(type(state.page))
    if work is not None and timer is ev.Timer.WORK:
        return help_with(state, work[1])
    if work is not None and timer is ev.Timer.VISIT:
        # The visit has an end all the same, once it is the person's turn again.
        return state, (do.StartTimer(timer, _AGAIN_SECONDS),)
    return state, ()


def _warned(state: st.State, timer: ev.Timer) -> Outcome:
    """Nobody is here, it seems: VISIT, because something may touch the screen for ever."""
    if isinstance(state.page, pg.Waiting) and timer is ev.Timer.VISIT:
        return state, ()
    if state.speaking and timer is ev.Timer.IDLE and not isinstance(state.page, pg.Waiting):
        return replace(state, speaking=False), (do.StartTimer(timer, _LISTENING_SECONDS),)
    warned = replace(state, countdown=state.site.warning_seconds)
    return warned, (do.StartTimer(ev.Timer.COUNTDOWN, 1),)


def _pressed_anywhere(state: st.State, event: ev.Pressed) -> Outcome:
    """The key that has every page read aloud; or a button."""
    return menu.read_aloud(state) if event.intent is Intent.SPEECH else _pressed(state, event)


def _pressed(state: st.State, event: ev.Pressed) -> Outcome:
    if state.countdown is not None:
        # The warning covers the page: only its own button can have been meant.
        if event.intent is not Intent.MORE_TIME:
            return state, ()
        stop = do.StopTimer(ev.Timer.COUNTDOWN)
        start = do.StartTimer(ev.Timer.IDLE, state.idle_seconds)
        return _limited(replace(state, countdown=None), (start, stop))
    if meant := closing.MEANT.get((state.menu, event.intent)):
        return meant(state)
    if event.intent in menu.OPENED or state.menu is not None:
        return menu.pressed(state, event.intent)
    if event.intent is Intent.CLOSE and not isinstance(state.page, pg.AT_WORK):
        return closing.close(state)
    return _by_table(state, event)


def _chosen(state: st.State, event: ev.Chosen) -> Outcome:
    if state.menu is None:
        return _by_table(state, event)
    after, effects = menu.chosen(state, event)
    slower = after.access.more_time and not state.access.more_time
    return _limited(after, effects) if slower and after.minutes else (after, effects)


def _speech_seen(state: st.State, event: ev.SpeechSeen) -> Outcome:
    return replace(state, speech_present=event.present), ()


def _speaking(state: st.State, event: ev.Speaking) -> Outcome:
    return replace(state, speaking=event.going), ()


_EVERYWHERE: dict[type, Rule] = {
    ev.Chosen: _chosen,
    ev.SpeechSeen: _speech_seen,
    ev.Speaking: _speaking,
    ev.CardInserted: _card_inserted,
    ev.CardTaken: _card_taken,
    ev.ReaderFailed: _reader_failed,
    ev.ReaderReady: _reader_ready,
    ev.CentralSeen: _central_seen,
    ev.TimeUp: _time_up,
    ev.ScreenFailed: _screen_failed,
    ev.Pressed: _pressed_anywhere,
    **hardware_events.EVERYWHERE,
}
