# SPDX-License-Identifier: Apache-2.0
"""The events of the kiosk's own hardware and surroundings, with a rule for every page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow.journeys.visit_end import leave
from kiosk.flow.outcome import Outcome, unchanged
from kiosk.flow.page_index import describe
from kiosk.flow.state import State


def _case_opened(state: State, _: ev.CaseOpened) -> Outcome:
    """End the visit; the kiosk serves nobody until it is restarted."""
    if state.case_opened:
        return unchanged(state)
    opened = replace(state, case_opened=True)
    if describe(state.page).changes_card:
        # The change is completed, so that nobody takes a card in the middle of a command.
        return opened, (do.ReportOpened(),)
    clean, effects = leave(opened)
    return clean, (*effects, do.ReportOpened())


def _power_seen(state: State, event: ev.PowerSeen) -> Outcome:
    return replace(state, power_low=event.low), ()


def _lights_failed(state: State, _: ev.LightsFailed) -> Outcome:
    return replace(state, lights_missing=True), ()


def _speech_seen(state: State, event: ev.SpeechSeen) -> Outcome:
    return replace(state, speech_present=event.present), ()


def _speaking(state: State, event: ev.Speaking) -> Outcome:
    return replace(state, speaking=event.going), ()


def _central_seen(state: State, event: ev.CentralSeen) -> Outcome:
    seen = replace(
        state,
        central_reachable=event.reachable,
        admitted=event.admitted,
        available_packs=event.available_packs,
    )
    return seen, ()


def _contacts_seen(state: State, event: ev.ContactsSeen) -> Outcome:
    return replace(state, site=replace(state.site, contacts=event.contacts)), ()


RULES: Mapping[type, Callable[[State, Any], Outcome]] = {
    ev.CaseOpened: _case_opened,
    ev.PowerSeen: _power_seen,
    ev.LightsFailed: _lights_failed,
    ev.SpeechSeen: _speech_seen,
    ev.Speaking: _speaking,
    ev.CentralSeen: _central_seen,
    ev.ContactsSeen: _contacts_seen,
}
