# SPDX-License-Identifier: Apache-2.0
"""Logging in: the passcode, the trust where there are several, and the profile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import state as st
from kiosk.flow.cardholder_profile import SelfService
from kiosk.flow.journeys import known_passcode as change
from kiosk.flow.view import Intent

Outcome = tuple[st.State, tuple[do.Effect, ...]]


def begin(state: st.State) -> Outcome:
    """Ask for the passcode to log in."""
    return change.ask(state, pg.EnteringPasscode(pg.Why.LOG_IN))


def _logged_in(state: st.State, event: ev.LoggedIn) -> Outcome:
    state = replace(state, passcode_left=None)
    forget = (do.ForgetTyped((change.FIELD,)),)
    trusts = event.profile.trusts
    if len(trusts) == 1:
        return replace(state, page=pg.ShowingProfile(event.profile, trusts[0])), forget
    return replace(state, page=pg.ChoosingTrust(event.profile)), forget


def _trust_highlighted(state: st.State, event: ev.Chosen) -> Outcome:
    page = state.page
    if not isinstance(page, pg.ChoosingTrust) or not 0 <= event.number < len(page.profile.trusts):
        return state, ()
    return replace(state, page=replace(page, chosen=event.number)), ()


def _trust_chosen(state: st.State, _: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.ChoosingTrust) or page.chosen is None:
        return state, ()
    trust = page.profile.trusts[page.chosen]
    return replace(state, page=pg.ShowingProfile(page.profile, trust)), ()


def _another_trust(state: st.State, _: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.ShowingProfile) or len(page.profile.trusts) == 1:
        return state, ()
    chosen = page.profile.trusts.index(page.trust)
    return replace(state, page=pg.ChoosingTrust(page.profile, chosen)), ()


def _remove(state: st.State, _: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.ShowingProfile):
        return state, ()
    if page.profile.self_service is not SelfService.REGISTERED:
        return state, ()
    asked = pg.EnteringPasscode(pg.Why.REMOVE, profile=page.profile, trust=page.trust)
    return change.ask(state, asked)


def _removed(state: st.State, _: ev.RegistrationRemoved) -> Outcome:
    page = state.page
    if not isinstance(page, pg.CheckingPasscode):
        return state, ()
    profile, trust = page.asked.profile, page.asked.trust
    if profile is None or trust is None:
        return state, ()
    without = replace(profile, self_service=SelfService.REMOVED, registered=None)
    showing = replace(state, page=pg.ShowingProfile(without, trust))
    return showing, (do.ForgetTyped((change.FIELD,)),)


_Rule = Callable[[st.State, Any], Outcome]

TABLE: dict[tuple[type, type], _Rule] = {
    (pg.CheckingPasscode, ev.LoggedIn): _logged_in,
    (pg.CheckingPasscode, ev.RegistrationRemoved): _removed,
    (pg.ChoosingTrust, ev.Chosen): _trust_highlighted,
}

PRESSED: dict[tuple[type, Intent], _Rule] = {
    (pg.ChoosingTrust, Intent.CONTINUE): _trust_chosen,
    (pg.ShowingProfile, Intent.BACK): _another_trust,
    (pg.ShowingProfile, Intent.REMOVE): _remove,
}
