# SPDX-License-Identifier: Apache-2.0
"""The start: a card is read, and goes where it needs to, or the user chooses."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow.description import BackgroundWork, PageDescription, VisitStage
from kiosk.flow.drawing import start_views
from kiosk.flow.journeys import technician_visit, unlock
from kiosk.flow.journeys.known_passcode import ask
from kiosk.flow.journeys.plain_help import card_failed, help_with
from kiosk.flow.outcome import Outcome, show, unchanged
from kiosk.flow.state import State
from kiosk.flow.trouble import Trouble
from kiosk.flow.view import Intent


def _help_asked(state: State, _: pg.Waiting, __: ev.Pressed) -> Outcome:
    return help_with(state, Trouble.ASKED)


def _card_read(state: State, _: pg.ReadingCard, event: ev.CardRead) -> Outcome:
    state = replace(
        state,
        rules=event.rules,
        passcode_left=event.counters.passcode,
        may_log_in=event.may_log_in,
    )
    if not event.counters.locked:
        return show(state, pg.CardWorks())
    if event.counters.unblocking == 0:
        return help_with(state, Trouble.CARD_SPENT)
    return unlock.open_session(state, forgotten=False)


def _chosen(state: State, _: pg.CardWorks, event: ev.Chosen) -> Outcome:
    match event.number:
        case 0 if state.may_log_in:
            return ask(state, pg.EnteringPasscode(pg.Why.LOG_IN))
        case 1:
            return ask(state, pg.EnteringPasscode(pg.Why.CHANGE))
        case 2:
            return unlock.open_session(state, forgotten=True)
    return unchanged(state)


PAGES = (
    PageDescription(
        pg.Waiting,
        start_views.waiting,
        pressed={Intent.HELP: _help_asked, Intent.TECHNICIAN: technician_visit.begin},
        stage=VisitStage.START,
    ),
    PageDescription(
        pg.ReadingCard,
        start_views.reading_card,
        heard={ev.CardRead: _card_read},
        work=BackgroundWork(20.0, late=Trouble.CARD_MUTE, failures={ev.CardFailed: card_failed}),
    ),
    PageDescription(
        pg.CardWorks,
        start_views.card_works,
        heard={ev.Chosen: _chosen},
    ),
)
