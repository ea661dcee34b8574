# SPDX-License-Identifier: Apache-2.0
"""The code by e-mail, where central asks for one: part of the unlock, and of its table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import state as st
from kiosk.flow.view import Intent

Outcome = tuple[st.State, tuple[do.Effect, ...]]

FIELD, DIGITS = "code", 6


def _sent(state: st.State, event: ev.CodeSent) -> Outcome:
    page = state.page
    if not isinstance(page, pg.CheckingAnswers):
        return state, ()
    asking = pg.AskingCode(page.asked, event.address, anew=event.anew)
    return replace(state, page=asking), (do.ForgetTyped((FIELD,)),)


def _refused(state: st.State, _: ev.CodeRefused) -> Outcome:
    page = state.page
    if not isinstance(page, pg.CheckingAnswers):
        return state, ()
    asking = pg.AskingCode(page.asked, page.address, refused=True, spent=page.spent)
    return replace(state, page=asking), (do.ForgetTyped((FIELD,)),)


def none_left(state: st.State, page: pg.CheckingAnswers) -> Outcome:
    """Another code was asked for, and no more are sent: the newest may be on its way still."""
    asking = pg.AskingCode(page.asked, page.address, spent=True)
    return replace(state, page=asking), (do.ForgetTyped((FIELD,)),)


def _typed(state: st.State, event: ev.Typed) -> Outcome:
    page = _asking(state)
    if event.field != FIELD:
        return state, ()
    return replace(state, page=replace(page, length=event.length)), ()


def _given(state: st.State, event: ev.Pressed) -> Outcome:
    page = _asking(state)
    if event.field != FIELD or event.typed is None or len(event.typed) != DIGITS:
        return state, ()
    checking = pg.CheckingAnswers(page.asked, page.address, spent=page.spent)
    give = do.GiveAnswers(state.visit, page.asked.answers, event.typed)
    return replace(state, page=checking), (give,)


def _another(state: st.State, _: ev.Pressed) -> Outcome:
    page = _asking(state)
    if page.spent:
        return state, ()
    checking = pg.CheckingAnswers(page.asked, page.address, another=True)
    return replace(state, page=checking), (do.SendCode(state.visit),)


def _asking(state: st.State) -> pg.AskingCode:
    if not isinstance(state.page, pg.AskingCode):
        raise TypeError  # the table calls these rules on that page alone
    return state.page


_Rule = Callable[[st.State, Any], Outcome]

TABLE: dict[tuple[type, type], _Rule] = {
    (pg.CheckingAnswers, ev.CodeSent): _sent,
    (pg.CheckingAnswers, ev.CodeRefused): _refused,
    (pg.AskingCode, ev.Typed): _typed,
}

PRESSED: dict[tuple[type, Intent], _Rule] = {
    (pg.AskingCode, Intent.CONTINUE): _given,
    (pg.AskingCode, Intent.ANOTHER_CODE): _another,
}
