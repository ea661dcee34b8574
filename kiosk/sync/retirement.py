# SPDX-License-Identifier: Apache-2.0
"""Retires a kiosk: its outbox is delivered, its data is wiped, and central is told."""

from __future__ import annotations

import logging
from typing import Protocol

from kiosk.errors import CentralRefused, CentralUnavailable, SettingsError, StoreFailed
from kiosk.link import CentralClient
from kiosk.store.outbox import Outbox

_log = logging.getLogger(__name__)


class Traces(Protocol):
    """The kiosk's data on its disk; each method raises SettingsError if it fails."""

    def begin_to_leave(self) -> None:
        """Wipe the store and end the enrolment, but keep what is needed to tell central."""

    def forget(self) -> None:
        """Remove the kiosk's identity and its key."""


class Departure:
    """The last steps of a kiosk; each is done once the one before is on the disk.

    `begun`: the store is already wiped; the process may have restarted since.
    """

    def __init__(
        self, outbox: Outbox, central: CentralClient, traces: Traces, *, begun: bool
    ) -> None:
        self._outbox, self._central, self._traces = outbox, central, traces
        self._begun = begun

    @property
    def begun(self) -> bool:
        """Whether the data is wiped and only the report to central is left."""
        return self._begun

    def over(self) -> bool:
        """Take the next steps of a retirement, if there is one; return whether it is complete."""
        try:
            self._begun = self._begun or self._begin()
            if not self._begun:
                return False
            self._tell_central()
            self._traces.forget()
        except (CentralUnavailable, StoreFailed, SettingsError) as error:
            _log.warning("retirement not complete yet: %s", error)
            return False
        _log.warning("this kiosk is retired; its data is wiped")
        return True

    def _begin(self) -> bool:
        # Closing fails while facts wait in the outbox or a visit is open.
        if not self._central.tokens.retiring or not self._outbox.close():
            return False
        self._traces.begin_to_leave()
        return True

    def _tell_central(self) -> None:
        try:
            self._central.retire()
        except CentralRefused as error:  # central's first answer was lost, or IT was faster
            _log.warning("central no longer knows this kiosk: %s", error)
