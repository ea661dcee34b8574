# SPDX-License-Identifier: Apache-2.0
"""uvicorn's HTTP protocol with a deadline for each part of an exchange.

uvicorn itself limits only the time between two requests, and any byte ends that. Here each part has
a fixed end, whatever arrives meanwhile: the head, the body, and the answer up to its last byte.
"""

from __future__ import annotations

import asyncio
import enum

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from kiosk.central.http.connections import BODY_SECONDS, HEAD_SECONDS, Stage
from kiosk.central.http.door import Guest
from kiosk.contract.replication import LONGEST_WAIT_SECONDS

ANSWER_SECONDS = LONGEST_WAIT_SECONDS + 20.0
"""From a complete request to the last byte of its answer."""
LONGEST_HEAD = 16 * 1024
_LINGER_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 1.0


class _Part(enum.Enum):
    HEAD = enum.auto()
    BODY = enum.auto()
    ANSWER = enum.auto()
    END = enum.auto()


_SECONDS = {
    _Part.HEAD: HEAD_SECONDS,
    _Part.BODY: BODY_SECONDS,
    _Part.ANSWER: ANSWER_SECONDS,
    _Part.END: _LINGER_SECONDS,
}


class TimedProtocol(H11Protocol):
    """A connection that is closed at once if a part of its exchange has not ended in time."""

    guest: Guest

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin with the time that the guest has left since it was accepted."""
        super().connection_made(transport)
        self.guest.transport = transport
        if self.guest.address is not None:
            self.client = self.guest.address, 0
        self._part = _Part.HEAD
        self._answer_by = 0.0
        self._timer = self.loop.call_at(self.guest.accepted_at + HEAD_SECONDS, self._expire)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the timer."""
        self._timer.cancel()
        self.guest.leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Handle what arrived, and see which part of the exchange has begun."""
        super().data_received(data)
        self._follow()

    def on_response_complete(self) -> None:
        """Go on with the next request, if there is to be one."""
        super().on_response_complete()
        self._follow()

    def _follow(self) -> None:
        part = self._present_part()
        if part is self._part:
            return
        if part is _Part.ANSWER:
            self.guest.move(Stage.BUSY)
            self._answer_by = self.loop.time() + ANSWER_SECONDS
        elif self._part is _Part.ANSWER:
            self.guest.move(Stage.IDLE)
        self._part = part
        self._timer.cancel()
        self._timer = self.loop.call_later(_SECONDS[part], self._expire)

    def _present_part(self) -> _Part:
        if self.transport.is_closing():
            return _Part.END
        if self.conn.their_state is h11.IDLE:
            return _Part.HEAD
        if self.conn.their_state is h11.SEND_BODY:
            return _Part.BODY
        return _Part.ANSWER

    def _expire(self) -> None:
        """Close the connection, unless the client is still reading an answer within its time."""
        if self.transport.get_write_buffer_size() and self.loop.time() < self._answer_by:
            self._timer = self.loop.call_later(_LOOK_AGAIN_SECONDS, self._expire)
            return
        self.transport.abort()
