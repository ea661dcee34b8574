# SPDX-License-Identifier: Apache-2.0
"""Decides from a card's report what may be done with it, before anything can spend a try."""

from __future__ import annotations

from enum import StrEnum

from kiosk.card.session import CardReport

TRIES_FOR_A_GUESS = 3  # one to spend on a guess, and the last two, which are never risked


class Purpose(StrEnum):
    """The operations that a user can ask for."""

    LOG_IN = "log in"
    CHANGE = "change passcode"
    UNLOCK = "unlock"


class Obstacle(StrEnum):
    """The reasons against an operation; each leads to a page of plain help or to another way."""

    LOCKED = "locked"  # no try of the passcode is left: unlock instead
    UNLOCK_ONLY = "unlock only"  # no certificate and signature: login is impossible
    KEY_SPENT = "unblocking key spent"  # the kiosk cannot help: the RA makes a new card
    KEY_AT_RISK = "unblocking key at risk"  # a wrong key now could spend the last tries


def obstacle(
    report: CardReport, purpose: Purpose, *, tries_needed: int = TRIES_FOR_A_GUESS
) -> Obstacle | None:
    """Return the reason against `purpose`, or None.

    `tries_needed` is the number of tries that the unblocking key must have left; it can be lower if
    it is known which key the card carries. A counter that the card does not report is no obstacle
    here: central's ledger limits those tries.
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
