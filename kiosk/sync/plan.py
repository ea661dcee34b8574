"""What the sync does next, and what it does not believe, decided without doing anything: pure.

Whoever breaks into central, or restores the wrong backup, must not empty every kiosk of a trust
within a second. So what looks like that is held back until IT has signed for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kiosk.contract.changes import Cursor
from kiosk.contract.messages import HoldReason
from kiosk.store.replica import Standing

BATCH = 50
PAGE = 500
WAIT_SECONDS = 50
_IDLE_SECONDS = 1.0
_FIRST_RETRY_SECONDS = 1.0
_LONGEST_RETRY_SECONDS = 60.0
_HELD_SECONDS = 60.0

_SHARE = 0.2
"""Of the cards, what may go in a day, or be missing at central, before that is held back."""
_FEW = 20
"""So many may go in any case: a ward's worth, which the RA can put right by hand."""
_DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How the last rounds went."""

    failures: int = 0


def after_success(_: Pace) -> Pace:
    """Central took what it was handed."""
    return Pace()


def after_failure(pace: Pace) -> Pace:
    """Central could not be reached, or did not understand."""
    return Pace(pace.failures + 1)


def wait_seconds(pace: Pace, *, more: bool, jitter: float, held: bool = False) -> float:
    """How long to rest: not at all while there is more, longer after each failure.

    `jitter` in 0..1 spreads the kiosks of a trust, which all lose the network at once. While
    something is held back, only IT's approval is looked for.
    """
    if not pace.failures:
        if held:
            return _HELD_SECONDS * (0.5 + jitter / 2)
        return 0.0 if more else _IDLE_SECONDS
    doubled: float = _FIRST_RETRY_SECONDS * 2 ** min(pace.failures - 1, 16)
    return min(doubled, _LONGEST_RETRY_SECONDS) * (0.5 + jitter / 2)


# ---------------------------------------------------------------- pages


def position(standing: Standing) -> int:
    """How far the cursor has come."""
    return Cursor.parse(standing.cursor).position if standing.cursor else 0


@dataclass(frozen=True, slots=True)
class Seen:
    """What of a page decides whether it is believed.

    `losses`: so many cards of the replica would go, or lose their registration. `other`: it is of
    an organisation or a key of which the replica is not.
    """

    next: Cursor
    head: int
    total: int
    more: bool
    losses: int
    other: bool = False


def refill(standing: Standing) -> Standing:
    """Begin from nothing, over what is there: the cursor is void."""
    return replace(standing, cursor="", filling=True, generation=standing.generation + 1)


def window(standing: Standing, now: float) -> Standing:
    """Count what goes anew each day. A clock that was set ends the day as well."""
    if 0 <= now - standing.window_since < _DAY_SECONDS:
        return standing
    return replace(standing, window_since=now, window_cards=standing.cards, lost=0)


def doubt(standing: Standing, seen: Seen) -> HoldReason | None:
    """Why not to take the page, or None."""
    if _approved(standing, seen):
        return None
    there = standing.complete and standing.cards > 0
    before = max(standing.window_cards, standing.cards + standing.lost)
    doubts = {
        HoldReason.BACKWARDS: _went_backwards(standing, seen),
        HoldReason.OTHER: seen.other and standing.cards > 0,
        HoldReason.EMPTY: there and seen.total == 0,
        HoldReason.FEWER: there and standing.cards - seen.total > _allowed(standing.cards),
        HoldReason.DELETION: seen.losses > 0 and standing.lost + seen.losses > _allowed(before),
    }
    return next((reason for reason, holds in doubts.items() if holds), None)


def held(standing: Standing, seen: Seen, reason: HoldReason) -> Standing:
    """Hold the page back."""
    return replace(
        standing,
        held_reason=reason,
        held_organisation=seen.next.organisation,
        held_epoch=seen.next.epoch,
        held_head=seen.head,
        held_losses=max(seen.losses, standing.cards - seen.total, 0),
    )


def still_held(standing: Standing, seen: Seen) -> bool:
    """Whether something of this epoch is held back, and IT has not approved of it."""
    return standing.held_reason is not None and standing.held_epoch == seen.next.epoch


def approved(standing: Standing) -> Standing:
    """Go on with what is held back, up to where central's changes had come then."""
    return replace(
        _unheld(standing), approved_epoch=standing.held_epoch, approved_head=standing.held_head
    )


def taken(standing: Standing, seen: Seen) -> Standing:
    """Where the page leads. An approval ends where it was given for."""
    after = replace(
        _unheld(standing),
        cursor=str(seen.next),
        epoch=seen.next.epoch,
        highest=seen.head,
        total=seen.total,
        filling=standing.filling and seen.more,
        complete=standing.complete or not seen.more,
        lost=standing.lost + seen.losses,
    )
    if not _approved(standing, seen):
        return after
    after = replace(after, lost=0, window_cards=0)
    beyond = not seen.more and seen.next.position >= standing.approved_head
    return replace(after, approved_epoch="", approved_head=0) if beyond else after


def _unheld(standing: Standing) -> Standing:
    return replace(
        standing,
        held_reason=None,
        held_organisation=0,
        held_epoch="",
        held_head=0,
        held_losses=0,
    )


def _approved(standing: Standing, seen: Seen) -> bool:
    """Whether IT has signed for this: for this epoch, and for as far as the page reaches or less.

    While there is more the page lies before the head that was approved, or a page behind it.
    """
    if standing.approved_epoch != seen.next.epoch:
        return False
    approved_of = standing.approved_head
    return position(standing) < approved_of or seen.next.position <= approved_of


def _went_backwards(standing: Standing, seen: Seen) -> bool:
    if standing.epoch != seen.next.epoch:
        return False
    return seen.head < standing.highest or seen.next.position < position(standing)


def _allowed(cards: int) -> int:
    return max(_FEW, int(cards * _SHARE))
