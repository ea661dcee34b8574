"""Registering for self service: passcode, four questions, e-mail, registration code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kiosk.flow import change
from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import state as st
from kiosk.flow.helping import central_failed, refused
from kiosk.flow.profile import SelfService
from kiosk.flow.view import Intent
from kiosk.values import Secret

Outcome = tuple[st.State, tuple[do.Effect, ...]]

QUESTIONS, REQUIRED = 4, 3
EMAIL_FIELD, CODE_FIELD, CODE_DIGITS = "e-mail", "code", 6


def answer_field(question: int) -> str:
    """The name of the buffer of the answer to a question, by its place in what is offered."""
    return f"own-answer-{question + 1}"


def former_field(number: int) -> str:
    """The same of an answer to the registration that is to be replaced."""
    return f"former-answer-{number + 1}"


def _held(draft: pg.Draft, field: str, otherwise: int = 0) -> int:
    """How much the buffer `field` holds; `otherwise` where nobody has typed there."""
    return dict(draft.typed).get(field, otherwise)


def _typed_into(draft: pg.Draft, event: ev.Typed) -> pg.Draft:
    typed = {**dict(draft.typed), event.field: event.length}
    return replace(draft, typed=tuple(typed.items()))


# ---------------------------------------------------------------- instructions and passcode


def _instructions(state: st.State, _: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.ShowingProfile):
        return state, ()
    if page.profile.self_service is SelfService.LOCKED_OUT:
        return state, ()
    return replace(state, page=pg.Instructions(page.profile, page.trust)), ()


def _not_now(state: st.State, _: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.Instructions):
        return state, ()
    return replace(state, page=pg.ShowingProfile(page.profile, page.trust)), ()


def _ask_passcode(state: st.State, _: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.Instructions):
        return state, ()
    asked = pg.EnteringPasscode(pg.Why.REGISTER, profile=page.profile, trust=page.trust)
    return change.ask(state, asked)


def _opened(state: st.State, event: ev.RegistrationOpened) -> Outcome:
    page = state.page
    if not isinstance(page, pg.CheckingPasscode):
        return state, ()
    profile, trust = page.asked.profile, page.asked.trust
    if profile is None or trust is None:
        return state, ()
    draft = pg.Draft(
        profile, trust, event.offered, former_questions=event.former, email=profile.email
    )
    first: pg.Page = pg.AnsweringFormer(draft) if event.former else pg.ChoosingQuestion(draft)
    return replace(state, page=first), (do.ForgetTyped((change.FIELD,)),)


# ---------------------------------------------------------------- the former answers


def _former_typed(state: st.State, event: ev.Typed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.AnsweringFormer):
        return state, ()
    if event.field != former_field(len(page.draft.former)):
        return state, ()
    draft = _typed_into(page.draft, event)
    return replace(state, page=replace(page, draft=draft, length=event.length)), ()


def _former_given(state: st.State, event: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.AnsweringFormer) or not event.typed:
        return state, ()
    if event.field != former_field(len(page.draft.former)):
        return state, ()
    return _next_former(state, page.draft, event.typed)


def _former_skipped(state: st.State, _: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.AnsweringFormer) or not may_skip(page.draft):
        return state, ()
    return _next_former(state, page.draft, None)


def may_skip(draft: pg.Draft) -> bool:
    """Whether one of the former answers may still stay blank."""
    return draft.former.count(None) < QUESTIONS - REQUIRED


def _next_former(state: st.State, draft: pg.Draft, answer: Secret | None) -> Outcome:
    draft = replace(draft, former=(*draft.former, answer))
    if len(draft.former) < len(draft.former_questions):
        return replace(state, page=_asked_former(draft)), ()
    if draft.answers:  # they were asked for once more, at the very end
        return replace(state, page=pg.EnteringCode(draft)), ()
    return replace(state, page=pg.ChoosingQuestion(draft)), ()


def _asked_former(draft: pg.Draft) -> pg.AnsweringFormer:
    return pg.AnsweringFormer(draft, _held(draft, former_field(len(draft.former))))


def _former_before(state: st.State, _: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.AnsweringFormer) or not page.draft.former:
        return state, ()
    draft = replace(page.draft, former=page.draft.former[:-1])
    return replace(state, page=_asked_former(draft)), ()


# ---------------------------------------------------------------- four questions


def _question_chosen(state: st.State, event: ev.Chosen) -> Outcome:
    page = state.page
    if not isinstance(page, pg.ChoosingQuestion):
        return state, ()
    if not 0 <= event.number < len(page.draft.offered) or event.number in page.draft.questions:
        return state, ()
    length = _held(page.draft, answer_field(event.number))
    answering = pg.AnsweringQuestion(page.draft, event.number, length)
    return replace(state, page=answering), ()


def _answer_typed(state: st.State, event: ev.Typed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.AnsweringQuestion):
        return state, ()
    if event.field != answer_field(page.question):
        return state, ()
    draft = _typed_into(page.draft, event)
    return replace(state, page=replace(page, draft=draft, length=event.length, flaw=None)), ()


def _answer_given(state: st.State, event: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.AnsweringQuestion) or not event.typed:
        return state, ()
    draft = page.draft
    if event.field != answer_field(page.question) or page.judging:
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
    return replace(state, page=replace(page, draft=given, judging=True)), (judge,)


def _answer_judged(state: st.State, event: ev.AnswerJudged) -> Outcome:
    page = state.page
    if not isinstance(page, pg.AnsweringQuestion) or not page.judging:
        return state, ()
    if event.flaw is not None:
        again = replace(page, draft=_without_last(page.draft), judging=False, flaw=event.flaw)
        return replace(state, page=again), ()
    if len(page.draft.answers) < QUESTIONS:
        return replace(state, page=pg.ChoosingQuestion(page.draft)), ()
    return _to_email(state, page.draft)


def _choose_another(state: st.State, _: ev.Pressed) -> Outcome:
    """From an answer back to the list; from the list back to the answer before."""
    page = state.page
    if isinstance(page, pg.AnsweringQuestion) and not page.judging:
        return replace(state, page=pg.ChoosingQuestion(page.draft)), ()
    if isinstance(page, pg.ChoosingQuestion) and page.draft.answers:
        return replace(state, page=_last_answer(page.draft)), ()
    return state, ()


def _last_answer(draft: pg.Draft) -> pg.AnsweringQuestion:
    """The answer that was given last, to be looked at again: what was typed is still there."""
    return pg.AnsweringQuestion(_without_last(draft), draft.questions[-1], length=draft.lengths[-1])


def _without_last(draft: pg.Draft) -> pg.Draft:
    return replace(
        draft,
        questions=draft.questions[:-1],
        answers=draft.answers[:-1],
        lengths=draft.lengths[:-1],
    )


def _show(state: st.State, _: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.AnsweringQuestion | pg.AnsweringFormer):
        return state, ()
    return replace(state, page=replace(page, shown=not page.shown)), ()


# ---------------------------------------------------------------- e-mail


def _to_email(state: st.State, draft: pg.Draft) -> Outcome:
    return replace(state, page=_asked_email(draft)), ()


def _asked_email(draft: pg.Draft, unsent: pg.Unsent | None = None) -> pg.EnteringEmail:
    length = _held(draft, EMAIL_FIELD, otherwise=len(draft.email))
    return pg.EnteringEmail(draft, length, unsent)


def _email_typed(state: st.State, event: ev.Typed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.EnteringEmail) or event.field != EMAIL_FIELD:
        return state, ()
    draft = _typed_into(page.draft, event)
    typing = replace(page, draft=draft, length=event.length, unsent=None)
    return replace(state, page=typing), ()


def _email_given(state: st.State, event: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.EnteringEmail) or not event.typed or event.field != EMAIL_FIELD:
        return state, ()
    email = event.typed.reveal().decode().strip()
    draft = replace(page.draft, email=email)
    sending = replace(state, page=pg.SendingCode(draft))
    return sending, (do.SendRegistrationCode(state.visit, email, state.language),)


def _email_refused(state: st.State, _: ev.EmailRefused) -> Outcome:
    page = state.page
    if not isinstance(page, pg.SendingCode):
        return state, ()
    return replace(state, page=_asked_email(page.draft, pg.Unsent.REFUSED)), ()


def _back_to_questions(state: st.State, _: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.EnteringEmail):
        return state, ()
    return replace(state, page=_last_answer(page.draft)), ()


# ---------------------------------------------------------------- the code


def _code_sent(state: st.State, event: ev.CodeSent) -> Outcome:
    page = state.page
    if not isinstance(page, pg.SendingCode):
        return state, ()
    entering = pg.EnteringCode(replace(page.draft, missed=False), anew=event.anew)
    return replace(state, page=entering), (do.ForgetTyped((CODE_FIELD,)),)


def _code_typed(state: st.State, event: ev.Typed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.EnteringCode) or event.field != CODE_FIELD:
        return state, ()
    return replace(state, page=replace(page, length=event.length, wait_seconds=0)), ()


def _confirmed(state: st.State, event: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.EnteringCode) or event.field != CODE_FIELD or event.typed is None:
        return state, ()
    if len(event.typed) != CODE_DIGITS:
        return state, ()
    draft = page.draft
    ids = tuple(draft.offered[number][0] for number in draft.questions)
    register = do.Register(
        state.visit,
        ids,
        draft.answers,
        event.typed,
        draft.former,
        draft.email,
        state.language,
    )
    return replace(state, page=pg.ConfirmingRegistration(draft)), (register,)


def _back_to_email(state: st.State, _: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.EnteringCode):
        return state, ()
    return _to_email(state, page.draft)


def _code_refused(state: st.State, _: ev.CodeRefused) -> Outcome:
    page = state.page
    if not isinstance(page, pg.ConfirmingRegistration):
        return state, ()
    again = pg.EnteringCode(page.draft, refused=True)
    return replace(state, page=again), (do.ForgetTyped((CODE_FIELD,)),)


def _code_void(state: st.State, event: ev.CodeSent) -> Outcome:
    page = state.page
    if not isinstance(page, pg.ConfirmingRegistration):
        return state, ()
    again = pg.EnteringCode(page.draft, anew=event.anew)
    return replace(state, page=again), (do.ForgetTyped((CODE_FIELD,)),)


def _former_refused(state: st.State, event: ev.AnswersRefused) -> Outcome:
    page = state.page
    if not isinstance(page, pg.ConfirmingRegistration) or not page.draft.former_questions:
        return state, ()
    fields = tuple(former_field(number) for number in range(QUESTIONS))
    typed = tuple(each for each in page.draft.typed if each[0] not in fields)
    draft = replace(page.draft, former=(), typed=typed)
    again = pg.AnsweringFormer(draft, refused=True, wait_seconds=event.wait_seconds)
    return replace(state, page=again), (do.ForgetTyped((CODE_FIELD, *fields)),)


def _said_no(state: st.State, event: ev.UnlockRefused) -> Outcome:
    """Central said no; what can be mended is asked for again, and all that was given is kept."""
    page = state.page
    if not isinstance(page, pg.SendingCode | pg.ConfirmingRegistration):
        return state, ()
    if event.refusal is ev.Refusal.MAIL:
        return replace(state, page=_asked_email(page.draft, pg.Unsent.MAIL)), ()
    if event.refusal is ev.Refusal.WAIT and isinstance(page, pg.ConfirmingRegistration):
        waiting = pg.EnteringCode(page.draft, CODE_DIGITS, wait_seconds=max(event.wait_seconds, 1))
        return replace(state, page=waiting), ()
    return refused(state, event)


def _missed(state: st.State, event: ev.CentralFailed) -> Outcome:
    """Central did not answer: once, all is kept, and may be given again; then there is help."""
    page = state.page
    if not isinstance(page, pg.SendingCode | pg.ConfirmingRegistration) or page.draft.missed:
        return central_failed(state, event)
    draft = replace(page.draft, missed=True)
    again: pg.Page = _asked_email(draft, pg.Unsent.CENTRAL)
    if isinstance(page, pg.ConfirmingRegistration):
        again = pg.EnteringCode(draft, CODE_DIGITS)
    return replace(state, page=again), ()


def _registered(state: st.State, _: ev.CardRegistered) -> Outcome:
    page = state.page
    if not isinstance(page, pg.ConfirmingRegistration):
        return state, ()
    profile = replace(page.draft.profile, self_service=SelfService.REGISTERED)
    done = pg.Registered(profile, page.draft.trust)
    return replace(state, page=done), (do.Forget(),)


_Rule = Callable[[st.State, Any], Outcome]

TABLE: dict[tuple[type, type], _Rule] = {
    (pg.CheckingPasscode, ev.RegistrationOpened): _opened,
    (pg.AnsweringFormer, ev.Typed): _former_typed,
    (pg.ChoosingQuestion, ev.Chosen): _question_chosen,
    (pg.AnsweringQuestion, ev.Typed): _answer_typed,
    (pg.AnsweringQuestion, ev.AnswerJudged): _answer_judged,
    (pg.EnteringEmail, ev.Typed): _email_typed,
    (pg.SendingCode, ev.EmailRefused): _email_refused,
    (pg.SendingCode, ev.CodeSent): _code_sent,
    (pg.EnteringCode, ev.Typed): _code_typed,
    (pg.ConfirmingRegistration, ev.CodeRefused): _code_refused,
    (pg.ConfirmingRegistration, ev.CodeSent): _code_void,
    (pg.ConfirmingRegistration, ev.AnswersRefused): _former_refused,
    (pg.ConfirmingRegistration, ev.UnlockRefused): _said_no,
    (pg.ConfirmingRegistration, ev.CentralFailed): _missed,
    (pg.SendingCode, ev.UnlockRefused): _said_no,
    (pg.SendingCode, ev.CentralFailed): _missed,
    (pg.ConfirmingRegistration, ev.CardRegistered): _registered,
}

PRESSED: dict[tuple[type, Intent], _Rule] = {
    (pg.ShowingProfile, Intent.REGISTER): _instructions,
    (pg.Instructions, Intent.BACK): _not_now,
    (pg.Instructions, Intent.CONTINUE): _ask_passcode,
    (pg.AnsweringFormer, Intent.CONTINUE): _former_given,
    (pg.AnsweringFormer, Intent.BACK): _former_before,
    (pg.AnsweringFormer, Intent.SKIP): _former_skipped,
    (pg.AnsweringFormer, Intent.SHOW): _show,
    (pg.ChoosingQuestion, Intent.BACK): _choose_another,
    (pg.AnsweringQuestion, Intent.CONTINUE): _answer_given,
    (pg.AnsweringQuestion, Intent.BACK): _choose_another,
    (pg.AnsweringQuestion, Intent.SHOW): _show,
    (pg.EnteringEmail, Intent.CONTINUE): _email_given,
    (pg.EnteringEmail, Intent.BACK): _back_to_questions,
    (pg.EnteringCode, Intent.CONFIRM): _confirmed,
    (pg.EnteringCode, Intent.BACK): _back_to_email,
}
