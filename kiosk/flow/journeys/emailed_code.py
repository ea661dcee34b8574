# SPDX-License-Identifier: Apache-2.0
"""The emailed code, which central may ask for during an unlock."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow.description import PageDescription, Patience
from kiosk.flow.drawing import unlock_views
from kiosk.flow.entries import CODE, CODE_DIGITS
from kiosk.flow.outcome import Outcome, show, unchanged
from kiosk.flow.state import State
from kiosk.flow.view import Intent


def sent(state: State, page: pg.CheckingAnswers, event: ev.CodeSent) -> Outcome:
    """Ask for the code that central has emailed."""
    return _ask(state, pg.AskingCode(page.asked, event.address, anew=event.anew, late=event.late))


def refused(state: State, page: pg.CheckingAnswers, _: ev.CodeRefused) -> Outcome:
    """Ask for the code again after a wrong one."""
    again = pg.AskingCode(page.asked, page.address, refused=True, spent=page.spent)
    return _ask(state, again)


def none_left(state: State, page: pg.CheckingAnswers) -> Outcome:
    """Ask for the newest code if central sends no more: it may still be on its way."""
    return _ask(state, pg.AskingCode(page.asked, page.address, spent=True))


def _ask(state: State, page: pg.AskingCode) -> Outcome:
    return show(state, page, do.ForgetTyped((CODE,)))


def _typed(state: State, page: pg.AskingCode, event: ev.Typed) -> Outcome:
    if event.field != CODE:
        return unchanged(state)
    return show(state, replace(page, length=event.length))


def _given(state: State, page: pg.AskingCode, event: ev.Pressed) -> Outcome:
    if event.field != CODE or event.typed is None or len(event.typed) != CODE_DIGITS:
        return unchanged(state)
    give = do.GiveAnswers(state.visit, page.asked.answers, event.typed)
    return show(state, pg.CheckingAnswers(page.asked, page.address, spent=page.spent), give)


def _another(state: State, page: pg.AskingCode, _: ev.Pressed) -> Outcome:
    if page.spent:
        return unchanged(state)
    checking = pg.CheckingAnswers(page.asked, page.address, another=True)
    return show(state, checking, do.SendCode(state.visit))


PAGES = (
    PageDescription(
        pg.AskingCode,
        unlock_views.code,
        pressed={Intent.CONTINUE: _given, Intent.ANOTHER_CODE: _another},
        heard={ev.Typed: _typed},
        patience=Patience.EMAIL,
        loses=lambda _: True,
    ),
)
