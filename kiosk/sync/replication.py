# SPDX-License-Identifier: Apache-2.0
"""Follows central's changes page by page, each with its cursor; holds back pages that it doubts."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from nacl.signing import VerifyKey

from kiosk.contract.approval import Approval, HeldChange, signed_by
from kiosk.contract.messages import HoldReason, KioskDeed, KioskEvent, ProblemType
from kiosk.contract.replication import ChangePage, Cursor
from kiosk.errors import CentralError, CentralRefused, CentralUnavailable, StoreFailed
from kiosk.link import CentralClient
from kiosk.store.outbox import Outbox
from kiosk.store.replica import Replica, ReplicaState
from kiosk.sync import planning

_log = logging.getLogger(__name__)
_LOGGED_PARTS = 10  # of a first fill


class Replication:
    """Follows changes; `approval_key` is IT's, None if this kiosk accepts no approval.

    `changed` is called when something begins or ceases to be held back.
    """

    def __init__(
        self,
        replica: Replica,
        outbox: Outbox,
        central: CentralClient,
        *,
        kiosk: str,
        approval_key: VerifyKey | None,
        changed: Callable[[], None],
    ) -> None:
        self._replica = replica
        self._outbox = outbox
        self._central = central
        self._kiosk = kiosk
        self._approval_key = approval_key
        self._changed = changed
        self._forged: Approval | None = None

    def round(self, pace: planning.Pace) -> tuple[planning.Pace, bool, bool]:
        """Fetch one page and apply it or hold it back.

        Return the pace, whether another page may follow at once, and whether something is held
        back.
        """
        try:
            state = self._replica.state()
            page = self._fetch(state)
            if page is None:
                return planning.after_success(pace), False, False
            after = self._consider(page, state)
        except (CentralError, StoreFailed) as error:
            _log.warning("changes not taken: %s", error)
            return planning.after_failure(pace, error), False, False
        return planning.after_success(pace), page.more, after.held_reason is not None

    def _fetch(self, state: ReplicaState) -> ChangePage | None:
        """Return the next page, or None if the cursor is void and a new fill begins."""
        long_poll = not state.filling and state.held_reason is None
        wait = planning.WAIT_SECONDS if long_poll else 0
        try:
            return self._central.changes(state.cursor, planning.PAGE, wait)
        except CentralRefused as refused:
            if refused.problem != ProblemType.CURSOR_VOID or not state.cursor:
                raise
        _log.warning("replica: the cursor is void; a new fill begins")
        self._replica.note(planning.refill(state))
        self._tell(KioskDeed.REFILL_BEGUN)
        return None

    def _consider(self, page: ChangePage, state: ReplicaState) -> ReplicaState:
        """Apply the page or hold it back; return the replica's progress after it."""
        cursor = Cursor.parse(page.next)
        stands_still = page.more and cursor.position == planning.position(state)
        if cursor.epoch != page.epoch or stands_still or not (page.key or state.key):
            raise CentralUnavailable("a page contradicts itself")
        again = self._outbox.prepare_for(page.epoch)
        if again:
            _log.warning("central has a new epoch: %d facts are reported again", again)
        seen = self._seen(page, state, cursor)
        state = planning.window(state, time.time())
        if planning.still_held(state, seen):
            state = self._approve(page, state)
        if planning.still_held(state, seen):
            return state
        reason = planning.doubt(state, seen)
        if reason is not None:
            return self._hold(state, seen, reason)
        return self._take(page, state, seen)

    def _seen(self, page: ChangePage, state: ReplicaState, cursor: Cursor) -> planning.Seen:
        losses = self._replica.losses(page)
        if state.filling and not page.more:
            losses += self._replica.unconfirmed(page, state.generation)
        return planning.Seen(
            next=cursor,
            head=page.head,
            total=page.total,
            more=page.more,
            losses=losses,
            other=page.key is not None and state.key not in (b"", page.key),
        )

    def _take(self, page: ChangePage, state: ReplicaState, seen: planning.Seen) -> ReplicaState:
        after = replace(
            planning.taken(state, seen),
            key=page.key or state.key,
            policy=page.policy.model_dump_json(),
            audit_head=_head(page, state),
        )
        if page.backed_up is not None:
            self._outbox.forget(page.backed_up)
        if after == state and not page.items:
            return state
        if seen.other:
            self._replica.clear(replace(state, key=page.key or b""))
        swept = state.filling and not page.more
        after = self._replica.apply(page, after, sweep=swept)
        if state.filling:
            self._tell_progress(state, after)
        if state.held_reason is not None:
            self._changed()
        return after

    def _tell_progress(self, before: ReplicaState, after: ReplicaState) -> None:
        if not after.filling:
            _log.info("replica: fill ended, %d cards", after.cards)
            self._tell(KioskDeed.REFILLED, f"{after.cards} cards")
            return
        parts = [_LOGGED_PARTS * each.cards // max(after.total, 1) for each in (before, after)]
        if parts[0] != parts[1]:
            _log.info("replica: %d of about %d cards", after.cards, after.total)

    # ------------------------------------------------------------ holding back

    def _hold(self, state: ReplicaState, seen: planning.Seen, reason: HoldReason) -> ReplicaState:
        after = planning.held(state, seen, reason)
        self._replica.note(after)
        _log.error(
            "changes held back until IT approves: %s (%d of %d cards, epoch %s, position %d)",
            reason,
            after.held_losses,
            after.cards,
            after.held_epoch,
            after.held_head,
        )
        self._tell(KioskDeed.HELD_BACK, reason)
        self._changed()
        return after

    def _approve(self, page: ChangePage, state: ReplicaState) -> ReplicaState:
        """Go on with the held changes if IT has signed for exactly those."""
        approval = page.approval
        if approval is None or approval == self._forged:
            return state
        expected = HeldChange(
            organisation=state.held_organisation,
            kiosk=self._kiosk,
            epoch=state.held_epoch,
            head=state.held_head,
        )
        key = self._approval_key
        if approval.held != expected or key is None or not signed_by(key, approval):
            self._forged = approval
            _log.error("approval refused: not signed by IT, or not for the changes held here")
            self._tell(KioskDeed.APPROVAL_REFUSED)
            return state
        after = planning.approved(state)
        self._replica.note(after)
        _log.warning("IT approved the changes that were held back")
        self._tell(KioskDeed.APPROVED)
        self._changed()
        return after

    def _tell(self, deed: KioskDeed, detail: str = "") -> None:
        self._outbox.note(KioskEvent(deed=deed, detail=detail))


def _head(page: ChangePage, state: ReplicaState) -> str:
    """Return the newest checkpoint of central's audit; it also goes to this kiosk's log."""
    if page.audit is None:
        return state.audit_head
    checkpoint = page.audit.model_dump_json()
    if checkpoint != state.audit_head:
        _log.info("%s", page.audit)
    return checkpoint
