# SPDX-License-Identifier: Apache-2.0
"""Registering for self service: passcode, four questions, e-mail, registration code.

The second of the four steps, which is the longest, has a module of its own: `answers`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import state as st
from kiosk.flow.cardholder_profile import SelfService
from kiosk.flow.journeys import known_passcode as change
from kiosk.flow.journeys import register_answers as answers
from kiosk.flow.journeys import registration_draft as of
from kiosk.flow.journeys.help import central_failed, refused
from kiosk.flow.overlays import closing_question as closing
from kiosk.flow.view import Intent

Outcome = tuple[st.State, tuple[do.Effect, ...]]

CODE_DIGITS = 6

# ---------------------------------------------------------------- instructions and passcode


def _instructions(state: st.State, _: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.ShowingProfile):
        return state, ()
    if page.profile.self_service in {SelfService.LOCKED_OUT, SelfService.REMOVED}:
        return state, ()
    return replace(state, page=pg.Instructions(page.profile, page.trust)), ()


def _not_now(state: st.State, _: ev.Pressed) -> Outcome:
    return closing.go_back(state)


def _read(state: st.State, _: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.Instructions):
        return state, ()
    if page.draft is not None:
        return replace(state, page=of.first_to_answer(page.draft)), ()
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
        profile,
        trust,
        event.offered,
        former_questions=event.former,
        email=profile.email,
        mail_domains=event.mail_domains,
    )
    return replace(state, page=of.first_to_answer(draft)), (do.ForgetTyped((change.FIELD,)),)


# ---------------------------------------------------------------- e-mail


def _email_typed(state: st.State, event: ev.Typed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.EnteringEmail) or event.field != of.EMAIL_FIELD:
        return state, ()
    draft = of.typed_into(page.draft, event)
    typing = replace(page, draft=draft, length=event.length, unsent=None)
    return replace(state, page=typing), ()


def _email_given(state: st.State, event: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.EnteringEmail) or not event.typed or event.field != of.EMAIL_FIELD:
        return state, ()
    email = event.typed.reveal().decode().strip()
    draft = replace(page.draft, email=email)
    sending = replace(state, page=pg.SendingCode(draft))
    return sending, (do.SendRegistrationCode(state.visit, email, state.language),)


def _email_refused(state: st.State, _: ev.EmailRefused) -> Outcome:
    page = state.page
    if not isinstance(page, pg.SendingCode):
        return state, ()
    return replace(state, page=of.email(page.draft, pg.Unsent.REFUSED)), ()


def _back_to_questions(state: st.State, _: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.EnteringEmail):
        return state, ()
    return replace(state, page=of.last_answer(page.draft)), ()


# ---------------------------------------------------------------- the code


def _code_sent(state: st.State, event: ev.CodeSent) -> Outcome:
    page = state.page
    if not isinstance(page, pg.SendingCode):
        return state, ()
    draft = replace(page.draft, missed=False, sent_to=page.draft.email)
    entering = pg.EnteringCode(draft, anew=event.anew)
    return replace(state, page=entering), (do.ForgetTyped((of.CODE_FIELD,)),)


def _code_typed(state: st.State, event: ev.Typed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.EnteringCode) or event.field != of.CODE_FIELD:
        return state, ()
    return replace(state, page=replace(page, length=event.length, wait_seconds=0)), ()


def _confirmed(state: st.State, event: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, pg.EnteringCode) or event.field != of.CODE_FIELD or event.typed is None:
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
    return replace(state, page=of.email(page.draft)), ()


def _code_refused(state: st.State, _: ev.CodeRefused) -> Outcome:
    page = state.page
    if not isinstance(page, pg.ConfirmingRegistration):
        return state, ()
    again = pg.EnteringCode(page.draft, refused=True)
    return replace(state, page=again), (do.ForgetTyped((of.CODE_FIELD,)),)


def _code_void(state: st.State, event: ev.CodeSent) -> Outcome:
    page = state.page
    if not isinstance(page, pg.ConfirmingRegistration):
        return state, ()
    again = pg.EnteringCode(page.draft, anew=event.anew)
    return replace(state, page=again), (do.ForgetTyped((of.CODE_FIELD,)),)


def _former_refused(state: st.State, event: ev.AnswersRefused) -> Outcome:
    page = state.page
    if not isinstance(page, pg.ConfirmingRegistration) or not page.draft.former_questions:
        return state, ()
    fields = tuple(of.former_field(number) for number in range(of.QUESTIONS))
    typed = tuple(each for each in page.draft.typed if each[0] not in fields)
    draft = replace(page.draft, former=(), typed=typed)
    again = pg.AnsweringFormer(draft, refused=True, wait_seconds=event.wait_seconds)
    return replace(state, page=again), (do.ForgetTyped((of.CODE_FIELD, *fields)),)


def _said_no(state: st.State, event: ev.UnlockRefused) -> Outcome:
    """Central said no; what can be mended is asked for again, and all that was given is kept."""
    page = state.page
    if not isinstance(page, pg.SendingCode | pg.ConfirmingRegistration):
        return state, ()
    if event.refusal is ev.Refusal.MAIL:
        return replace(state, page=of.email(page.draft, pg.Unsent.MAIL)), ()
    if event.refusal is ev.Refusal.NO_MORE_CODES and isinstance(page, pg.SendingCode):
        return _none_left(state, page, event)
    if event.refusal is ev.Refusal.WAIT and isinstance(page, pg.ConfirmingRegistration):
        waiting = pg.EnteringCode(page.draft, CODE_DIGITS, wait_seconds=max(event.wait_seconds, 1))
        return replace(state, page=waiting), ()
    return refused(state, event)


def _none_left(state: st.State, page: pg.SendingCode, event: ev.UnlockRefused) -> Outcome:
    """No more codes are sent: the newest is to be typed, wherever it went."""
    draft = replace(page.draft, email=page.draft.sent_to)
    if not draft.sent_to:
        return refused(state, event)
    spent = pg.EnteringCode(draft, spent=True)
    return replace(state, page=spent), (do.ForgetTyped((of.CODE_FIELD,)),)


def _missed(state: st.State, event: ev.CentralFailed) -> Outcome:
    """Central did not answer: once, all is kept, and may be given again; then there is help."""
    page = state.page
    if not isinstance(page, pg.SendingCode | pg.ConfirmingRegistration) or page.draft.missed:
        return central_failed(state, event)
    draft = replace(page.draft, missed=True)
    again: pg.Page = of.email(draft, pg.Unsent.CENTRAL)
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
    **answers.TABLE,
    (pg.CheckingPasscode, ev.RegistrationOpened): _opened,
    (pg.EnteringEmail, ev.Typed): _email_typed,
    (pg.SendingCode, ev.EmailRefused): _email_refused,
    (pg.SendingCode, ev.CodeSent): _code_sent,
    (pg.SendingCode, ev.UnlockRefused): _said_no,
    (pg.SendingCode, ev.CentralFailed): _missed,
    (pg.EnteringCode, ev.Typed): _code_typed,
    (pg.ConfirmingRegistration, ev.CodeRefused): _code_refused,
    (pg.ConfirmingRegistration, ev.CodeSent): _code_void,
    (pg.ConfirmingRegistration, ev.AnswersRefused): _former_refused,
    (pg.ConfirmingRegistration, ev.UnlockRefused): _said_no,
    (pg.ConfirmingRegistration, ev.CentralFailed): _missed,
    (pg.ConfirmingRegistration, ev.CardRegistered): _registered,
}

PRESSED: dict[tuple[type, Intent], _Rule] = {
    **answers.PRESSED,
    (pg.ShowingProfile, Intent.REGISTER): _instructions,
    (pg.Instructions, Intent.BACK): _not_now,
    (pg.Instructions, Intent.CONTINUE): _read,
    (pg.EnteringEmail, Intent.CONTINUE): _email_given,
    (pg.EnteringEmail, Intent.BACK): _back_to_questions,
    (pg.EnteringCode, Intent.CONFIRM): _confirmed,
    (pg.EnteringCode, Intent.BACK): _back_to_email,
}
