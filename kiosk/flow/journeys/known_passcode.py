# SPDX-License-Identifier: Apache-2.0
"""A passcode that its holder knows: asked for, judged by the card, changed.

What comes after it was right is another journey's (`login`, `register`), but for the change, which
needs nobody but the card and works without central.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import state as st
from kiosk.flow.view import Intent
from kiosk.values import Secret

Outcome = tuple[st.State, tuple[do.Effect, ...]]

FIELD = "passcode"
NEW_FIELDS = ("new-passcode", "new-passcode-again")
LONGEST = 16  # of a passcode in use on any card: six to eight digits binds new ones alone
_FEW = 2


def ask(state: st.State, asked: pg.EnteringPasscode) -> Outcome:
    """The page on which the passcode is typed, with how many tries are left where they are few."""
    left = state.passcode_left
    few = left if left is not None and left <= _FEW else None
    return replace(state, page=replace(asked, left=few)), (do.ForgetTyped((FIELD,)),)


def begin(state: st.State) -> Outcome:
    """Ask for the passcode that is to be changed."""
    return ask(state, pg.EnteringPasscode(pg.Why.CHANGE))


def _typed(state: st.State, event: ev.Typed) -> Outcome:
    page = _entering(state)
    if event.field != FIELD:
        return state, ()
    return replace(state, page=replace(page, length=event.length)), ()


def _given(state: st.State, event: ev.Pressed) -> Outcome:
    page = _entering(state)
    if event.field != FIELD or not event.typed:
        return state, ()
    if page.why is pg.Why.CHANGE:
        return replace(state, page=pg.ChoosingPasscode(old=event.typed)), ()
    checking = replace(state, page=pg.CheckingPasscode(page))
    return checking, (_check(state.visit, page.why, event.typed),)


def _check(visit: int, why: pg.Why, passcode: Secret) -> do.Effect:
    match why:
        case pg.Why.REGISTER:
            return do.OpenRegistration(visit, passcode)
        case pg.Why.REMOVE:
            return do.RemoveRegistration(visit, passcode)
        case _:
            return do.LogIn(visit, passcode)


def _refused(state: st.State, event: ev.PasscodeRefused) -> Outcome:
    page = state.page
    state = replace(state, passcode_left=event.left)
    if event.left == 0:
        # The card's own visit goes on: it may be unlocked at once.
        return replace(state, page=pg.NowLocked()), (do.ForgetTyped((FIELD, *NEW_FIELDS)),)
    asked = pg.EnteringPasscode(pg.Why.CHANGE)
    if isinstance(page, pg.CheckingPasscode):
        asked = page.asked
    wrong = replace(asked, length=0, refused=True, left=event.left)
    # The new passcode that was chosen meanwhile was chosen for nothing: it is asked for again.
    return replace(state, page=wrong), (do.ForgetTyped((FIELD, *NEW_FIELDS)),)


def _changed(state: st.State, _: ev.PasscodeChanged) -> Outcome:
    return replace(state, page=pg.Finished(changed=True)), (do.Forget(),)


def _back(state: st.State, _: ev.Pressed) -> Outcome:
    page = _entering(state)
    back: pg.Page = pg.CardWorks()
    if page.profile is not None and page.trust is not None:
        before = pg.Instructions if page.why is pg.Why.REGISTER else pg.ShowingProfile
        back = before(page.profile, page.trust)
    return replace(state, page=back), (do.ForgetTyped((FIELD,)),)


def _old_again(state: st.State, _: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.ChoosingPasscode) or page.old is None:
        return state, ()
    asked, effects = begin(state)
    return asked, (*effects, do.ForgetTyped(NEW_FIELDS))


def _entering(state: st.State) -> pg.EnteringPasscode:
    if not isinstance(state.page, pg.EnteringPasscode):
        raise TypeError  # the table calls these rules on that page alone
    return state.page


_Rule = Callable[[st.State, Any], Outcome]

TABLE: dict[tuple[type, type], _Rule] = {
    (pg.EnteringPasscode, ev.Typed): _typed,
    (pg.CheckingPasscode, ev.PasscodeRefused): _refused,
    (pg.ChangingPasscode, ev.PasscodeRefused): _refused,
    (pg.ChangingPasscode, ev.PasscodeChanged): _changed,
}

PRESSED: dict[tuple[type, Intent], _Rule] = {
    (pg.EnteringPasscode, Intent.CONTINUE): _given,
    (pg.EnteringPasscode, Intent.BACK): _back,
    (pg.ChoosingPasscode, Intent.BACK): _old_again,
}
