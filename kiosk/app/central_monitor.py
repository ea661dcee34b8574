# SPDX-License-Identifier: Apache-2.0
"""Looks out for central, again and again: whether it answers, and what it has to say."""

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
    """Tells the flow through `send` how central stands; `contacts` are central's, once heard of.

    `known` are those with which the kiosk was started.
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
        """Look every ten seconds until `stopped`."""
        while not stopped.is_set():
            try:
                self._look()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is looked again
                _log.error("central: unexpected %s", type(error).__name__)
            stopped.wait(SECONDS)

    def _look(self) -> None:
        self._send(self._seen())
        self._look_for_contacts()
        self._end_what_could_not_be_ended()

    def _look_for_contacts(self) -> None:
        """A kiosk may be started before it has heard from central whom to call."""
        contacts = self._contacts()
        if contacts and contacts != self._known:
            self._known = contacts
            self._send(ev.ContactsSeen(contacts))

    def _end_what_could_not_be_ended(self) -> None:
        """A disk that was full may have room by now."""
        try:
            ended = self._context.outbox.catch_up()
        except StoreFailed as error:
            _log.warning("visits left open: %s", error)
            return
        if ended:
            _log.warning("%d visit(s) had been left open", ended)

    def _seen(self) -> ev.CentralSeen:
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
            _log.warning("packs: %s", error)
            return 0
