# SPDX-License-Identifier: Apache-2.0
"""Runs the sync: a delivery loop and a replication loop, neither of which waits for the other."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

from nacl.signing import VerifyKey

from kiosk.contract.messages import KioskDeed, KioskEvent
from kiosk.errors import StoreFailed
from kiosk.link import CentralClient
from kiosk.store.outbox import Outbox
from kiosk.store.replica import Replica
from kiosk.sync import health, planning
from kiosk.sync.delivery import Delivery
from kiosk.sync.replication import Replication
from kiosk.sync.retirement import Departure

_log = logging.getLogger(__name__)
DELIVERY, FOLLOWING = "delivery", "following"
_HEALTH_SECONDS = 3600.0
_END_SECONDS = 1.0


class SyncWorker:
    """Runs until `stop` is set; work in progress is then rolled back, as after a power cut.

    `been` is called with the name of a loop after each of its rounds.
    """

    def __init__(
        self,
        outbox: Outbox,
        replica: Replica,
        central: CentralClient,
        departure: Departure,
        *,
        kiosk: str,
        state_directory: Path,
        approval_key: VerifyKey | None = None,
        been: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._been = been
        self._outbox = outbox
        self._replica = replica
        self._central = central
        self._departure = departure
        self._state_directory = state_directory
        self._random = random.Random()  # noqa: S311 - spreads load, keeps no secret
        self._delivery = Delivery(outbox, central)
        self._health_due = threading.Event()
        self._following = Replication(
            replica,
            outbox,
            central,
            kiosk=kiosk,
            approval_key=approval_key,
            changed=self._health_due.set,
        )

    def run(self, stop: threading.Event) -> bool:
        """Deliver and replicate until stopped or retired; return False if a loop ended itself."""
        self._begin()
        ended = threading.Event()

        def until_ended(loop: Callable[[threading.Event], None]) -> None:
            try:
                loop(stop)
            finally:
                if not stop.is_set():
                    ended.set()
                    stop.set()

        # Daemon threads: the process must not wait for a long poll when it ends.
        threads = [
            threading.Thread(target=until_ended, args=(loop,), name=name, daemon=True)
            for name, loop in ((DELIVERY, self._deliver), (FOLLOWING, self._follow))
        ]
        for thread in threads:
            thread.start()
        stop.wait()
        for thread in threads:
            thread.join(_END_SECONDS)
        return not ended.is_set()

    def _begin(self) -> None:
        try:
            self._outbox.offer_again()
            self._outbox.note(KioskEvent(deed=KioskDeed.SYNC_STARTED))
        except StoreFailed as error:
            _log.warning("start not recorded: %s", error)

    def _deliver(self, stop: threading.Event) -> None:
        pace, measured = planning.Pace(), -_HEALTH_SECONDS
        while not stop.is_set():
            if self._departure.over():
                stop.set()
                return
            if self._health_due.is_set() or time.monotonic() - measured >= _HEALTH_SECONDS:
                self._health_due.clear()
                measured = time.monotonic()
                self._tell_health()
            pace, more = self._delivery.round(pace)
            self._been(DELIVERY)
            stop.wait(planning.wait_seconds(pace, more=more, jitter=self._random.random()))

    def _follow(self, stop: threading.Event) -> None:
        pace = planning.Pace()
        # A kiosk that retires fetches nothing more, because it would have to wipe it.
        while not stop.is_set():
            self._been(FOLLOWING)
            if self._departure.begun or self._central.tokens.retiring:
                stop.wait(planning.wait_seconds(pace, more=False, jitter=1.0))
                continue
            pace, more, held = self._following.round(pace)
            jitter = self._random.random()
            stop.wait(planning.wait_seconds(pace, more=more and not held, jitter=jitter, held=held))

    def _tell_health(self) -> None:
        ahead = self._delivery.clock_ahead
        try:
            self._delivery.tell(
                health.measure(self._outbox, self._replica, self._state_directory, ahead)
            )
        except (StoreFailed, OSError) as error:
            _log.warning("health not measured: %s", error)
