# SPDX-License-Identifier: Apache-2.0
"""What may be done with a card, decided from its report before anything can spend a try."""

from __future__ import annotations

from enum import StrEnum

from kiosk.card.session import CardReport

TRIES_FOR_A_GUESS = 3  # one that may be wasted, and the last two, which are never risked


class Purpose(StrEnum):
    """What somebody wants to do with the card."""

    LOG_IN = "log in"
    CHANGE = "change passcode"
    UNLOCK = "unlock"


class Obstacle(StrEnum):
    """Why it may not be done: each is a page of plain help, or another way to go."""

    LOCKED = "locked"  # no try of the passcode is left: unlock instead
    UNLOCK_ONLY = "unlock only"  # no certificate and signature: nobody can be logged in
    KEY_SPENT = "unblocking key spent"  # nothing the kiosk can do: the RA makes a new card
    KEY_AT_RISK = "unblocking key at risk"  # a wrong key now could spend the last tries


def obstacle(
    report: CardReport, purpose: Purpose, *, tries_needed: int = TRIES_FOR_A_GUESS
) -> Obstacle | None:
    """What forbids `purpose`, or None.

    `tries_needed`: how many the unblocking key must have left, fewer where it is known which one
    the card carries. A counter that the card does not tell forbids nothing here: central's ledger
    keeps it.
    """
    if purpose is Purpose.UNLOCK:
        return _unlock(report.counters.unblocking, tries_needed)
    if purpose is Purpose.LOG_IN and report.unlock_only:
        return Obstacle.UNLOCK_ONLY
    return Obstacle.LOCKED if report.counters.locked else None


def _unlock(left: int | None, needed: int) -> Obstacle | None:
    if left is None:
        return None
    if left == 0:
        return Obstacle.KEY_SPENT
    return Obstacle.KEY_AT_RISK if left < needed else None
