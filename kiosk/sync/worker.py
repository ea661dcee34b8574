"""The sync's loop: hand over the outbox, note the answers, rest, again."""

from __future__ import annotations

import logging
import random
import threading

from kiosk.contract.messages import Report
from kiosk.errors import CentralError, StoreFailed
from kiosk.link import CentralClient
from kiosk.store.outbox import Outbox
from kiosk.sync import plan
from kiosk.sync.leaving import Departure

_log = logging.getLogger(__name__)


class SyncWorker:
    """Runs until `stop` is set. Facts leave in the order in which they happened."""

    def __init__(self, outbox: Outbox, central: CentralClient, departure: Departure) -> None:
        self._outbox = outbox
        self._central = central
        self._departure = departure
        self._random = random.Random()  # noqa: S311 - spreads load, keeps no secret

    def run(self, stop: threading.Event) -> None:
        """Deliver until stopped, or until the kiosk is retired and has gone."""
        pace = plan.Pace()
        while not stop.is_set() and not self._departure.over():
            pace, more = self.round(pace)
            stop.wait(plan.wait_seconds(pace, more=more, jitter=self._random.random()))

    def round(self, pace: plan.Pace) -> tuple[plan.Pace, bool]:
        """One batch; whether another may follow at once."""
        try:
            items = self._outbox.pending(plan.BATCH)
            if not items:
                # Whoever has nothing to ask still says that it is there, and hears if it is to go.
                self._central.tokens.current()
                return plan.after_success(pace), False
            outcome = self._central.report(Report(items=items))
            self._outbox.acknowledge(outcome.items)
        except (CentralError, StoreFailed) as error:
            _log.warning("central or the store: %s", error)
            return plan.after_failure(pace), False
        if not {item.id for item in items} & {each.id for each in outcome.items}:
            _log.warning("outbox: central names none of what it was handed")
            return plan.after_failure(pace), False
        _log.info("outbox: %d handed over", len(items))
        return plan.after_success(pace), len(items) == plan.BATCH
