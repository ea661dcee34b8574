# SPDX-License-Identifier: Apache-2.0
"""The unlock: central asks its questions, the user answers, and the card is unlocked.

`emailed_code` and `new_passcode` describe the pages between the answers and the card's work.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow.description import BackgroundWork, PageDescription
from kiosk.flow.drawing import unlock_views
from kiosk.flow.journeys import emailed_code
from kiosk.flow.journeys.plain_help import CENTRAL_FAILURES, card_failed_while, help_with, refused
from kiosk.flow.outcome import Outcome, show, unchanged
from kiosk.flow.state import State
from kiosk.flow.trouble import Trouble
from kiosk.flow.view import Intent
from kiosk.values import Secret


def open_session(state: State, *, forgotten: bool) -> Outcome:
    """Ask central for the questions; `forgotten` if the card is not locked."""
    ask = do.OpenUnlock(state.visit, state.reference, forgotten)
    return show(state, pg.OpeningUnlock(forgotten), ask)


def _opened(state: State, page: pg.OpeningUnlock, event: ev.UnlockOpened) -> Outcome:
    blanks = len(event.questions)
    asking = pg.AskingQuestion(
        event.questions,
        event.required,
        answers=(None,) * blanks,
        lengths=(0,) * blanks,
        offline=event.offline,
        forgotten=page.forgotten,
    )
    return show(state, asking)


# ---------------------------------------------------------------- the questions


def _typed(state: State, page: pg.AskingQuestion, event: ev.Typed) -> Outcome:
    if event.field != page.field:
        return unchanged(state)
    lengths = _with(page.lengths, page.index, event.length)
    return show(state, replace(page, lengths=lengths))


def _given(state: State, page: pg.AskingQuestion, event: ev.Pressed) -> Outcome:
    if not event.typed or not page.length or event.field != page.field:
        return unchanged(state)
    return _next(state, page, event.typed)


def _skipped(state: State, page: pg.AskingQuestion, _: ev.Pressed) -> Outcome:
    return _next(state, page, None) if page.may_skip else unchanged(state)


def _next(state: State, page: pg.AskingQuestion, answer: Secret | None) -> Outcome:
    answers = _with(page.answers, page.index, answer)
    page = replace(page, answers=answers, refused=False, wait_seconds=0)
    if page.index + 1 < len(page.questions):
        return show(state, _at(page, page.index + 1))
    give = do.GiveAnswers(state.visit, answers)
    return show(state, pg.CheckingAnswers(_at(page, 0)), give)


def _before(state: State, page: pg.AskingQuestion, _: ev.Pressed) -> Outcome:
    if not _is_first_by_choice(page):
        return show(state, _at(page, max(page.index - 1, 0)))
    forget = (do.ForgetGiven(page.fields),) if _has_typed(page) else ()
    return show(state, pg.CardWorks(), *forget)


def _shown(state: State, page: pg.AskingQuestion, _: ev.Pressed) -> Outcome:
    return show(state, replace(page, shown=not page.shown))


def _is_first_by_choice(page: pg.AskingQuestion) -> bool:
    """Return whether Back leads to the card's menu: a locked card has none."""
    return page.index == 0 and page.forgotten


def _has_typed(page: pg.AskingQuestion) -> bool:
    return any(page.lengths)


def _at(page: pg.AskingQuestion, index: int) -> pg.AskingQuestion:
    return replace(page, index=index, shown=False)


def _with(values: tuple[Any, ...], index: int, value: object) -> tuple[Any, ...]:
    return (*values[:index], value, *values[index + 1 :])


# ---------------------------------------------------------------- what central says to them


def _accepted(state: State, _: pg.CheckingAnswers, __: ev.AnswersAccepted) -> Outcome:
    return show(state, pg.ChoosingPasscode())


def _not_right(state: State, page: pg.CheckingAnswers, event: ev.AnswersRefused) -> Outcome:
    return show(state, replace(page.asked, refused=True, wait_seconds=event.wait_seconds))


def _refused(state: State, page: pg.CheckingAnswers, event: ev.UnlockRefused) -> Outcome:
    if event.refusal is ev.Refusal.WAIT:  # too early: what was typed is kept
        return show(state, replace(page.asked, refused=False, wait_seconds=event.wait_seconds))
    if event.refusal is ev.Refusal.NO_MORE_CODES and page.another:
        # Only after a request for another code: otherwise the code is void, and none can be typed.
        return emailed_code.none_left(state, page)
    return refused(state, page, event)


# ---------------------------------------------------------------- the card's work


def _advanced(state: State, _: pg.Unlocking, event: ev.UnlockAdvanced) -> Outcome:
    return show(state, pg.Unlocking(event.step))


def _unlocked(state: State, _: pg.Unlocking, __: ev.CardUnlocked) -> Outcome:
    return show(state, pg.Finished(), do.Forget())


def _not_verified(state: State, _: pg.Unlocking, __: ev.PasscodeRefused) -> Outcome:
    """The card was unblocked, and then refused the passcode that it had just been given."""
    return help_with(state, Trouble.UNVERIFIED)


def _to_unlock(state: State, _: pg.NowLocked, __: ev.Pressed) -> Outcome:
    return open_session(state, forgotten=False)


PAGES = (
    PageDescription(
        pg.NowLocked,
        unlock_views.now_locked,
        pressed={Intent.FORGOTTEN: _to_unlock},
    ),
    PageDescription(
        pg.OpeningUnlock,
        unlock_views.opening,
        heard={ev.UnlockOpened: _opened},
        work=BackgroundWork(40.0, late=Trouble.CENTRAL, failures=CENTRAL_FAILURES),
    ),
    PageDescription(
        pg.AskingQuestion,
        unlock_views.question,
        pressed={
            Intent.CONTINUE: _given,
            Intent.SKIP: _skipped,
            Intent.BACK: _before,
            Intent.SHOW: _shown,
        },
        heard={ev.Typed: _typed},
        pause=lambda page: page.wait_seconds,
        loses=_has_typed,
        back_leaves=_is_first_by_choice,
    ),
    PageDescription(
        pg.CheckingAnswers,
        unlock_views.checking,
        heard={
            ev.AnswersAccepted: _accepted,
            ev.AnswersRefused: _not_right,
            ev.UnlockRefused: _refused,
            ev.CodeSent: emailed_code.sent,
            ev.CodeRefused: emailed_code.refused,
        },
        work=BackgroundWork(50.0, late=Trouble.CENTRAL, failures=CENTRAL_FAILURES),
    ),
    PageDescription(
        pg.Unlocking,
        unlock_views.unlocking,
        heard={
            ev.UnlockAdvanced: _advanced,
            ev.CardUnlocked: _unlocked,
            ev.PasscodeRefused: _not_verified,
        },
        work=BackgroundWork(
            180.0,
            late=Trouble.UNLOCK_FAILED,
            failures={
                **CENTRAL_FAILURES,
                ev.CardFailed: card_failed_while(Trouble.UNLOCK_FAILED),
            },
            pulled=Trouble.CARD_PULLED_AT_WORK,
            changes_card=True,
        ),
    ),
)
