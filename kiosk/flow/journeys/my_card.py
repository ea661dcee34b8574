# SPDX-License-Identifier: Apache-2.0
"""My card: the trust if there are several, and the profile."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow.cardholder_profile import SelfService
from kiosk.flow.description import PageDescription
from kiosk.flow.drawing import holder_views
from kiosk.flow.journeys.known_passcode import ask
from kiosk.flow.outcome import Outcome, show, unchanged
from kiosk.flow.state import State
from kiosk.flow.view import Intent


def _trust_highlighted(state: State, page: pg.ChoosingTrust, event: ev.Chosen) -> Outcome:
    if not 0 <= event.number < len(page.profile.trusts):
        return unchanged(state)
    return show(state, replace(page, chosen=event.number))


def _trust_chosen(state: State, page: pg.ChoosingTrust, _: ev.Pressed) -> Outcome:
    if page.chosen is None:
        return unchanged(state)
    return show(state, pg.ShowingProfile(page.profile, page.profile.trusts[page.chosen]))


def _another_trust(state: State, page: pg.ShowingProfile, _: ev.Pressed) -> Outcome:
    if len(page.profile.trusts) == 1:
        return unchanged(state)
    chosen = page.profile.trusts.index(page.trust)
    return show(state, pg.ChoosingTrust(page.profile, chosen))


def _remove(state: State, page: pg.ShowingProfile, _: ev.Pressed) -> Outcome:
    if page.profile.self_service is not SelfService.REGISTERED:
        return unchanged(state)
    asked = pg.EnteringPasscode(pg.Why.REMOVE, profile=page.profile, trust=page.trust)
    return ask(state, asked)


def _register(state: State, page: pg.ShowingProfile, _: ev.Pressed) -> Outcome:
    if page.profile.self_service in {SelfService.LOCKED_OUT, SelfService.REMOVED}:
        return unchanged(state)
    return show(state, pg.Instructions(page.profile, page.trust))


PAGES = (
    PageDescription(
        pg.ChoosingTrust,
        holder_views.choosing_trust,
        pressed={Intent.CONTINUE: _trust_chosen},
        heard={ev.Chosen: _trust_highlighted},
    ),
    PageDescription(
        pg.ShowingProfile,
        holder_views.profile,
        pressed={
            Intent.BACK: _another_trust,
            Intent.REMOVE: _remove,
            Intent.REGISTER: _register,
        },
    ),
)
