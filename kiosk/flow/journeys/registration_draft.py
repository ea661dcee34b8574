# SPDX-License-Identifier: Apache-2.0
"""What a registration holds on its way, and the pages that ask for the next part of it.

A page that is asked for again, by Back or by a refusal, finds what was typed there before.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow import events as ev
from kiosk.flow import pages as pg

QUESTIONS, REQUIRED = 4, 3
ENDINGS, ENDING_LETTERS, ENDINGS_LETTERS = 4, 20, 34  # at most: keys, letters on one, on all
EMAIL_FIELD, CODE_FIELD = "e-mail", "code"


def answer_field(question: int) -> str:
    """The name of the buffer of the answer to a question, by its place in what is offered."""
    return f"own-answer-{question + 1}"


def former_field(number: int) -> str:
    """The same of an answer to the registration that is to be replaced."""
    return f"former-answer-{number + 1}"


def may_skip(draft: pg.Draft) -> bool:
    """Whether one of the former answers may still stay blank."""
    return draft.former.count(None) < QUESTIONS - REQUIRED


def endings(draft: pg.Draft) -> tuple[str, ...]:
    """What one touch adds to an address: "@nhs.net", or ".nhs.uk" where people's are below it.

    The first few of central's that there is room for. Addresses of the others are typed in full.
    """
    found: list[str] = []
    for domain in draft.mail_domains:
        ending = domain if domain.startswith(".") else f"@{domain}"
        letters = sum(map(len, found)) + len(ending)
        if len(ending) <= ENDING_LETTERS and letters <= ENDINGS_LETTERS and len(found) < ENDINGS:
            found.append(ending)
    return tuple(found)


def typed_into(draft: pg.Draft, event: ev.Typed) -> pg.Draft:
    """`draft`, with how much the buffer of the event holds by now."""
    typed = {**dict(draft.typed), event.field: event.length}
    return replace(draft, typed=tuple(typed.items()))


def without_last(draft: pg.Draft) -> pg.Draft:
    """`draft` before the last of the four questions was answered."""
    return replace(
        draft,
        questions=draft.questions[:-1],
        answers=draft.answers[:-1],
        lengths=draft.lengths[:-1],
    )


# ---------------------------------------------------------------- pages


def first_to_answer(draft: pg.Draft) -> pg.Page:
    """The page on which answering begins, or goes on after a look at the instructions."""
    if len(draft.former) < len(draft.former_questions):
        return next_former(draft)
    return pg.ChoosingQuestion(draft)


def next_former(draft: pg.Draft) -> pg.AnsweringFormer:
    """The first of the former questions that has no answer."""
    return pg.AnsweringFormer(draft, _held(draft, former_field(len(draft.former))))


def last_former(draft: pg.Draft) -> pg.AnsweringFormer:
    """The former answer that was given last, to be looked at again."""
    return next_former(replace(draft, former=draft.former[:-1]))


def answering(draft: pg.Draft, question: int) -> pg.AnsweringQuestion:
    """The page of one of the questions that are offered."""
    return pg.AnsweringQuestion(draft, question, _held(draft, answer_field(question)))


def last_answer(draft: pg.Draft) -> pg.AnsweringQuestion:
    """The answer that was given last, to be looked at again."""
    return pg.AnsweringQuestion(without_last(draft), draft.questions[-1], length=draft.lengths[-1])


def email(draft: pg.Draft, unsent: pg.Unsent | None = None) -> pg.EnteringEmail:
    """The page of the address; where nobody has typed there it holds the one that is known."""
    length = _held(draft, EMAIL_FIELD, otherwise=len(draft.email))
    return pg.EnteringEmail(draft, length, unsent)


def _held(draft: pg.Draft, field: str, otherwise: int = 0) -> int:
    """How much the buffer `field` holds; `otherwise` where nobody has typed there."""
    return dict(draft.typed).get(field, otherwise)
