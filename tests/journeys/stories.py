"""Journeys at the screen as stories: lists of steps that the pilot walks."""

from __future__ import annotations

from kiosk.central.questions import text as question_text
from kiosk.demo.journey import (
    Block,
    Card,
    CutCentral,
    Delete,
    Insert,
    Journey,
    Press,
    RestoreCentral,
    See,
    Take,
    Wait,
    Write,
    answer,
    new_passcode,
)
from kiosk.demo.people import NURSE
from kiosk.flow.view import Intent

# Shorter than in service, so that a story is not spent on waiting.
IDLE_SECONDS, WARNING_SECONDS, HELP_SECONDS = 4.0, 3, 4.0

START: Journey = [See("Insert your smartcard")]
FIRST, SECOND = (question_text(question) for question, _ in NURSE.answers[:2])


def answers(*given: str | None) -> Journey:
    """Answer the four questions; None leaves one blank."""
    steps: Journey = []
    for (question, _), words in zip(NURSE.answers, given, strict=True):
        if words is None:
            steps += [See(question_text(question)), Press(Intent.SKIP)]
        else:
            steps += answer(question_text(question), words)
    return steps


RIGHT = tuple(words for _, words in NURSE.answers)
UNLOCKED: Journey = [See("Your smartcard is unlocked"), Take(), *START]

STORIES: dict[str, Journey] = {
    "a nurse at 3 a.m.": [
        *START,
        Insert(),
        *answers(*RIGHT),
        *new_passcode("7391520"),
        *UNLOCKED,
    ],
    "capitals, spaces and a forgotten answer are forgiven": [
        *START,
        Block(),
        Insert(),
        *answers(RIGHT[0].upper(), "mill-lane", None, "the  hobbit"),
        *new_passcode("846213"),
        *UNLOCKED,
    ],
    "a card that works, its passcode forgotten": [
        *START,
        Insert(),
        See("Your smartcard is not locked"),
        Press("I've forgotten my passcode"),
        *answers(*RIGHT),
        *new_passcode("975310"),
        *UNLOCKED,
    ],
    "two passcodes that differ": [
        *START,
        Block(),
        Insert(),
        *answers(*RIGHT),
        *new_passcode("135790")[:-2],
        Write("135791"),
        Press(Intent.CONTINUE),
        See("The two passcodes were not the same"),
        *new_passcode("135790"),
        *UNLOCKED,
    ],
    "wrong answers are asked again, and corrected": [
        *START,
        Block(),
        Insert(),
        *answers("Anna", "Mill Lane", "Bangor", "The Hobbit"),
        See("not enough right answers"),
        Delete(4),
        Write("Zofia"),
        Press(Intent.CONTINUE),
        See(SECOND),
        Press(Intent.BACK),
        See(FIRST),
        Press(Intent.CONTINUE),
        See(SECOND),
        Press(Intent.CONTINUE),
        See(question_text(NURSE.answers[2][0])),
        Press(Intent.CONTINUE),
        See(question_text(NURSE.answers[3][0])),
        Press(Intent.CONTINUE),
        *new_passcode("246813"),
        *UNLOCKED,
    ],
    "a card that works is taken again": [
        *START,
        Insert(),
        See("Your smartcard is not locked"),
        Take(),
        *START,
        Block(),
    ],
    "an unknown card": [
        *START,
        Insert(Card.UNKNOWN),
        See("This smartcard cannot be unlocked here"),
        See("ext. 3333"),
        Press(Intent.CLOSE),
        See("Please take your smartcard"),
        Take(),
        *START,
    ],
    "a card of another organisation": [
        *START,
        Insert(Card.FOREIGN),
        See("This smartcard cannot be unlocked here"),
        Take(),
        Press(Intent.CLOSE),
        *START,
    ],
    "a colleague who has not registered": [
        *START,
        Insert(Card.UNREGISTERED),
        See("You are not registered"),
        See("ext. 3333"),
        Take(),
        Press(Intent.CLOSE),
        *START,
    ],
    "the card is pulled at a question": [
        *START,
        Insert(),
        See(FIRST),
        Write("half an ans"),
        Take(),
        *START,
    ],
    "the card is pulled at the new passcode": [
        *START,
        Insert(),
        *answers(*RIGHT),
        *new_passcode("135790")[:3],
        Take(),
        *START,
    ],
    "the card is pulled while it is unlocked, and comes back": [
        *START,
        Block(),
        Insert(),
        *answers(*RIGHT),
        *new_passcode("846213"),
        See("Do not remove your smartcard"),
        Take(),
        See("Your smartcard was taken out too soon"),
        Block(),
        Wait(1.0),  # nobody is quicker; pcscd looks every 0.4 s
        Insert(),
        *answers(*RIGHT),
        *new_passcode("846213"),
        *UNLOCKED,
    ],
    "the card is taken while it is read": [
        *START,
        Insert(),
        See("Reading your smartcard"),
        Take(),
        See("Your smartcard was taken out too soon"),
        Press(Intent.CLOSE),
        *START,
        Block(),
    ],
    "the central service is gone": [
        *START,
        CutCentral(),
        Insert(),
        See("The central service cannot be reached"),
        See("ext. 2222"),
        Take(),
        Press(Intent.CLOSE),
        *START,
        RestoreCentral(),
    ],
    "nobody touches the screen": [
        *START,
        Insert(),
        See(FIRST),
        Write("a"),
        Wait(IDLE_SECONDS),
        See("This screen closes in"),
        Press("I need more time"),
        Write("b"),
        Wait(IDLE_SECONDS),
        See("This screen closes in"),
        See("Please take your smartcard"),
        Take(),
        *START,
    ],
}
