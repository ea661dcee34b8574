# SPDX-License-Identifier: Apache-2.0
"""The one function of the flow: `step(state, event) -> (state, effects)`.

Some events have a rule that holds on every page; the page's description has the others'.
An event without a rule changes nothing: no event in any state raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from kiosk.flow import card_events, hardware_events
from kiosk.flow import events as ev
from kiosk.flow.outcome import Outcome, unchanged
from kiosk.flow.overlays import access_menu, closing_question
from kiosk.flow.overlays.dark_screen import rested
from kiosk.flow.page_index import describe
from kiosk.flow.preferences import Menu
from kiosk.flow.state import State
from kiosk.flow.timers import limit_visit, more_time, time_up, timed
from kiosk.flow.view import Intent


def step(state: State, event: ev.Event) -> Outcome:
    """Return the state after `event`, and the effects to carry out."""
    visit = getattr(event, "visit", state.visit)
    if visit != state.visit:
        return unchanged(state)
    rule = _EVERYWHERE.get(type(event))
    after, effects = rule(state, event) if rule else _by_page(state, event)
    if describe(state.page).changes_card and type(after.page) is not type(state.page):
        # No menu may cover the card's outcome, and that the card is to be taken.
        after = replace(after, menu=None)
    after, effects = timed(state, after, event, effects)
    return rested(state, after, event, effects)


def _by_page(state: State, event: ev.Event) -> Outcome:
    rule = describe(state.page).rule(event)
    return rule(state, state.page, event) if rule else unchanged(state)


# ---------------------------------------------------------------- buttons and lists


def _pressed(state: State, event: ev.Pressed) -> Outcome:
    if event.intent is Intent.SPEECH:
        return access_menu.read_aloud(state)
    if state.countdown is not None:
        # The warning covers the page: only its own button can have been meant.
        return more_time(state) if event.intent is Intent.MORE_TIME else unchanged(state)
    answered = closing_question.answer(state, event)
    if answered is not None:
        return answered
    if event.intent in access_menu.OPENED or state.menu is not None:
        return access_menu.pressed(state, event.intent)
    return _pressed_on_page(state, event)


def _pressed_on_page(state: State, event: ev.Pressed) -> Outcome:
    if event.intent is Intent.CLOSE and not describe(state.page).changes_card:
        return closing_question.close(state)
    if event.intent is Intent.BACK and closing_question.asks_before_back(state):
        return replace(state, menu=Menu.RETURNING), ()
    return _by_page(state, event)


def _chosen(state: State, event: ev.Chosen) -> Outcome:
    if state.menu is None:
        return _by_page(state, event)
    after, effects = access_menu.chosen(state, event)
    slower = after.access.more_time and not state.access.more_time
    return limit_visit(after, effects) if slower and after.minutes else (after, effects)


_EVERYWHERE: Mapping[type, Callable[[State, Any], Outcome]] = {
    ev.Pressed: _pressed,
    ev.Chosen: _chosen,
    ev.TimeUp: time_up,
    **card_events.RULES,
    **hardware_events.RULES,
}
