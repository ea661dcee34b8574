# SPDX-License-Identifier: Apache-2.0
"""Delivers the outbox to central, in the order of the facts, until central has answered for each.

The kiosk's health is sent last and kept in memory only: it is measured again and again on an idle
kiosk, and an idle kiosk does not write to its disk.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from uuid import uuid4

from kiosk.contract.messages import KioskHealth, OutboxItem, ProblemType, Report, ReportOutcome
from kiosk.errors import CentralError, CentralRefused, StoreFailed
from kiosk.link import CentralClient
from kiosk.store.outbox import Outbox
from kiosk.sync import planning

_log = logging.getLogger(__name__)
_NOT_UNDERSTOOD = (ProblemType.INVALID_REQUEST, ProblemType.TOO_LARGE)


class Delivery:
    """Delivers facts; measures `clock_ahead`, the seconds by which this clock leads central's."""

    def __init__(self, outbox: Outbox, central: CentralClient) -> None:
        self._outbox = outbox
        self._central = central
        self._health: OutboxItem | None = None
        self.clock_ahead: float | None = None

    def tell(self, health: KioskHealth) -> None:
        """Send this health once nothing else waits; it replaces one that was not sent yet."""
        self._health = OutboxItem(id=uuid4(), recorded_at=datetime.now(UTC), fact=health)

    def round(self, pace: planning.Pace) -> tuple[planning.Pace, bool]:
        """Deliver one batch; return the pace, and whether another batch may follow at once."""
        try:
            items = self._outbox.pending(planning.BATCH)
            if not items and self._health is not None:
                self._hand_over_health(self._health)
                return planning.after_success(pace), False
            if not items:
                # An idle kiosk still contacts central, and so learns if it must retire.
                self._central.tokens.current()
                return planning.after_success(pace), False
            answered = self._hand_over(items)
        except (CentralError, StoreFailed) as error:
            _log.warning("outbox not delivered: %s", error)
            return planning.after_failure(pace, error), False
        if not answered:
            _log.warning("outbox: central answered for none of the items")
            return planning.after_failure(pace), False
        _log.info("outbox: %d delivered", answered)
        return planning.after_success(pace), len(items) == planning.BATCH

    def _hand_over(self, items: tuple[OutboxItem, ...]) -> int:
        """Return how many items were answered or put aside; an unreadable one blocks no other."""
        ids = [item.id for item in items]
        try:
            outcome = self._central.report(Report(items=items))
        except CentralRefused as refused:
            if refused.problem not in _NOT_UNDERSTOOD:
                self._outbox.failed(ids, refused.problem)
                raise
            if len(items) > 1:
                middle = len(items) // 2
                return self._hand_over(items[:middle]) + self._hand_over(items[middle:])
            _log.error("outbox: central cannot read %s: %s", ids[0], refused.problem)
            self._outbox.not_understood(ids[0], refused.problem)
            return 1
        except CentralError as error:
            self._outbox.failed(ids, type(error).__name__)
            raise
        self._compare_clocks(outcome)
        self._outbox.acknowledge(outcome)
        return len(set(ids) & {each.id for each in outcome.items})

    def _hand_over_health(self, item: OutboxItem) -> None:
        try:
            self._compare_clocks(self._central.report(Report(items=(item,))))
        except CentralRefused as refused:
            if refused.problem not in _NOT_UNDERSTOOD:
                raise
            _log.error("central cannot read the health: %s", refused.problem)
        if self._health is item:  # keep a newer one that came in the meantime
            self._health = None

    def _compare_clocks(self, outcome: ReportOutcome) -> None:
        self.clock_ahead = (datetime.now(UTC) - outcome.received_at).total_seconds()
