# SPDX-License-Identifier: Apache-2.0
"""The screen of a kiosk that cannot start: the contacts, bright at first, then dim and at rest.

Nobody may come for days, and each attempt to start shows the same words again: they must not burn
in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import count

from kiosk import flow
from kiosk.flow.events import Event
from kiosk.flow.overlays.dark_screen import MOVE_SECONDS
from kiosk.flow.view import View

AWAKE_SECONDS = 60.0  # of the three minutes until the next attempt to start the kiosk


class Outage:
    """Shows the contacts by `run`, then dims the display until `hear` gets any event."""

    def __init__(
        self,
        site: flow.Site,
        dim: Callable[[bool], None],
        awake_seconds: float = AWAKE_SECONDS,
        move_seconds: float = MOVE_SECONDS,
    ) -> None:
        self._site, self._dim = site, dim
        self._awake_seconds, self._move_seconds = awake_seconds, move_seconds
        self._touched = threading.Event()
        self._closed = threading.Event()

    def hear(self, _: Event) -> None:
        """Note that a user is there, whatever the event is. May be called from any thread."""
        self._touched.set()

    def close(self) -> None:
        """End `run`. May be called from any thread."""
        self._closed.set()
        self._touched.set()

    def run(self, show: Callable[[View], None]) -> None:
        """Show the page until `close`."""
        while not self._closed.is_set():
            self._dim(False)
            show(flow.out_of_order(self._site))
            while self._touched_within(self._awake_seconds) or not self._site.rest_seconds:
                if self._closed.is_set():
                    return
            self._rest(show)

    def _rest(self, show: Callable[[View], None]) -> None:
        self._dim(True)
        for place in count():
            show(flow.out_of_order_at_rest(self._site, place))
            if self._touched_within(self._move_seconds) or self._closed.is_set():
                return

    def _touched_within(self, seconds: float) -> bool:
        touched = self._touched.wait(seconds)
        self._touched.clear()
        return touched
