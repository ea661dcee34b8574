# SPDX-License-Identifier: Apache-2.0
"""The new passcode: typed twice, set by an unlock or a change, and the success that follows."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow.description import BackgroundWork, PageDescription, VisitStage
from kiosk.flow.drawing import new_passcode_views
from kiosk.flow.entries import NEW_PASSCODE, NEW_PASSCODE_AGAIN, NEW_PASSCODES
from kiosk.flow.journeys import known_passcode
from kiosk.flow.journeys.plain_help import card_failed_while
from kiosk.flow.outcome import Outcome, show, unchanged
from kiosk.flow.state import State
from kiosk.flow.trouble import Trouble
from kiosk.flow.view import Intent

_FORGET_BOTH = do.ForgetTyped(NEW_PASSCODES)


def _typed(state: State, page: pg.ChoosingPasscode, event: ev.Typed) -> Outcome:
    if event.field != NEW_PASSCODE:
        return unchanged(state)
    return show(state, pg.ChoosingPasscode(page.old, event.length, event.met))


def _chosen(state: State, page: pg.ChoosingPasscode, event: ev.Pressed) -> Outcome:
    if event.field != NEW_PASSCODE or event.typed is None or not state.rules.accepts(event.typed):
        return unchanged(state)
    if page.old is not None and page.old.same_as(event.typed):
        again = pg.ChoosingPasscode(page.old, same_as_old=True)
        return show(state, again, do.ForgetTyped((NEW_PASSCODE,)))
    return show(state, pg.RepeatingPasscode(event.typed, page.old))


def _old_again(state: State, page: pg.ChoosingPasscode, _: ev.Pressed) -> Outcome:
    if page.old is None:
        return unchanged(state)  # right answers are not asked for again
    asked, effects = known_passcode.ask(state, pg.EnteringPasscode(pg.Why.CHANGE))
    return asked, (*effects, _FORGET_BOTH)


def _typed_again(state: State, page: pg.RepeatingPasscode, event: ev.Typed) -> Outcome:
    if event.field != NEW_PASSCODE_AGAIN:
        return unchanged(state)
    return show(state, replace(page, length=event.length, met=event.met))


def _repeated(state: State, page: pg.RepeatingPasscode, event: ev.Pressed) -> Outcome:
    if event.field != NEW_PASSCODE_AGAIN or event.typed is None:
        return unchanged(state)
    if not page.first.same_as(event.typed):
        return show(state, pg.ChoosingPasscode(page.old, differed=True), _FORGET_BOTH)
    if page.old is not None:
        change = do.ChangePasscode(state.visit, page.old, page.first)
        return show(state, pg.ChangingPasscode(), change)
    return show(state, pg.Unlocking(), do.UnlockCard(state.visit, page.first))


def _choose_again(state: State, page: pg.RepeatingPasscode, _: ev.Pressed) -> Outcome:
    return show(state, pg.ChoosingPasscode(page.old), _FORGET_BOTH)


def _changed(state: State, _: pg.ChangingPasscode, __: ev.PasscodeChanged) -> Outcome:
    return show(state, pg.Finished(changed=True), do.Forget())


def _old_refused(state: State, _: pg.ChangingPasscode, event: ev.PasscodeRefused) -> Outcome:
    return known_passcode.refused(state, pg.EnteringPasscode(pg.Why.CHANGE), event.left)


PAGES = (
    PageDescription(
        pg.ChoosingPasscode,
        new_passcode_views.choosing,
        pressed={Intent.CONTINUE: _chosen, Intent.BACK: _old_again},
        heard={ev.Typed: _typed},
        loses=lambda page: page.old is None,  # the answers before it were right
    ),
    PageDescription(
        pg.RepeatingPasscode,
        new_passcode_views.repeating,
        pressed={Intent.CONTINUE: _repeated, Intent.BACK: _choose_again},
        heard={ev.Typed: _typed_again},
        loses=lambda _: True,
    ),
    PageDescription(
        pg.ChangingPasscode,
        new_passcode_views.changing,
        heard={ev.PasscodeChanged: _changed, ev.PasscodeRefused: _old_refused},
        work=BackgroundWork(
            30.0,
            late=Trouble.CHANGE_FAILED,
            failures={ev.CardFailed: card_failed_while(Trouble.CHANGE_FAILED)},
            pulled=Trouble.CARD_PULLED_AT_WORK,
            changes_card=True,
        ),
    ),
    PageDescription(
        pg.Finished,
        new_passcode_views.finished,
        stage=VisitStage.SUCCESS,
    ),
)
