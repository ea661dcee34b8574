# SPDX-License-Identifier: Apache-2.0
"""A deadline for a whole exchange over a network, from the connection to the last byte.

A socket's time-out is for one read: a peer that sends a byte every few seconds never meets it. So
a timer shuts the connections of the exchange down, and whoever reads from them gets an error.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType

_current = threading.local()


class DeadlinePassed(OSError):
    """The exchange took too long."""


class Deadline:
    """Ends the exchange that the calling thread makes inside the block after `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._passed = False
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Deadline:
        _current.deadline = self
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        _current.deadline = None
        with self._lock:
            while self._sockets:
                self._sockets.pop().close()

    @property
    def passed(self) -> bool:
        """Return whether the connections were shut down."""
        return self._passed

    def remaining(self) -> float:
        """Return the seconds that are left. Raises DeadlinePassed if none are."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise DeadlinePassed
        return left

    def watch(self, connected: socket.socket) -> None:
        """Shut `connected` down when the deadline passes. Raises DeadlinePassed if it has.

        This keeps a descriptor of its own: the one of `connected` goes to another object at the
        begin of a TLS handshake.
        """
        with self._lock:
            if self._passed:
                raise DeadlinePassed
            self._sockets.append(socket.socket(fileno=os.dup(connected.fileno())))

    def _cut(self) -> None:
        with self._lock:
            self._passed = True
            for each in self._sockets:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)


def current() -> Deadline | None:
    """Return the deadline of the exchange that this thread is making."""
    found: Deadline | None = getattr(_current, "deadline", None)
    return found


def connect(host: str, port: int, at_most: float) -> socket.socket:
    """Return a connected socket within `at_most` seconds, whatever addresses `host` has.

    Raises OSError, also for a name that cannot be encoded.
    """
    deadline = current()
    ends = time.monotonic() + at_most
    failed: OSError = OSError("no address")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise socket.gaierror(socket.EAI_NONAME, "The host name cannot be looked up") from error
    for family, kind, protocol, _, address in found:
        left = ends - time.monotonic()
        if deadline is not None:
            left = min(left, deadline.remaining())
        if left <= 0:
            break
        made = socket.socket(family, kind, protocol)
        try:
            made.settimeout(left)
            made.connect(address)
        except OSError as error:
            made.close()
            failed = error
        else:
            return made
    raise failed
