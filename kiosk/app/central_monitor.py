# SPDX-License-Identifier: Apache-2.0
"""The central monitor: checks every ten seconds whether central answers, and for new contacts."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from kiosk.errors import CentralRefused, KioskError, StoreFailed
from kiosk.flow import events as ev
from kiosk.flow.view import Contact
from kiosk.visits import VisitContext

_log = logging.getLogger(__name__)

SECONDS = 10.0


class CentralMonitor:
    """Reports to the flow, through `send`, whether central answers, and its contacts.

    `contacts` returns the present contacts; `known` are those that the kiosk started with.
    """

    def __init__(
        self,
        context: VisitContext,
        send: Callable[[ev.Event], None],
        contacts: Callable[[], tuple[Contact, ...]],
        known: tuple[Contact, ...],
    ) -> None:
        self._context, self._send = context, send
        self._contacts, self._known = contacts, known

    def keep(self, stopped: threading.Event) -> None:
        """Check every ten seconds until `stopped`."""
        while not stopped.is_set():
            try:
                self._check()
            except Exception as error:  # noqa: BLE001 - any error: the next round tries again
                _log.error("central: unexpected %s", type(error).__name__)
            stopped.wait(SECONDS)

    def _check(self) -> None:
        self._send(self._check_central())
        self._report_contacts()
        self._end_open_visits()

    def _report_contacts(self) -> None:
        """Report changed contacts: a kiosk may start before it has got any from central."""
        contacts = self._contacts()
        if contacts and contacts != self._known:
            self._known = contacts
            self._send(ev.ContactsSeen(contacts))

    def _end_open_visits(self) -> None:
        """Try again to end visits that are still open: a full disk may have room by now."""
        try:
            ended = self._context.outbox.catch_up()
        except StoreFailed as error:
            _log.warning("open visits could not be ended: %s", error)
            return
        if ended:
            _log.warning("ended %d visit(s) that had been left open", ended)

    def _check_central(self) -> ev.CentralSeen:
        try:
            self._context.central.health()
            self._context.central.tokens.current()
        except CentralRefused as error:  # revoked, or retired
            _log.warning("central does not know this kiosk: %s", error)
            return ev.CentralSeen(reachable=True, admitted=False)
        except KioskError as error:
            _log.info("central: %s", error)
            return ev.CentralSeen(reachable=False, available_packs=self._count_lent())
        return ev.CentralSeen(reachable=True)

    def _count_lent(self) -> int:
        try:
            return (
                0 if self._context.leases is None else self._context.leases.pack_store.count_ready()
            )
        except StoreFailed as error:
            _log.warning("the packs could not be counted: %s", error)
            return 0
