# SPDX-License-Identifier: Apache-2.0
"""Registering for self service: instructions, passcode, four questions, email, registration code.

`known_passcode` describes the pages of the passcode, `register_answers` those of the questions.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow.cardholder_profile import SelfService
from kiosk.flow.description import BackgroundWork, PageDescription, Patience, VisitStage
from kiosk.flow.drawing import register_views
from kiosk.flow.drawing.frame import BACK, CLOSE, go_on, information
from kiosk.flow.entries import CODE, CODE_DIGITS, EMAIL, former_answer
from kiosk.flow.journeys import draft_pages
from kiosk.flow.journeys.known_passcode import ask
from kiosk.flow.journeys.plain_help import CENTRAL_FAILURES, central_failed, refused
from kiosk.flow.journeys.register_answers import loses_draft
from kiosk.flow.outcome import Outcome, show, unchanged
from kiosk.flow.registration_draft import QUESTIONS, Draft
from kiosk.flow.state import State
from kiosk.flow.text import text
from kiosk.flow.trouble import Trouble
from kiosk.flow.view import Intent

_FORGET_CODE = do.ForgetTyped((CODE,))

# ---------------------------------------------------------------- instructions


def _read(state: State, page: pg.Instructions, _: ev.Pressed) -> Outcome:
    if page.draft is not None:
        return show(state, draft_pages.first_to_answer(page.draft))
    asked = pg.EnteringPasscode(pg.Why.REGISTER, profile=page.profile, trust=page.trust)
    return ask(state, asked)


def _not_now(state: State, page: pg.Instructions, _: ev.Pressed) -> Outcome:
    showing = pg.ShowingProfile(page.profile, page.trust)
    if page.draft is None or not page.draft.holds_answers:
        return show(state, showing)
    typed = tuple(field for field, _ in page.draft.typed)
    return show(state, showing, do.ForgetGiven((*typed, CODE)))


def _instructions_lose(page: pg.Instructions) -> bool:
    return page.draft is not None and page.draft.holds_answers


# ---------------------------------------------------------------- email


def _email_typed(state: State, page: pg.EnteringEmail, event: ev.Typed) -> Outcome:
    if event.field != EMAIL:
        return unchanged(state)
    draft = page.draft.after_typing(event.field, event.length)
    return show(state, replace(page, draft=draft, length=event.length, unsent=None))


def _email_given(state: State, page: pg.EnteringEmail, event: ev.Pressed) -> Outcome:
    if not event.typed or event.field != EMAIL:
        return unchanged(state)
    email = event.typed.reveal().decode().strip()
    send = do.SendRegistrationCode(state.visit, email, state.language)
    return show(state, pg.SendingCode(replace(page.draft, email=email)), send)


def _back_to_questions(state: State, page: pg.EnteringEmail, _: ev.Pressed) -> Outcome:
    return show(state, draft_pages.last_answer(page.draft))


def _email_refused(state: State, page: pg.SendingCode, _: ev.EmailRefused) -> Outcome:
    return show(state, draft_pages.email(page.draft, pg.Unsent.REFUSED))


def _code_sent(state: State, page: pg.SendingCode, event: ev.CodeSent) -> Outcome:
    draft = replace(page.draft, missed=False, sent_to=page.draft.email)
    return show(state, pg.EnteringCode(draft, anew=event.anew, late=event.late), _FORGET_CODE)


def _not_sent(state: State, page: pg.SendingCode, event: ev.UnlockRefused) -> Outcome:
    """Ask for the address again if the mail server refused it; keep everything that was given."""
    if event.refusal is ev.Refusal.MAIL:
        return show(state, draft_pages.email(page.draft, pg.Unsent.MAIL))
    if event.refusal is ev.Refusal.NO_MORE_CODES and page.draft.sent_to:
        # The newest code is still valid, at whichever address it went to.
        draft = replace(page.draft, email=page.draft.sent_to)
        return show(state, pg.EnteringCode(draft, spent=True), _FORGET_CODE)
    return refused(state, page, event)


def _send_missed(state: State, page: pg.SendingCode, event: ev.CentralFailed) -> Outcome:
    """Keep everything the first time that central does not answer; give help the second time."""
    if page.draft.missed:
        return central_failed(state, page, event)
    return show(state, draft_pages.email(_missed(page.draft), pg.Unsent.CENTRAL))


def _missed(draft: Draft) -> Draft:
    return replace(draft, missed=True)


# ---------------------------------------------------------------- the code


def _code_typed(state: State, page: pg.EnteringCode, event: ev.Typed) -> Outcome:
    if event.field != CODE:
        return unchanged(state)
    return show(state, replace(page, length=event.length, wait_seconds=0))


def _confirmed(state: State, page: pg.EnteringCode, event: ev.Pressed) -> Outcome:
    if event.field != CODE or event.typed is None or len(event.typed) != CODE_DIGITS:
        return unchanged(state)
    draft = page.draft
    ids = tuple(draft.offered[number].id for number in draft.questions)
    register = do.Register(
        state.visit,
        ids,
        draft.answers,
        event.typed,
        draft.former,
        draft.email,
        state.language,
    )
    return show(state, pg.ConfirmingRegistration(draft), register)


def _back_to_email(state: State, page: pg.EnteringCode, _: ev.Pressed) -> Outcome:
    return show(state, draft_pages.email(page.draft))


def _code_refused(state: State, page: pg.ConfirmingRegistration, _: ev.CodeRefused) -> Outcome:
    return show(state, pg.EnteringCode(page.draft, refused=True), _FORGET_CODE)


def _code_void(state: State, page: pg.ConfirmingRegistration, event: ev.CodeSent) -> Outcome:
    return show(state, pg.EnteringCode(page.draft, anew=event.anew, late=event.late), _FORGET_CODE)


def _former_refused(
    state: State, page: pg.ConfirmingRegistration, event: ev.AnswersRefused
) -> Outcome:
    if not page.draft.former_questions:
        return unchanged(state)
    fields = tuple(former_answer(number) for number in range(QUESTIONS))
    typed = tuple(each for each in page.draft.typed if each[0] not in fields)
    draft = replace(page.draft, former=(), typed=typed)
    again = pg.AnsweringFormer(draft, refused=True, wait_seconds=event.wait_seconds)
    return show(state, again, do.ForgetTyped((CODE, *fields)))


def _not_registered(
    state: State, page: pg.ConfirmingRegistration, event: ev.UnlockRefused
) -> Outcome:
    """Ask again for what can be corrected; keep everything that was given."""
    if event.refusal is ev.Refusal.MAIL:
        return show(state, draft_pages.email(page.draft, pg.Unsent.MAIL))
    if event.refusal is ev.Refusal.WAIT:
        pause = max(event.wait_seconds, 1)
        return show(state, pg.EnteringCode(page.draft, CODE_DIGITS, wait_seconds=pause))
    return refused(state, page, event)


def _confirm_missed(
    state: State, page: pg.ConfirmingRegistration, event: ev.CentralFailed
) -> Outcome:
    """Keep everything the first time that central does not answer; give help the second time."""
    if page.draft.missed:
        return central_failed(state, page, event)
    return show(state, pg.EnteringCode(_missed(page.draft), CODE_DIGITS))


def _registered(state: State, page: pg.ConfirmingRegistration, _: ev.CardRegistered) -> Outcome:
    profile = replace(page.draft.profile, self_service=SelfService.REGISTERED)
    return show(state, pg.Registered(profile, page.draft.trust), do.Forget())


PAGES = (
    PageDescription(
        pg.Instructions,
        information(
            text("Register for self service"),
            text("Once registered, you can unlock your smartcard yourself at any kiosk."),
            text("You need your passcode, four answers that you will remember, and your email."),
            text("The registration code that is emailed to you is valid for 15 minutes."),
            buttons=(CLOSE, BACK, go_on(enabled=True)),
        ),
        pressed={Intent.CONTINUE: _read, Intent.BACK: _not_now},
        loses=_instructions_lose,
        back_leaves=lambda _: True,
    ),
    PageDescription(
        pg.EnteringEmail,
        register_views.email,
        pressed={Intent.CONTINUE: _email_given, Intent.BACK: _back_to_questions},
        heard={ev.Typed: _email_typed},
        loses=loses_draft,
    ),
    PageDescription(
        pg.SendingCode,
        register_views.sending_code,
        heard={
            ev.EmailRefused: _email_refused,
            ev.CodeSent: _code_sent,
            ev.UnlockRefused: _not_sent,
            ev.CentralFailed: _send_missed,
        },
        work=BackgroundWork(50.0, late=Trouble.CENTRAL, failures=CENTRAL_FAILURES),
    ),
    PageDescription(
        pg.EnteringCode,
        register_views.code,
        pressed={Intent.CONFIRM: _confirmed, Intent.BACK: _back_to_email},
        heard={ev.Typed: _code_typed},
        patience=Patience.EMAIL,
        pause=lambda page: page.wait_seconds,
        loses=loses_draft,
    ),
    PageDescription(
        pg.ConfirmingRegistration,
        register_views.confirming,
        heard={
            ev.CodeRefused: _code_refused,
            ev.CodeSent: _code_void,
            ev.AnswersRefused: _former_refused,
            ev.UnlockRefused: _not_registered,
            ev.CentralFailed: _confirm_missed,
            ev.CardRegistered: _registered,
        },
        work=BackgroundWork(
            60.0,
            late=Trouble.CENTRAL,
            failures=CENTRAL_FAILURES,
            pulled=Trouble.CARD_PULLED_REGISTERING,
        ),
    ),
    PageDescription(
        pg.Registered,
        register_views.registered,
        stage=VisitStage.SUCCESS,
    ),
)
