# SPDX-License-Identifier: Apache-2.0
"""Journeys at the screen as stories: lists of steps that the pilot walks."""

from __future__ import annotations

from kiosk.demo.cardholders import NURSE
from kiosk.demo.journey import (
    Block,
    Choose,
    CutCentral,
    Delete,
    DemoCard,
    HoldTitle,
    Insert,
    Journey,
    Press,
    Renew,
    RestoreCentral,
    See,
    Take,
    Unblock,
    Write,
    WriteCode,
    answer,
    new_passcode,
)
from kiosk.flow.view import Intent
from kiosk.questions import SecurityQuestion
from kiosk.values import Family

# Shorter than in service, because some stories wait for them; long enough that on a busy machine
# nobody is sent away between two touches, and central starts while somebody waits at a page.
IDLE_SECONDS, WARNING_SECONDS, HELP_SECONDS = 20.0, 10, 40.0

START: Journey = [See("Insert your smartcard")]
FIRST, SECOND = (SecurityQuestion(question).in_language("en") for question, _ in NURSE.answers[:2])


def answers(*given: str | None) -> Journey:
    """Return the steps that answer the four questions; None leaves one blank."""
    steps: Journey = []
    for (question, _), words in zip(NURSE.answers, given, strict=True):
        if words is None:
            steps += [See(SecurityQuestion(question).in_language("en")), Press(Intent.SKIP)]
        else:
            steps += answer(SecurityQuestion(question).in_language("en"), words)
    return steps


def passcode(digits: str, page: str = "Enter your passcode") -> Journey:
    """Return the steps that enter `digits` on this passcode page."""
    return [See(page), Write(digits), Press(Intent.CONTINUE)]


TECHNICIAN_CODE = "40710299"

RIGHT = tuple(words for _, words in NURSE.answers)
UNLOCKED: Journey = [See("Your smartcard is unlocked"), Take(), *START]

STORIES: dict[str, Journey] = {
    "a nurse at 3 a.m.": [
        *START,
        Block(),
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
        Unblock(),
        Insert(),
        See("Your smartcard is not locked"),
        Choose("I've forgotten my passcode"),
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
        See("Too few answers were right"),
        Delete(4),
        Write("Zofia"),
        Press(Intent.CONTINUE),
        See(SECOND),
        Press(Intent.BACK),
        See(FIRST),
        Press(Intent.CONTINUE),
        See(SECOND),
        Press(Intent.CONTINUE),
        See(SecurityQuestion(NURSE.answers[2][0]).in_language("en")),
        Press(Intent.CONTINUE),
        See(SecurityQuestion(NURSE.answers[3][0]).in_language("en")),
        Press(Intent.CONTINUE),
        *new_passcode("246813"),
        *UNLOCKED,
    ],
    "help is asked for, and a card that works is taken again": [
        *START,
        Press(Intent.HELP),
        See("How this kiosk helps you"),
        See("Put your smartcard into the reader"),
        See("ext. 2222"),
        Press(Intent.CLOSE),
        *START,
        Unblock(),
        Insert(),
        See("Your smartcard is not locked"),
        Take(),
        *START,
    ],
    "an unknown card": [
        *START,
        Insert(DemoCard.UNKNOWN),
        See("This smartcard cannot be unlocked here"),
        See("ext. 3333"),
        Press(Intent.CLOSE),
        See("Please take your smartcard"),
        Take(),
        *START,
    ],
    "a card of another organisation": [
        *START,
        Insert(DemoCard.FOREIGN),
        See("This smartcard cannot be unlocked here"),
        Take(),
        Press(Intent.CLOSE),
        *START,
    ],
    "a colleague who has not registered": [
        *START,
        Insert(DemoCard.UNREGISTERED),
        Choose("I've forgotten my passcode"),
        See("You are not registered"),
        See("ext. 3333"),
        Take(),
        Press(Intent.CLOSE),
        *START,
    ],
    "the card is pulled at a question": [
        *START,
        Block(),
        Insert(),
        See(FIRST),
        Write("half an ans"),
        Take(),
        *START,
    ],
    "the card is pulled at the new passcode": [
        *START,
        Block(),
        Insert(),
        *answers(*RIGHT),
        *new_passcode("135790")[:3],
        Take(),
        *START,
    ],
    "the central service is gone": [
        *START,
        Block(),
        CutCentral(),
        Insert(),
        See("The central service cannot be reached"),
        See("ext. 2222"),
        Take(),
        Press(Intent.CLOSE),
        *START,
        RestoreCentral(),
    ],
    "a passcode is changed, and central need not be there": [
        *START,
        Renew(Family.PIV),
        Unblock(),
        CutCentral(),
        Insert(),
        See("Your smartcard is not locked"),
        Choose("Change my passcode"),
        *passcode("519283", "Enter the passcode you have now"),
        *new_passcode("864209"),
        See("That is not the passcode of this smartcard"),
        *passcode(NURSE.passcode, "Enter the passcode you have now"),
        See("Choose a new passcode"),
        Write(NURSE.passcode),
        Press(Intent.CONTINUE),
        See("That is the passcode you have now. Choose another one."),
        *new_passcode("864209"),
        See("Your passcode was changed"),
        Take(),
        *START,
        RestoreCentral(),
    ],
    "three wrong passcodes lock the card, and it is unlocked at once": [
        *START,
        Renew(Family.PIV),
        Unblock(),
        Insert(),
        See("Your smartcard is not locked"),
        Choose("My smartcard and registration"),
        *passcode("519283"),
        See("2 tries are left"),
        *passcode("519284"),
        See("1 try is left"),
        *passcode("519285"),
        See("Your smartcard has locked itself"),
        Press("Unlock my smartcard"),
        *answers(*RIGHT),
        *new_passcode("752846"),
        *UNLOCKED,
    ],
    "a GIDS card, and a code by email": [
        *START,
        Renew(Family.GIDS),
        Insert(),
        *answers(*RIGHT),
        See("Enter the code from your email"),
        Write("918273"),
        Press(Intent.CONTINUE),
        See("That was not the code"),
        Press("Send a new code"),
        See("It was sent to m…@nhs.net"),
        WriteCode(),
        Press(Intent.CONTINUE),
        *new_passcode("135246"),
        *UNLOCKED,
    ],
    "an ISO 7816 card, which can be unlocked and nothing else": [
        *START,
        Renew(Family.ISO7816),
        Insert(),
        *answers(*RIGHT),
        See("Enter the code from your email"),
        WriteCode(),
        Press(Intent.CONTINUE),
        *new_passcode("135246"),
        *UNLOCKED,
        Insert(),
        See("Not with this kind of smartcard."),
        Take(),
        *START,
    ],
    "nobody touches the screen": [
        Renew(Family.PIV),
        *START,
        Insert(),
        See(FIRST),
        Write("a"),
        See("This screen closes in"),
        Press("I need more time"),
        Write("b"),
        See("This screen closes in"),
        See("Please take your smartcard"),
        Take(),
        *START,
    ],
}

AT_LAST: dict[str, Journey] = {
    "a technician looks at the kiosk, and walks away": [
        *START,
        HoldTitle(),
        See("Enter the technician's code"),
        Write("87654321"),
        Press(Intent.CONTINUE),
        See("That was not the code"),
        Write(TECHNICIAN_CODE),
        Press(Intent.CONTINUE),
        See("The kiosk looks at itself"),
        See("How this kiosk is"),
        See("no card in it"),
        See("This screen closes in"),
        *START,
    ],
}
