# SPDX-License-Identifier: Apache-2.0
"""Registering for self service: for the first time, and again with the present answers."""

from __future__ import annotations

import itertools

from kiosk.demo.cardholders import COLLEAGUE, NURSE
from kiosk.demo.journey import (
    Choose,
    CutCentral,
    Delete,
    DemoCard,
    Insert,
    Journey,
    Press,
    Renew,
    RestoreCentral,
    See,
    Take,
    Unblock,
    Wait,
    Write,
    WriteCode,
    answer,
)
from kiosk.flow.view import Intent
from kiosk.questions import ENGLISH
from kiosk.values import Family
from tests.journeys.stories import RIGHT, START, answers, passcode

QUESTIONS = tuple(itertools.islice(ENGLISH.values(), 4))
_HERE, _ELSEWHERE = (post.organisation_name for post in COLLEAGUE.posts)


def _log_in(card: DemoCard, digits: str) -> Journey:
    return [Insert(card), Choose("My smartcard and registration"), *passcode(digits)]


def _choose_trust(name: str) -> Journey:
    return [See("Choose your organisation"), Choose(name), Press(Intent.CONTINUE)]


def _own_answers(*given: str, first: int = 1) -> Journey:
    """Return the steps that choose the questions of the list from `first` on, and answer each."""
    steps: Journey = []
    for number, words in enumerate(given, start=first):
        question = QUESTIONS[number - 1]
        steps += [See(f"Choose question {number} of 4"), Choose(question)]
        steps += answer(question, words)
    return steps


def _mended(given: str, flaw: str, better: str) -> Journey:
    """Return the steps after a refused answer: see the problem, and enter a better answer."""
    return [See(flaw), Delete(len(given)), Write(better), Press(Intent.CONTINUE)]


_ANSWERS_WITH_FLAWS: Journey = [
    *_own_answers("Jo"),
    *_mended("Jo", "That answer is too short.", "Gwenllian"),
    *_own_answers("gwenllian", first=2),
    *_mended("gwenllian", "You have given that answer before.", "Tan-y-Bwlch"),
    *_own_answers("Aberystwyth", "Under Milk Wood", first=3),
]
_ADDRESS_WITH_FLAWS: Journey = [
    See("Your email address"),
    Delete(3),
    Write("org"),
    Press(Intent.CONTINUE),
    *_mended("org", "It must be an NHS address", "net"),
]
_FORMER = "Your present answer: it is needed to change your answers."

REGISTERING: dict[str, Journey] = {
    "somebody of two organisations registers, and removes his registration": [
        *START,
        *_log_in(DemoCard.UNREGISTERED, COLLEAGUE.passcode),
        *_choose_trust(_ELSEWHERE),
        See("You are not registered to use the Self Service facility."),
        See(COLLEAGUE.posts[1].name),  # the corner says who is logged in, and for whom
        See(_ELSEWHERE),
        Press(Intent.BACK),
        *_choose_trust(_HERE),
        See(COLLEAGUE.name),
        Press(Intent.REGISTER),
        See("Register for self service"),
        Press(Intent.CONTINUE),
        *passcode(COLLEAGUE.passcode),
        *_ANSWERS_WITH_FLAWS,
        *_ADDRESS_WITH_FLAWS,
        See("Enter your registration code"),
        Press(Intent.CLOSE),
        See("Close, and forget what you gave?"),
        Press(Intent.BACK),
        See("Enter your registration code"),
        Press(Intent.BACK),
        See("Your email address"),
        CutCentral(),
        Press(Intent.CONTINUE),
        See("What you gave is kept: try again."),
        RestoreCentral(),
        Press(Intent.CONTINUE),
        See("Enter your registration code"),
        Write("918273"),
        Press(Intent.CONFIRM),
        See("That was not the code"),
        WriteCode(),
        Press(Intent.CONFIRM),
        See("You are registered for self service"),
        Take(),
        *START,
        *_log_in(DemoCard.UNREGISTERED, COLLEAGUE.passcode),
        *_choose_trust(_HERE),
        See("You are registered to use the Self Service facility."),
        Press("Remove my registration"),
        *passcode(COLLEAGUE.passcode, "Enter your passcode to remove your registration"),
        See("Your registration was removed"),
        Press(Intent.CLOSE),
        Take(),
        *START,
    ],
    "a nurse registers again, and gives her present answers twice": [
        *START,
        Renew(Family.PIV),
        Unblock(),
        *_log_in(DemoCard.HERS, NURSE.passcode),
        See("You are registered to use the Self Service facility."),
        Press("Register again"),
        See("Register for self service"),
        Press(Intent.CONTINUE),
        *passcode(NURSE.passcode),
        See(_FORMER),
        *answers("Anna", "Bangor", None, RIGHT[3]),
        *_own_answers("Angharad", "Mostyn", "Griffiths", "Stryd Fawr"),
        See("Your email address"),
        Press(Intent.CONTINUE),
        See("Enter your registration code"),
        WriteCode(),
        Press(Intent.CONFIRM),
        See("Those were not your present answers."),
        Wait(2.0),  # as it says
        *answers(*RIGHT[:3], None),
        See("Enter your registration code"),
        WriteCode(),
        Press(Intent.CONFIRM),
        See("You are registered for self service"),
        Take(),
        *START,
        Renew(Family.PIV),  # the next story needs the usual answers
    ],
}
