"""What may be done with a card, decided from its report before anything can spend a try."""

from __future__ import annotations

from enum import StrEnum

from kiosk.card.session import CardReport

_KEPT_BACK = 2  # tries of the unblocking key that are never risked


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
    report: CardReport, purpose: Purpose, *, key_is_certain: bool = False
) -> Obstacle | None:
    """What forbids `purpose`, or None.

    `key_is_certain`: it is proven which unblocking key the card carries, so that using it risks
    nothing. A counter that the card does not tell forbids nothing here: central's ledger keeps it.
    """
    if purpose is Purpose.UNLOCK:
        return _unlock(report.counters.unblocking, certain=key_is_certain)
    if purpose is Purpose.LOG_IN and report.unlock_only:
        return Obstacle.UNLOCK_ONLY
    return Obstacle.LOCKED if report.counters.locked else None


def _unlock(left: int | None, *, certain: bool) -> Obstacle | None:
    if left is None:
        return None
    if left == 0:
        return Obstacle.KEY_SPENT
    return Obstacle.KEY_AT_RISK if left <= _KEPT_BACK and not certain else None
