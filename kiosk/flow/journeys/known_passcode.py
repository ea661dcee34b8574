# SPDX-License-Identifier: Apache-2.0
"""A passcode that the user knows: asked for, and judged by the card.

A page of another journey follows if it was right: the profile, the registration, a new passcode.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow.cardholder_profile import SelfService
from kiosk.flow.description import BackgroundWork, PageDescription
from kiosk.flow.drawing import holder_views
from kiosk.flow.entries import NEW_PASSCODES, PASSCODE
from kiosk.flow.journeys import draft_pages
from kiosk.flow.journeys.plain_help import CENTRAL_FAILURES
from kiosk.flow.outcome import Outcome, show, unchanged
from kiosk.flow.registration_draft import Draft
from kiosk.flow.state import State
from kiosk.flow.trouble import Trouble
from kiosk.flow.view import Intent
from kiosk.values import Secret

_FEW = 2
_FORGET = do.ForgetTyped((PASSCODE,))


def ask(state: State, asked: pg.EnteringPasscode) -> Outcome:
    """Ask for the passcode; the page tells how many tries are left if they are few."""
    left = state.passcode_left
    few = left if left is not None and left <= _FEW else None
    return show(state, replace(asked, left=few), _FORGET)


def _typed(state: State, page: pg.EnteringPasscode, event: ev.Typed) -> Outcome:
    if event.field != PASSCODE:
        return unchanged(state)
    return show(state, replace(page, length=event.length))


def _given(state: State, page: pg.EnteringPasscode, event: ev.Pressed) -> Outcome:
    if event.field != PASSCODE or not event.typed:
        return unchanged(state)
    if page.why is pg.Why.CHANGE:
        return show(state, pg.ChoosingPasscode(old=event.typed))
    return show(state, pg.CheckingPasscode(page), _check(state.visit, page.why, event.typed))


def _check(visit: int, why: pg.Why, passcode: Secret) -> do.Effect:
    match why:
        case pg.Why.REGISTER:
            return do.OpenRegistration(visit, passcode)
        case pg.Why.REMOVE:
            return do.RemoveRegistration(visit, passcode)
        case _:
            return do.LogIn(visit, passcode)


def _back(state: State, page: pg.EnteringPasscode, _: ev.Pressed) -> Outcome:
    if page.who is None:
        return show(state, pg.CardWorks(), _FORGET)
    before = pg.Instructions if page.why is pg.Why.REGISTER else pg.ShowingProfile
    return show(state, before(*page.who), _FORGET)


# ---------------------------------------------------------------- what follows


def refused(state: State, asked: pg.EnteringPasscode, left: int | None) -> Outcome:
    """Ask once more after a wrong passcode; with no try `left`, the card has locked itself.

    A new passcode that was already chosen is wiped as well, and asked for again.
    """
    state = replace(state, passcode_left=left)
    forget = do.ForgetTyped((PASSCODE, *NEW_PASSCODES))
    if left == 0:
        # The visit goes on: the card may be unlocked at once.
        return show(state, pg.NowLocked(), forget)
    return show(state, replace(asked, length=0, refused=True, left=left), forget)


def _refused(state: State, page: pg.CheckingPasscode, event: ev.PasscodeRefused) -> Outcome:
    return refused(state, page.asked, event.left)


def _logged_in(state: State, _: pg.CheckingPasscode, event: ev.LoggedIn) -> Outcome:
    state = replace(state, passcode_left=None)
    trusts = event.profile.trusts
    if len(trusts) == 1:
        return show(state, pg.ShowingProfile(event.profile, trusts[0]), _FORGET)
    return show(state, pg.ChoosingTrust(event.profile), _FORGET)


def _removed(state: State, page: pg.CheckingPasscode, _: ev.RegistrationRemoved) -> Outcome:
    if page.asked.who is None:
        return unchanged(state)
    profile, trust = page.asked.who
    without = replace(profile, self_service=SelfService.REMOVED, registered=None)
    return show(state, pg.ShowingProfile(without, trust), _FORGET)


def _opened(state: State, page: pg.CheckingPasscode, event: ev.RegistrationOpened) -> Outcome:
    if page.asked.who is None:
        return unchanged(state)
    profile, trust = page.asked.who
    draft = Draft(
        profile,
        trust,
        event.offered,
        former_questions=event.former,
        email=profile.email,
        mail_domains=event.mail_domains,
    )
    return show(state, draft_pages.first_to_answer(draft), _FORGET)


PAGES = (
    PageDescription(
        pg.EnteringPasscode,
        holder_views.entering_passcode,
        pressed={Intent.CONTINUE: _given, Intent.BACK: _back},
        heard={ev.Typed: _typed},
    ),
    PageDescription(
        pg.CheckingPasscode,
        holder_views.checking_passcode,
        heard={
            ev.PasscodeRefused: _refused,
            ev.LoggedIn: _logged_in,
            ev.RegistrationOpened: _opened,
            ev.RegistrationRemoved: _removed,
        },
        work=BackgroundWork(50.0, late=Trouble.CENTRAL, failures=CENTRAL_FAILURES),
    ),
)
