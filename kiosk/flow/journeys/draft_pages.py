# SPDX-License-Identifier: Apache-2.0
"""The pages that a registration's draft leads to.

A page that is shown again, after Back or a refusal, finds what was typed there before.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow import pages as pg
from kiosk.flow.entries import EMAIL, former_answer, own_answer
from kiosk.flow.registration_draft import Draft


def first_to_answer(draft: Draft) -> pg.Page:
    """Return the page on which answering begins, or goes on after the instructions."""
    if len(draft.former) < len(draft.former_questions):
        return next_former(draft)
    return pg.ChoosingQuestion(draft)


def next_former(draft: Draft) -> pg.AnsweringFormer:
    """Return the page of the first former question that is not answered."""
    return pg.AnsweringFormer(draft, draft.length_of(former_answer(len(draft.former))))


def last_former(draft: Draft) -> pg.AnsweringFormer:
    """Return the page of the last former answer, to correct it."""
    return next_former(replace(draft, former=draft.former[:-1]))


def instructions(draft: Draft) -> pg.Instructions:
    """Return the page before the first answer: the passcode is not asked for again."""
    return pg.Instructions(draft.profile, draft.trust, draft)


def answering(draft: Draft, question: int) -> pg.AnsweringQuestion:
    """Return the page of an offered question, by its index."""
    return pg.AnsweringQuestion(draft, question, draft.length_of(own_answer(question)))


def last_answer(draft: Draft) -> pg.AnsweringQuestion:
    """Return the page of the last new answer, to correct it."""
    return pg.AnsweringQuestion(draft.without_last(), draft.questions[-1], length=draft.lengths[-1])


def email(draft: Draft, unsent: pg.Unsent | None = None) -> pg.EnteringEmail:
    """Return the page of the address; it is prefilled with the known one until the user types."""
    length = draft.length_of(EMAIL, otherwise=len(draft.email))
    return pg.EnteringEmail(draft, length, unsent)
