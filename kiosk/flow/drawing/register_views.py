# SPDX-License-Identifier: Apache-2.0
"""The views of registering for self service."""

from __future__ import annotations

from kiosk.flow import pages as pg
from kiosk.flow import view as vw
from kiosk.flow.drawing.frame import (
    BACK,
    CLOSE,
    LONG_SECONDS,
    NONE_LEFT,
    frame,
    go_on,
    in_minutes,
    too_early,
    work,
)
from kiosk.flow.drawing.register_steps import RegisterStep, register_steps
from kiosk.flow.entries import (
    CODE,
    CODE_DIGITS,
    EMAIL,
    LONGEST_ANSWER,
    LONGEST_EMAIL,
    former_answer,
    own_answer,
)
from kiosk.flow.events import AnswerFault
from kiosk.flow.registration_draft import QUESTIONS
from kiosk.flow.state import State
from kiosk.flow.text import Text, plural, text


def _frame(state: State, page: pg.DraftPage, step: RegisterStep, *buttons: vw.Button) -> vw.Frame:
    return frame(state, *buttons, steps=register_steps(step), who=page.who)


def former(state: State, page: pg.AnsweringFormer) -> vw.View:
    """Draw a question of the registration that is to be replaced."""
    number = len(page.draft.former)
    buttons = [CLOSE, BACK]
    if page.draft.may_skip:
        buttons.append(vw.Button(vw.Intent.SKIP, text("Skip")))
    problem = _former_problem(page) if page.refused and not page.length else None
    return vw.EntryPage(
        _frame(state, page, RegisterStep.QUESTIONS, *buttons, go_on(enabled=page.length > 0)),
        page.draft.former_questions[number],
        vw.Entry(
            former_answer(number),
            vw.EntryKind.ANSWER,
            page.length,
            LONGEST_ANSWER,
            page.shown,
        ),
        progress=text("Question {number} of {total}", number=number + 1, total=QUESTIONS),
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


def choosing_question(state: State, page: pg.ChoosingQuestion) -> vw.View:
    """Draw the list of questions to choose from."""
    draft = page.draft
    number = len(draft.questions) + 1
    return vw.ChoicePage(
        _frame(state, page, RegisterStep.QUESTIONS, CLOSE, BACK),
        text("Choose question {number} of {total}", number=number, total=QUESTIONS),
        tuple(
            vw.Choice(question, enabled=place not in draft.questions)
            for place, question in enumerate(draft.offered)
        ),
        hint=text("They prove your identity if you lock your card: take those you will remember."),
    )


def answering_question(state: State, page: pg.AnsweringQuestion) -> vw.View:
    """Draw the entry of a new answer."""
    number = len(page.draft.answers) - page.judging
    return vw.EntryPage(
        _frame(
            state,
            page,
            RegisterStep.QUESTIONS,
            CLOSE,
            BACK,
            go_on(enabled=page.length > 0 and not page.judging),
        ),
        page.draft.offered[page.question],
        vw.Entry(
            own_answer(page.question),
            vw.EntryKind.ANSWER,
            page.length,
            LONGEST_ANSWER,
            page.shown,
        ),
        progress=text("Question {number} of {total}", number=number + 1, total=QUESTIONS),
        hint=text("Answers are stored securely and are not visible to anyone else."),
        problem=_FLAWS[page.flaw] if page.flaw is not None else None,
    )


_FLAWS = {
    AnswerFault.TOO_SHORT: text("That answer is too short. Give at least three letters or digits."),
    AnswerFault.COMMON: text("Too many people would give that answer. Choose another one."),
    AnswerFault.IN_QUESTION: text("That answer is part of the question. Choose another one."),
    AnswerFault.REPEATED: text("You have given that answer before. Choose another one."),
}


def email(state: State, page: pg.EnteringEmail) -> vw.View:
    """Draw the entry of the email address."""
    return vw.EntryPage(
        _frame(state, page, RegisterStep.EMAIL, CLOSE, BACK, go_on(enabled=page.length > 0)),
        text("Your email address"),
        vw.Entry(
            EMAIL,
            vw.EntryKind.EMAIL,
            page.length,
            LONGEST_EMAIL,
            shown=True,
            endings=page.draft.endings,
            prefilled=page.draft.email,
        ),
        hint=text("The registration code goes there."),
        problem=_unsent(page),
    )


def _unsent(page: pg.EnteringEmail) -> Text | None:
    if page.unsent is pg.Unsent.REFUSED and (endings := page.draft.endings):
        return text(
            "It must be an NHS address, such as one that ends in {ending}.", ending=endings[0]
        )
    return None if page.unsent is None else _UNSENT[page.unsent]


_MISSED = text("The central service cannot be reached. What you gave is kept: try again.")
_NOT_THERE = text("The code could not be emailed there. Check the address and try again.")
_UNSENT = {
    pg.Unsent.REFUSED: _NOT_THERE,
    pg.Unsent.MAIL: _NOT_THERE,
    pg.Unsent.CENTRAL: _MISSED,
}


def sending_code(state: State, page: pg.SendingCode) -> vw.View:
    """Draw the wait while central emails the code."""
    return work(
        state, text("Sending your registration code"), register_steps(RegisterStep.EMAIL), page.who
    )


def code(state: State, page: pg.EnteringCode) -> vw.View:
    """Draw the entry of the registration code."""
    ready = page.length == CODE_DIGITS
    confirm = vw.Button(vw.Intent.CONFIRM, text("Confirm"), vw.Role.PRIMARY, ready)
    problem = None
    if page.wait_seconds:
        problem = too_early(page.wait_seconds)
    elif page.draft.missed and page.length:
        problem = _MISSED
    elif page.refused and not page.length:
        problem = text("That was not the code. Look at the newest email and try again.")
    elif page.spent and not page.length:
        problem = NONE_LEFT
    elif page.anew and not page.length:
        problem = text(
            "That code is no longer valid. A new one was sent to {address}.",
            address=page.draft.email,
        )
    return vw.EntryPage(
        _frame(state, page, RegisterStep.CODE, CLOSE, BACK, confirm),
        text("Enter your registration code"),
        vw.Entry(
            CODE,
            vw.EntryKind.CODE,
            page.length,
            maximum=CODE_DIGITS,
            shown=True,
        ),
        hint=_code_hint(page),
        problem=problem,
    )


def _code_hint(page: pg.EnteringCode) -> Text:
    if page.late:
        return text(
            "The email may take a few minutes. It goes to {address}."
            " Back corrects a wrong address.",
            address=page.draft.email,
        )
    return text(
        "It was sent to {address} and is valid for 15 minutes. Back corrects a wrong address.",
        address=page.draft.email,
    )


def confirming(state: State, page: pg.ConfirmingRegistration) -> vw.View:
    """Draw the wait while central registers the card."""
    return work(
        state, text("Registering your smartcard"), register_steps(RegisterStep.CODE), page.who
    )


def registered(state: State, page: pg.Registered) -> vw.View:
    """Draw the success, and that the card is to be taken."""
    return vw.Notice(
        frame(state, CLOSE, who=page.who),
        vw.Tone.SUCCESS,
        text("You are registered for self service"),
        (
            text("If your smartcard locks, put it into any kiosk and answer your questions."),
            text("Take your smartcard out of the reader."),
        ),
        picture=vw.Picture.REMOVE_CARD,
    )
