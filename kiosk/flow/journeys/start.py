# SPDX-License-Identifier: Apache-2.0
"""A card was read: it goes where it needs to, or its holder chooses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import state as st
from kiosk.flow.journeys import known_passcode as change
from kiosk.flow.journeys import my_card as login
from kiosk.flow.journeys import unlock
from kiosk.flow.journeys.help import help_with
from kiosk.flow.view import Intent

Outcome = tuple[st.State, tuple[do.Effect, ...]]


def _card_read(state: st.State, event: ev.CardRead) -> Outcome:
    state = replace(
        state,
        rules=event.rules,
        passcode_left=event.counters.passcode,
        may_log_in=event.may_log_in,
    )
    if event.counters.locked:
        if event.counters.unblocking == 0:
            return help_with(state, pg.Trouble.CARD_SPENT)
        return unlock.open_session(state, forgotten=False)
    return replace(state, page=pg.CardWorks()), ()


def _menu(state: st.State, event: ev.Chosen) -> Outcome:
    match event.number:
        case 0 if state.may_log_in:
            return login.begin(state)
        case 1:
            return change.begin(state)
        case 2:
            return unlock.open_session(state, forgotten=True)
    return state, ()


def _locked_now(state: st.State, _: ev.Pressed) -> Outcome:
    return unlock.open_session(state, forgotten=False)


def _help(state: st.State, _: ev.Pressed) -> Outcome:
    return help_with(state, pg.Trouble.ASKED)


_Rule = Callable[[st.State, Any], Outcome]

TABLE: dict[tuple[type, type], _Rule] = {
    (pg.ReadingCard, ev.CardRead): _card_read,
    (pg.CardWorks, ev.Chosen): _menu,
}

PRESSED: dict[tuple[type, Intent], _Rule] = {
    (pg.Waiting, Intent.HELP): _help,
    (pg.NowLocked, Intent.FORGOTTEN): _locked_now,
}
