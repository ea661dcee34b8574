# SPDX-License-Identifier: Apache-2.0
"""Refusals of central: a card that the RA stopped, and wrong answers."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from kiosk.demo.journey import (
    Insert,
    Journey,
    Press,
    Renew,
    See,
    Take,
    Wait,
    Write,
    WriteCode,
    new_passcode,
)
from kiosk.demo.premises import Premises
from kiosk.flow.view import Intent
from kiosk.values import Family
from tests.journeys.happening import Do, Story
from tests.journeys.stories import FIRST, RIGHT, START, UNLOCKED, answers

_BUSY_SECONDS = 10.0
_WRONG = ("Anna", "Mill Lane", "Bangor", None)
_THE_SAME_AGAIN: Journey = [  # what was typed is kept
    *(step for step in answers(*_WRONG) if not isinstance(step, Write))
]


def _ra(*command: str) -> Do:
    """Return a step in which the RA gives a command about the cardholder's card."""

    def deed(premises: Premises) -> None:
        premises.central.run(*command, premises.card.serial)

    return Do(f"the RA: {' '.join(command)}", deed)


def _four_failures_long_ago(premises: Premises) -> None:
    """Set central's data to four failed attempts whose last wait is over."""
    with closing(_database(premises)) as database, database:
        (card,) = database.execute(
            "SELECT id FROM card WHERE serial = ?", (premises.card.serial,)
        ).fetchone()
        for table, key in (("card", "id"), ("registration", "card_id")):
            database.execute(
                f"UPDATE {table} SET failures = 4, not_before = NULL WHERE {key} = ?",
                (card,),
            )


def _database(premises: Premises) -> sqlite3.Connection:
    return sqlite3.connect(premises.central.folder / "central.sqlite3", timeout=_BUSY_SECONDS)


REFUSALS: dict[str, Story] = {
    "a card that the RA stopped, and let be used again": [
        Renew(Family.PIV),
        *START,
        _ra("cards", "suspend"),
        Insert(),
        See("This smartcard cannot be unlocked here"),
        See("It is not in use at present."),
        See("ext. 3333"),
        Take(),
        Press(Intent.CLOSE),
        *START,
        _ra("cards", "activate"),
        Insert(),
        See(FIRST),
        Take(),
        *START,
    ],
    "a pause after wrong answers, and the end of them": [
        Renew(Family.PIV),
        *START,
        Insert(),
        *answers(*_WRONG),
        See("Too few answers were right"),
        Wait(2.0),  # as it says
        *_THE_SAME_AGAIN,
        See("Too few answers were right"),
        Take(),
        *START,
        Insert(),
        See("Please wait before you try again"),
        See("a pause follows"),
        Take(),
        Press(Intent.CLOSE),
        *START,
        Do("two more, a while ago", _four_failures_long_ago),
        Insert(),
        *answers(*_WRONG),
        See("Enter the code from your email"),
        WriteCode(),
        Press(Intent.CONTINUE),
        See("Self service is locked for this smartcard"),
        See("ext. 3333"),
        Take(),
        Press(Intent.CLOSE),
        *START,
        _ra("registrations", "release"),
        Insert(),
        *answers(*RIGHT[:3], None),
        *new_passcode("519846"),
        *UNLOCKED,
    ],
}
