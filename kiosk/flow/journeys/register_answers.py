# SPDX-License-Identifier: Apache-2.0
"""The second step of registering: the former answers if there are any, and four new ones."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow.description import PageDescription
from kiosk.flow.drawing import register_views
from kiosk.flow.entries import former_answer, own_answer
from kiosk.flow.journeys import draft_pages
from kiosk.flow.outcome import Outcome, show, unchanged
from kiosk.flow.registration_draft import QUESTIONS, Draft
from kiosk.flow.state import State
from kiosk.flow.view import Intent
from kiosk.values import Secret


def loses_draft(page: pg.DraftPage) -> bool:
    """Return whether leaving `page` loses something that was typed."""
    return page.draft.holds_answers


# ---------------------------------------------------------------- the former answers


def _former_typed(state: State, page: pg.AnsweringFormer, event: ev.Typed) -> Outcome:
    if event.field != former_answer(len(page.draft.former)):
        return unchanged(state)
    draft = page.draft.after_typing(event.field, event.length)
    return show(state, replace(page, draft=draft, length=event.length))


def _former_given(state: State, page: pg.AnsweringFormer, event: ev.Pressed) -> Outcome:
    if not event.typed or event.field != former_answer(len(page.draft.former)):
        return unchanged(state)
    return _next_former(state, page.draft, event.typed)


def _former_skipped(state: State, page: pg.AnsweringFormer, _: ev.Pressed) -> Outcome:
    return _next_former(state, page.draft, None) if page.draft.may_skip else unchanged(state)


def _next_former(state: State, draft: Draft, answer: Secret | None) -> Outcome:
    draft = replace(draft, former=(*draft.former, answer))
    if len(draft.former) < len(draft.former_questions):
        return show(state, draft_pages.next_former(draft))
    if draft.answers:  # central refused the former answers at the very end
        return show(state, pg.EnteringCode(draft))
    return show(state, pg.ChoosingQuestion(draft))


def _before_former(state: State, page: pg.AnsweringFormer, _: ev.Pressed) -> Outcome:
    if page.draft.former:
        return show(state, draft_pages.last_former(page.draft))
    return show(state, draft_pages.instructions(page.draft))


def _former_shown(state: State, page: pg.AnsweringFormer, _: ev.Pressed) -> Outcome:
    return show(state, replace(page, shown=not page.shown))


# ---------------------------------------------------------------- four questions


def _question_chosen(state: State, page: pg.ChoosingQuestion, event: ev.Chosen) -> Outcome:
    draft = page.draft
    if not 0 <= event.number < len(draft.offered) or event.number in draft.questions:
        return unchanged(state)
    return show(state, draft_pages.answering(draft, event.number))


def _before_question(state: State, page: pg.ChoosingQuestion, _: ev.Pressed) -> Outcome:
    if page.draft.answers:
        return show(state, draft_pages.last_answer(page.draft))
    if page.draft.former:
        return show(state, draft_pages.last_former(page.draft))
    return show(state, draft_pages.instructions(page.draft))


def _answer_typed(state: State, page: pg.AnsweringQuestion, event: ev.Typed) -> Outcome:
    if event.field != own_answer(page.question):
        return unchanged(state)
    draft = page.draft.after_typing(event.field, event.length)
    return show(state, replace(page, draft=draft, length=event.length, flaw=None))


def _answer_given(state: State, page: pg.AnsweringQuestion, event: ev.Pressed) -> Outcome:
    if not event.typed or page.judging or event.field != own_answer(page.question):
        return unchanged(state)
    draft = page.draft
    # The answer is in the draft while it is judged; a flaw removes it again.
    given = replace(
        draft,
        questions=(*draft.questions, page.question),
        answers=(*draft.answers, event.typed),
        lengths=(*draft.lengths, page.length),
    )
    question = draft.offered[page.question]
    judge = do.JudgeAnswer(state.visit, question, event.typed, draft.answers)
    # The flaw goes meanwhile, so that the same flaw is seen, and heard, as a new one.
    return show(state, replace(page, draft=given, judging=True, flaw=None), judge)


def _answer_judged(state: State, page: pg.AnsweringQuestion, event: ev.AnswerJudged) -> Outcome:
    if not page.judging:
        return unchanged(state)
    if event.flaw is not None:
        without = page.draft.without_last()
        return show(state, replace(page, draft=without, judging=False, flaw=event.flaw))
    if len(page.draft.answers) < QUESTIONS:
        return show(state, pg.ChoosingQuestion(page.draft))
    return show(state, draft_pages.email(page.draft))


def _to_list(state: State, page: pg.AnsweringQuestion, _: ev.Pressed) -> Outcome:
    return unchanged(state) if page.judging else show(state, pg.ChoosingQuestion(page.draft))


def _answer_shown(state: State, page: pg.AnsweringQuestion, _: ev.Pressed) -> Outcome:
    return show(state, replace(page, shown=not page.shown))


PAGES = (
    PageDescription(
        pg.AnsweringFormer,
        register_views.former,
        pressed={
            Intent.CONTINUE: _former_given,
            Intent.BACK: _before_former,
            Intent.SKIP: _former_skipped,
            Intent.SHOW: _former_shown,
        },
        heard={ev.Typed: _former_typed},
        pause=lambda page: page.wait_seconds,
        loses=loses_draft,
    ),
    PageDescription(
        pg.ChoosingQuestion,
        register_views.choosing_question,
        pressed={Intent.BACK: _before_question},
        heard={ev.Chosen: _question_chosen},
        loses=loses_draft,
    ),
    PageDescription(
        pg.AnsweringQuestion,
        register_views.answering_question,
        pressed={
            Intent.CONTINUE: _answer_given,
            Intent.BACK: _to_list,
            Intent.SHOW: _answer_shown,
        },
        heard={ev.Typed: _answer_typed, ev.AnswerJudged: _answer_judged},
        loses=loses_draft,
    ),
)
