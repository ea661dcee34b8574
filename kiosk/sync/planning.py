# SPDX-License-Identifier: Apache-2.0
"""Decides the sync's next step and which pages it does not trust; it only computes.

An attacker in central, or a restore of the wrong backup, must not empty every kiosk of a trust
within a second. So a page that looks like that is held back until IT has signed for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kiosk.contract.messages import HoldReason
from kiosk.contract.replication import Cursor
from kiosk.errors import CentralBusy
from kiosk.store.replica import ReplicaState

BATCH = 50
PAGE = 500
WAIT_SECONDS = 50
_IDLE_SECONDS = 1.0
_FIRST_RETRY_SECONDS = 1.0
_LONGEST_RETRY_SECONDS = 60.0
_HELD_SECONDS = 60.0

_SHARE = 0.2
"""The share of the cards that may disappear in a day, or be missing at central, without a hold."""
_FEW = 20
"""So many cards may always disappear: a ward's worth, which the RA can restore by hand."""
_DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Pace:
    """The number of rounds that failed in a row, and the seconds that central asked to wait."""

    failures: int = 0
    at_least: float = 0.0


def after_success(_: Pace) -> Pace:
    """Return the pace after a round that worked."""
    return Pace()


def after_failure(pace: Pace, error: Exception | None = None) -> Pace:
    """Return the pace after a round without an answer, or with an unreadable one."""
    asked = error.retry_after_seconds if isinstance(error, CentralBusy) else 0
    return Pace(pace.failures + 1, asked)


def wait_seconds(pace: Pace, *, more: bool, jitter: float, held: bool = False) -> float:
    """Return the seconds until the next round: 0 while there is more, longer after each failure.

    `jitter` in 0..1 spreads the kiosks of a trust, which all lose the network at once. It is never
    shorter than central asked. While something is `held`, the rounds only look for IT's approval.
    """
    if not pace.failures:
        if held:
            return _HELD_SECONDS * (0.5 + jitter / 2)
        return 0.0 if more else _IDLE_SECONDS
    doubled: float = _FIRST_RETRY_SECONDS * 2 ** min(pace.failures - 1, 16)
    backoff = min(doubled, _LONGEST_RETRY_SECONDS) * (0.5 + jitter / 2)
    return max(backoff, pace.at_least * (1.0 + jitter / 2))


# ---------------------------------------------------------------- pages


def position(state: ReplicaState) -> int:
    """Return the position of the state's cursor."""
    return Cursor.parse(state.cursor).position if state.cursor else 0


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts about a page by which it is trusted or not.

    `losses` is the number of cards in the replica that would disappear or lose their registration.
    `other`: the page has another organisation or key than the replica.
    """

    next: Cursor
    head: int
    total: int
    more: bool
    losses: int
    other: bool = False


def refill(state: ReplicaState) -> ReplicaState:
    """Return the state that begins a new fill over the existing rows; the cursor is void."""
    return replace(state, cursor="", filling=True, generation=state.generation + 1)


def window(state: ReplicaState, now: float) -> ReplicaState:
    """Return the state with a new daily count of losses, if the day is over.

    A clock that was set back, or ahead by a day, ends the day as well.
    """
    if 0 <= now - state.window_since < _DAY_SECONDS:
        return state
    return replace(state, window_since=now, window_cards=state.cards, lost=0)


def doubt(state: ReplicaState, seen: Seen) -> HoldReason | None:
    """Return the reason to hold the page back, or None."""
    if _approved(state, seen):
        return None
    there = state.complete and state.cards > 0
    before = max(state.window_cards, state.cards + state.lost)
    doubts = {
        HoldReason.BACKWARDS: _went_backwards(state, seen),
        HoldReason.OTHER: seen.other and state.cards > 0,
        HoldReason.EMPTY: there and seen.total == 0,
        HoldReason.FEWER: there and state.cards - seen.total > _allowed(state.cards),
        HoldReason.DELETION: seen.losses > 0 and state.lost + seen.losses > _allowed(before),
    }
    return next((reason for reason, holds in doubts.items() if holds), None)


def held(state: ReplicaState, seen: Seen, reason: HoldReason) -> ReplicaState:
    """Return the state that holds the page back."""
    return replace(
        state,
        held_reason=reason,
        held_organisation=seen.next.organisation,
        held_epoch=seen.next.epoch,
        held_head=seen.head,
        held_losses=max(seen.losses, state.cards - seen.total, 0),
    )


def still_held(state: ReplicaState, seen: Seen) -> bool:
    """Return whether something of this epoch is held back without IT's approval."""
    return state.held_reason is not None and state.held_epoch == seen.next.epoch


def approved(state: ReplicaState) -> ReplicaState:
    """Return the state that goes on with the held changes, up to central's head at that time."""
    return replace(_unheld(state), approved_epoch=state.held_epoch, approved_head=state.held_head)


def taken(state: ReplicaState, seen: Seen) -> ReplicaState:
    """Return the state after the page; an approval ends at the head that it was given for."""
    after = replace(
        _unheld(state),
        cursor=str(seen.next),
        epoch=seen.next.epoch,
        highest=seen.head,
        total=seen.total,
        filling=state.filling and seen.more,
        complete=state.complete or not seen.more,
        lost=state.lost + seen.losses,
    )
    if not _approved(state, seen):
        return after
    after = replace(after, lost=0, window_cards=0)
    beyond = not seen.more and seen.next.position >= state.approved_head
    return replace(after, approved_epoch="", approved_head=0) if beyond else after


def _unheld(state: ReplicaState) -> ReplicaState:
    return replace(
        state,
        held_reason=None,
        held_organisation=0,
        held_epoch="",
        held_head=0,
        held_losses=0,
    )


def _approved(state: ReplicaState, seen: Seen) -> bool:
    """Return whether IT has approved this epoch, as far as the page reaches.

    While there is more, the page is before the approved head, or is the page that passes it.
    """
    if state.approved_epoch != seen.next.epoch:
        return False
    approved_of = state.approved_head
    return position(state) < approved_of or seen.next.position <= approved_of


def _went_backwards(state: ReplicaState, seen: Seen) -> bool:
    if state.epoch != seen.next.epoch:
        return False
    return seen.head < state.highest or seen.next.position < position(state)


def _allowed(cards: int) -> int:
    return max(_FEW, int(cards * _SHARE))
