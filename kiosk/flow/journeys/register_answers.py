# SPDX-License-Identifier: Apache-2.0
"""The second step of registering: the former answers, where there are any, and four new ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import state as st
from kiosk.flow.journeys import registration_draft as of
from kiosk.flow.view import Intent
from kiosk.values import Secret

Outcome = tuple[st.State, tuple[do.Effect, ...]]

# ---------------------------------------------------------------- the former answers


def _former_typed(state: st.State, event: ev.Typed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.AnsweringFormer):
        return state, ()
    if event.field != of.former_field(len(page.draft.former)):
        return state, ()
    draft = of.typed_into(page.draft, event)
    return replace(state, page=replace(page, draft=draft, length=event.length)), ()


def _former_given(state: st.State, event: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.AnsweringFormer) or not event.typed:
        return state, ()
    if event.field != of.former_field(len(page.draft.former)):
        return state, ()
    return _next_former(state, page.draft, event.typed)


def _former_skipped(state: st.State, _: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.AnsweringFormer) or not of.may_skip(page.draft):
        return state, ()
    return _next_former(state, page.draft, None)


def _next_former(state: st.State, draft: pg.Draft, answer: Secret | None) -> Outcome:
    draft = replace(draft, former=(*draft.former, answer))
    if len(draft.former) < len(draft.former_questions):
        return replace(state, page=of.next_former(draft)), ()
    if draft.answers:  # they were asked for once more, at the very end
        return replace(state, page=pg.EnteringCode(draft)), ()
    return replace(state, page=pg.ChoosingQuestion(draft)), ()


def _former_before(state: st.State, _: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.AnsweringFormer):
        return state, ()
    if page.draft.former:
        return replace(state, page=of.last_former(page.draft)), ()
    return _to_instructions(state, page.draft)


def _to_instructions(state: st.State, draft: pg.Draft) -> Outcome:
    """Before the first of the answers: the passcode was right, and is not asked for again."""
    return replace(state, page=pg.Instructions(draft.profile, draft.trust, draft)), ()


# ---------------------------------------------------------------- four questions


def _question_chosen(state: st.State, event: ev.Chosen) -> Outcome:
    page = state.page
    if not isinstance(page, pg.ChoosingQuestion):
        return state, ()
    if not 0 <= event.number < len(page.draft.offered) or event.number in page.draft.questions:
        return state, ()
    return replace(state, page=of.answering(page.draft, event.number)), ()


def _answer_typed(state: st.State, event: ev.Typed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.AnsweringQuestion):
        return state, ()
    if event.field != of.answer_field(page.question):
        return state, ()
    draft = of.typed_into(page.draft, event)
    return replace(state, page=replace(page, draft=draft, length=event.length, flaw=None)), ()


def _answer_given(state: st.State, event: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.AnsweringQuestion) or not event.typed:
        return state, ()
    draft = page.draft
    if event.field != of.answer_field(page.question) or page.judging:
        return state, ()
    # Kept in the draft until it was judged: a flaw takes it out again.
    given = replace(
        draft,
        questions=(*draft.questions, page.question),
        answers=(*draft.answers, event.typed),
        lengths=(*draft.lengths, page.length),
    )
    _, text = draft.offered[page.question]
    judge = do.JudgeAnswer(state.visit, text, event.typed, draft.answers)
    # What was wrong is taken away meanwhile: the same again is then seen, and heard, as new.
    return replace(state, page=replace(page, draft=given, judging=True, flaw=None)), (judge,)


def _answer_judged(state: st.State, event: ev.AnswerJudged) -> Outcome:
    page = state.page
    if not isinstance(page, pg.AnsweringQuestion) or not page.judging:
        return state, ()
    if event.flaw is not None:
        again = replace(page, draft=of.without_last(page.draft), judging=False, flaw=event.flaw)
        return replace(state, page=again), ()
    if len(page.draft.answers) < of.QUESTIONS:
        return replace(state, page=pg.ChoosingQuestion(page.draft)), ()
    return replace(state, page=of.email(page.draft)), ()


def _to_the_list(state: st.State, _: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.AnsweringQuestion) or page.judging:
        return state, ()
    return replace(state, page=pg.ChoosingQuestion(page.draft)), ()


def _before_the_list(state: st.State, _: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.ChoosingQuestion):
        return state, ()
    if page.draft.answers:
        return replace(state, page=of.last_answer(page.draft)), ()
    if page.draft.former:
        return replace(state, page=of.last_former(page.draft)), ()
    return _to_instructions(state, page.draft)


def _show(state: st.State, _: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.AnsweringQuestion | pg.AnsweringFormer):
        return state, ()
    return replace(state, page=replace(page, shown=not page.shown)), ()


_Rule = Callable[[st.State, Any], Outcome]

TABLE: dict[tuple[type, type], _Rule] = {
    (pg.AnsweringFormer, ev.Typed): _former_typed,
    (pg.ChoosingQuestion, ev.Chosen): _question_chosen,
    (pg.AnsweringQuestion, ev.Typed): _answer_typed,
    (pg.AnsweringQuestion, ev.AnswerJudged): _answer_judged,
}

PRESSED: dict[tuple[type, Intent], _Rule] = {
    (pg.AnsweringFormer, Intent.CONTINUE): _former_given,
    (pg.AnsweringFormer, Intent.BACK): _former_before,
    (pg.AnsweringFormer, Intent.SKIP): _former_skipped,
    (pg.AnsweringFormer, Intent.SHOW): _show,
    (pg.ChoosingQuestion, Intent.BACK): _before_the_list,
    (pg.AnsweringQuestion, Intent.CONTINUE): _answer_given,
    (pg.AnsweringQuestion, Intent.BACK): _to_the_list,
    (pg.AnsweringQuestion, Intent.SHOW): _show,
}
