# SPDX-License-Identifier: Apache-2.0
"""How a kiosk goes out of service: everything handed over, then wiped, and central told."""

from __future__ import annotations

import logging
from typing import Protocol

from kiosk.errors import CentralRefused, CentralUnavailable, SettingsError, StoreFailed
from kiosk.link import CentralClient
from kiosk.store.outbox import Outbox

_log = logging.getLogger(__name__)


class Traces(Protocol):
    """What is on the disk of a kiosk. Each method raises SettingsError where it cannot be done."""

    def begin_to_leave(self) -> None:
        """Wipe the store, and be no kiosk any more, but able to tell central so."""

    def forget(self) -> None:
        """Remove who the kiosk was, and its key."""


class Departure:
    """The last steps of a kiosk, each done once the one before is on the disk.

    `begun`: the store is wiped already; the process may have been started anew since.
    """

    def __init__(
        self, outbox: Outbox, central: CentralClient, traces: Traces, *, begun: bool
    ) -> None:
        self._outbox, self._central, self._traces = outbox, central, traces
        self._begun = begun

    @property
    def begun(self) -> bool:
        """Whether nothing is left here but the news of it, which central has yet to hear."""
        return self._begun

    def over(self) -> bool:
        """Take the next steps, if this kiosk is to go: whether it has gone."""
        try:
            self._begun = self._begun or self._begin()
            if not self._begun:
                return False
            self._tell_central()
            self._traces.forget()
        except (CentralUnavailable, StoreFailed, SettingsError) as error:
            _log.warning("not gone yet: %s", error)
            return False
        _log.warning("this kiosk is retired: nothing of it is left here")
        return True

    def _begin(self) -> bool:
        # Closing fails while something waits in the outbox or a visit is going on.
        if not self._central.tokens.retiring or not self._outbox.close():
            return False
        self._traces.begin_to_leave()
        return True

    def _tell_central(self) -> None:
        try:
            self._central.retire()
        except CentralRefused as error:  # it was told, and the answer was lost; or IT was faster
            _log.warning("central does not know this kiosk any more: %s", error)
