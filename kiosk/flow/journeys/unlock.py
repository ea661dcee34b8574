# SPDX-License-Identifier: Apache-2.0
"""The unlock: from a card that was read to one that works again, as a table.

`TABLE` has a rule for each page and event that means something together, `PRESSED` one for each
page and button. Rules are pure; whatever they want done they return.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import state as st
from kiosk.flow.journeys import emailed_code as code
from kiosk.flow.journeys import known_passcode as change
from kiosk.flow.journeys.help import (
    card_failed,
    card_failed_at_work,
    central_failed,
    help_with,
    refused,
)
from kiosk.flow.overlays import closing_question as closing
from kiosk.flow.view import Intent
from kiosk.values import Secret

Outcome = tuple[st.State, tuple[do.Effect, ...]]


def open_session(state: st.State, *, forgotten: bool) -> Outcome:
    """Ask central for the questions."""
    opening = replace(state, page=pg.OpeningUnlock(forgotten))
    return opening, (do.OpenUnlock(state.visit, state.reference, forgotten),)


# ---------------------------------------------------------------- the questions


def _opened(state: st.State, event: ev.UnlockOpened) -> Outcome:
    blanks = len(event.questions)
    page = pg.AskingQuestion(
        event.questions,
        event.required,
        answers=(None,) * blanks,
        lengths=(0,) * blanks,
        offline=event.offline,
        forgotten=isinstance(state.page, pg.OpeningUnlock) and state.page.forgotten,
    )
    return replace(state, page=page), ()


def _answer_typed(state: st.State, event: ev.Typed) -> Outcome:
    page = _asking(state)
    if event.field != page.field:
        return state, ()
    lengths = _with(page.lengths, page.index, event.length)
    return replace(state, page=replace(page, lengths=lengths)), ()


def _answer_given(state: st.State, event: ev.Pressed) -> Outcome:
    page = _asking(state)
    if not event.typed or not page.length or event.field != page.field:
        return state, ()
    return _next_question(state, page, event.typed)


def _answer_skipped(state: st.State, _: ev.Pressed) -> Outcome:
    page = _asking(state)
    return _next_question(state, page, None) if page.may_skip else (state, ())


def _next_question(state: st.State, page: pg.AskingQuestion, answer: Secret | None) -> Outcome:
    answers = _with(page.answers, page.index, answer)
    page = replace(page, answers=answers, refused=False, wait_seconds=0)
    if page.index + 1 < len(page.questions):
        return replace(state, page=_at(page, page.index + 1)), ()
    return (
        replace(state, page=pg.CheckingAnswers(_at(page, 0))),
        (do.GiveAnswers(state.visit, answers),),
    )


def _question_before(state: st.State, _: ev.Pressed) -> Outcome:
    page = _asking(state)
    if page.index == 0 and page.forgotten:
        return closing.go_back(state)
    return replace(state, page=_at(page, max(page.index - 1, 0))), ()


def _at(page: pg.AskingQuestion, index: int) -> pg.AskingQuestion:
    return replace(page, index=index, shown=False)


def _show(state: st.State, _: ev.Pressed) -> Outcome:
    page = _asking(state)
    return replace(state, page=replace(page, shown=not page.shown)), ()


def _answers_refused(state: st.State, event: ev.AnswersRefused) -> Outcome:
    return _ask_again(state, refused=True, wait_seconds=event.wait_seconds)


def _refused_at_answers(state: st.State, event: ev.UnlockRefused) -> Outcome:
    if event.refusal is ev.Refusal.WAIT:  # too early: what was typed is kept
        return _ask_again(state, refused=False, wait_seconds=event.wait_seconds)
    page = state.page
    if event.refusal is ev.Refusal.NO_MORE_CODES and isinstance(page, pg.CheckingAnswers):
        # Refused by itself it follows a code that is void: then there is none to be typed.
        return code.none_left(state, page) if page.another else refused(state, event)
    return refused(state, event)


def _ask_again(state: st.State, *, refused: bool, wait_seconds: int) -> Outcome:
    page = state.page
    if not isinstance(page, pg.CheckingAnswers):
        return state, ()
    asking = replace(page.asked, refused=refused, wait_seconds=wait_seconds)
    return replace(state, page=asking), ()


def _asking(state: st.State) -> pg.AskingQuestion:
    if not isinstance(state.page, pg.AskingQuestion):
        raise TypeError  # the table calls these rules on that page alone
    return state.page


# ---------------------------------------------------------------- the new passcode

FIRST_FIELD, SECOND_FIELD = change.NEW_FIELDS


def _accepted(state: st.State, _: ev.AnswersAccepted) -> Outcome:
    return replace(state, page=pg.ChoosingPasscode()), ()


def _passcode_typed(state: st.State, event: ev.Typed) -> Outcome:
    page = state.page
    if isinstance(page, pg.ChoosingPasscode) and event.field == FIRST_FIELD:
        return replace(state, page=pg.ChoosingPasscode(page.old, event.length, event.met)), ()
    if isinstance(page, pg.RepeatingPasscode) and event.field == SECOND_FIELD:
        return replace(state, page=replace(page, length=event.length, met=event.met)), ()
    return state, ()


def _passcode_chosen(state: st.State, event: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.ChoosingPasscode):
        return state, ()
    if event.field != FIRST_FIELD or event.typed is None or not state.rules.accepts(event.typed):
        return state, ()
    if page.old is not None and page.old.same_as(event.typed):
        again = pg.ChoosingPasscode(page.old, same_as_old=True)
        return replace(state, page=again), (do.ForgetTyped((FIRST_FIELD,)),)
    return replace(state, page=pg.RepeatingPasscode(event.typed, page.old)), ()


def _passcode_repeated(state: st.State, event: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.RepeatingPasscode) or event.typed is None:
        return state, ()
    if event.field != SECOND_FIELD:
        return state, ()
    if not page.first.same_as(event.typed):
        return replace(state, page=pg.ChoosingPasscode(page.old, differed=True)), (
            do.ForgetTyped((FIRST_FIELD, SECOND_FIELD)),
        )
    if page.old is not None:
        changing = do.ChangePasscode(state.visit, page.old, page.first)
        return replace(state, page=pg.ChangingPasscode()), (changing,)
    return replace(state, page=pg.Unlocking()), (do.UnlockCard(state.visit, page.first),)


def _passcode_again(state: st.State, _: ev.Pressed) -> Outcome:
    old = state.page.old if isinstance(state.page, pg.RepeatingPasscode) else None
    return replace(state, page=pg.ChoosingPasscode(old)), (
        do.ForgetTyped((FIRST_FIELD, SECOND_FIELD)),
    )


# ---------------------------------------------------------------- the card's work


def _advanced(state: st.State, event: ev.UnlockAdvanced) -> Outcome:
    return replace(state, page=pg.Unlocking(event.step)), ()


def _unlocked(state: st.State, _: ev.CardUnlocked) -> Outcome:
    return replace(state, page=pg.Finished()), (do.Forget(),)


def _with(values: tuple[Any, ...], index: int, value: object) -> tuple[Any, ...]:
    return (*values[:index], value, *values[index + 1 :])


# ---------------------------------------------------------------- the table

_Rule = Callable[[st.State, Any], Outcome]


def _not_verified(state: st.State, _: ev.PasscodeRefused) -> Outcome:
    """Unblocked, and then it did not know the passcode that it had just been given."""
    return help_with(state, pg.Trouble.UNVERIFIED)


TABLE: dict[tuple[type, type], _Rule] = {
    (pg.OpeningUnlock, ev.UnlockOpened): _opened,
    (pg.AskingQuestion, ev.Typed): _answer_typed,
    (pg.CheckingAnswers, ev.AnswersAccepted): _accepted,
    (pg.CheckingAnswers, ev.AnswersRefused): _answers_refused,
    (pg.CheckingAnswers, ev.UnlockRefused): _refused_at_answers,
    (pg.CheckingAnswers, ev.CentralFailed): central_failed,
    (pg.CheckingAnswers, ev.CardFailed): card_failed,
    (pg.ChoosingPasscode, ev.Typed): _passcode_typed,
    (pg.RepeatingPasscode, ev.Typed): _passcode_typed,
    (pg.Unlocking, ev.UnlockAdvanced): _advanced,
    (pg.Unlocking, ev.CardUnlocked): _unlocked,
    (pg.Unlocking, ev.UnlockRefused): refused,
    (pg.Unlocking, ev.CentralFailed): central_failed,
    (pg.Unlocking, ev.CardFailed): card_failed_at_work,
    (pg.Unlocking, ev.PasscodeRefused): _not_verified,
}

PRESSED: dict[tuple[type, Intent], _Rule] = {
    (pg.AskingQuestion, Intent.CONTINUE): _answer_given,
    (pg.AskingQuestion, Intent.SKIP): _answer_skipped,
    (pg.AskingQuestion, Intent.BACK): _question_before,
    (pg.AskingQuestion, Intent.SHOW): _show,
    (pg.ChoosingPasscode, Intent.CONTINUE): _passcode_chosen,
    (pg.RepeatingPasscode, Intent.CONTINUE): _passcode_repeated,
    (pg.RepeatingPasscode, Intent.BACK): _passcode_again,
}
