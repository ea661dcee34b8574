# SPDX-License-Identifier: Apache-2.0
"""The pages of registering for self service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiosk.flow import pages as pg
from kiosk.flow import state as st
from kiosk.flow import view as vw
from kiosk.flow.drawing.frame import (
    BACK,
    CLOSE,
    LONG_SECONDS,
    NONE_LEFT,
    frame,
    go_on,
    in_minutes,
    register_steps,
    too_early,
    wait,
)
from kiosk.flow.drawing.question_texts import question
from kiosk.flow.events import Flaw
from kiosk.flow.journeys import registration_draft as of
from kiosk.flow.journeys.register import CODE_DIGITS
from kiosk.flow.text import Text, plural, text

_LONGEST_ANSWER = 64
_LONGEST_EMAIL = 100


def _instructions(state: st.State, page: pg.Instructions) -> vw.View:
    return vw.Notice(
        frame(state, CLOSE, BACK, go_on(enabled=True), who=(page.profile, page.trust)),
        vw.Tone.INFORMATION,
        text("Register for self service"),
        (
            text("Once registered, you can unlock your smartcard yourself at any kiosk."),
            text("You need your passcode, four answers that you will remember, and your e-mail."),
            text("The registration code that is e-mailed to you is valid for 15 minutes."),
        ),
    )


def _of(state: st.State, page: Any, *buttons: vw.Button) -> vw.Frame:
    draft: pg.Draft = page.draft
    return frame(state, *buttons, steps=register_steps(page), who=(draft.profile, draft.trust))


def _former(state: st.State, page: pg.AnsweringFormer) -> vw.View:
    number = len(page.draft.former)
    buttons = [CLOSE, BACK]
    if of.may_skip(page.draft):
        buttons.append(vw.Button(vw.Intent.SKIP, text("Skip")))
    problem = _former_problem(page) if page.refused and not page.length else None
    return vw.EntryPage(
        _of(state, page, *buttons, go_on(enabled=page.length > 0)),
        question(page.draft.former_questions[number]),
        vw.Entry(
            of.former_field(number),
            vw.EntryKind.ANSWER,
            page.length,
            _LONGEST_ANSWER,
            page.shown,
        ),
        progress=text("Question {number} of {total}", number=number + 1, total=of.QUESTIONS),
        hint=text("Your present answer: it is needed to change your answers."),
        problem=problem,
    )


def _former_problem(page: pg.AnsweringFormer) -> Text:
    if page.wait_seconds >= LONG_SECONDS:
        return plural(
            "Those were not your present answers. Wait {count} minute, then give them once more.",
            "Those were not your present answers. Wait {count} minutes, then give them once more.",
            in_minutes(page.wait_seconds),
        )
    if page.wait_seconds:
        return plural(
            "Those were not your present answers. Wait {count} second, then give them once more.",
            "Those were not your present answers. Wait {count} seconds, then give them once more.",
            page.wait_seconds,
        )
    return text("Those were not your present answers. Give them once more.")


def _choosing_question(state: st.State, page: pg.ChoosingQuestion) -> vw.View:
    draft = page.draft
    number = len(draft.questions) + 1
    return vw.ChoicePage(
        _of(state, page, CLOSE, BACK),
        text("Choose question {number} of {total}", number=number, total=of.QUESTIONS),
        tuple(
            vw.Choice(question(words), enabled=place not in draft.questions)
            for place, (_, words) in enumerate(draft.offered)
        ),
        hint=text("They prove your identity if you lock your card: take those you will remember."),
    )


def _answering(state: st.State, page: pg.AnsweringQuestion) -> vw.View:
    number = len(page.draft.answers) - page.judging
    return vw.EntryPage(
        _of(state, page, CLOSE, BACK, go_on(enabled=page.length > 0 and not page.judging)),
        question(page.draft.offered[page.question][1]),
        vw.Entry(
            of.answer_field(page.question),
            vw.EntryKind.ANSWER,
            page.length,
            _LONGEST_ANSWER,
            page.shown,
        ),
        progress=text("Question {number} of {total}", number=number + 1, total=of.QUESTIONS),
        hint=text("Answers are stored securely and are not visible to anyone else."),
        problem=_FLAWS[page.flaw] if page.flaw is not None else None,
    )


_FLAWS = {
    Flaw.TOO_SHORT: text("That answer is too short. Give at least three letters or digits."),
    Flaw.COMMON: text("Too many people would give that answer. Choose another one."),
    Flaw.IN_QUESTION: text("That answer is part of the question. Choose another one."),
    Flaw.REPEATED: text("You have given that answer before. Choose another one."),
}


def _email(state: st.State, page: pg.EnteringEmail) -> vw.View:
    return vw.EntryPage(
        _of(state, page, CLOSE, BACK, go_on(enabled=page.length > 0)),
        text("Your e-mail address"),
        vw.Entry(
            of.EMAIL_FIELD,
            vw.EntryKind.EMAIL,
            page.length,
            _LONGEST_EMAIL,
            shown=True,
            endings=of.endings(page.draft),
            prefilled=page.draft.email,
        ),
        hint=text("The registration code goes there."),
        problem=_unsent(page),
    )


def _unsent(page: pg.EnteringEmail) -> Text | None:
    if page.unsent is pg.Unsent.REFUSED and (endings := of.endings(page.draft)):
        return text(
            "It must be an NHS address, such as one that ends in {ending}.", ending=endings[0]
        )
    return None if page.unsent is None else _UNSENT[page.unsent]


_MISSED = text("The central service cannot be reached. What you gave is kept: try again.")
_NOT_THERE = text("The code could not be e-mailed there. Check the address and try again.")
_UNSENT = {
    pg.Unsent.REFUSED: _NOT_THERE,
    pg.Unsent.MAIL: _NOT_THERE,
    pg.Unsent.CENTRAL: _MISSED,
}


def _sending(state: st.State, page: pg.SendingCode) -> vw.View:
    draft = page.draft
    return wait(
        state,
        text("Sending your registration code"),
        CLOSE,
        steps=register_steps(page),
        who=(draft.profile, draft.trust),
    )


def _code(state: st.State, page: pg.EnteringCode) -> vw.View:
    ready = page.length == CODE_DIGITS
    confirm = vw.Button(vw.Intent.CONFIRM, text("Confirm"), vw.Role.PRIMARY, ready)
    problem = None
    if page.wait_seconds:
        problem = too_early(page.wait_seconds)
    elif page.draft.missed and page.length:
        problem = _MISSED
    elif page.refused and not page.length:
        problem = text("That was not the code. Look at the newest e-mail and try again.")
    elif page.spent and not page.length:
        problem = NONE_LEFT
    elif page.anew and not page.length:
        problem = text(
            "That code is no longer valid. A new one was sent to {address}.",
            address=page.draft.email,
        )
    return vw.EntryPage(
        _of(state, page, CLOSE, BACK, confirm),
        text("Enter your registration code"),
        vw.Entry(
            of.CODE_FIELD,
            vw.EntryKind.CODE,
            page.length,
            maximum=CODE_DIGITS,
            shown=True,
        ),
        hint=text(
            "It was sent to {address} and is valid for 15 minutes. Back corrects a wrong address.",
            address=page.draft.email,
        ),
        problem=problem,
    )


def _confirming(state: st.State, page: pg.ConfirmingRegistration) -> vw.View:
    draft = page.draft
    return wait(
        state,
        text("Registering your smartcard"),
        CLOSE,
        steps=register_steps(page),
        who=(draft.profile, draft.trust),
    )


def _registered(state: st.State, page: pg.Registered) -> vw.View:
    return vw.Notice(
        frame(state, CLOSE, who=(page.profile, page.trust)),
        vw.Tone.SUCCESS,
        text("You are registered for self service"),
        (
            text("If your smartcard locks, put it into any kiosk and answer your questions."),
            text("Take your smartcard out of the reader."),
        ),
        picture=vw.Picture.REMOVE_CARD,
    )


PAGES: dict[type, Callable[[st.State, Any], vw.View]] = {
    pg.Instructions: _instructions,
    pg.AnsweringFormer: _former,
    pg.ChoosingQuestion: _choosing_question,
    pg.AnsweringQuestion: _answering,
    pg.EnteringEmail: _email,
    pg.SendingCode: _sending,
    pg.EnteringCode: _code,
    pg.ConfirmingRegistration: _confirming,
    pg.Registered: _registered,
}
