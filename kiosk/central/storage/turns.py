# SPDX-License-Identifier: Apache-2.0
"""The turn to write: one thread at a time, in the order of asking; unlocks come before the rest.

Reports, packs, and the periodic tasks run inside `behind`. So that they cannot be kept waiting for
ever, one of them gets its turn after eight unlocks' in a row.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_IN_A_ROW = 8
_behind: ContextVar[bool] = ContextVar("behind", default=False)


@contextmanager
def behind() -> Iterator[None]:
    """Let this context's transactions, and those of the threads it starts, wait for unlocks."""
    token = _behind.set(True)
    try:
        yield
    finally:
        _behind.reset(token)


class Turns:
    """A lock that is handed to the first in the queue, of two queues."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._first: deque[threading.Event] = deque()
        self._behind: deque[threading.Event] = deque()
        self._in_a_row = 0

    def take(self, seconds: float) -> bool:
        """Wait for the turn, at most so long; return whether it came."""
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            queue = self._behind if _behind.get() else self._first
            mine = threading.Event()
            queue.append(mine)
        if mine.wait(seconds):
            return True
        with self._lock:
            if mine.is_set():
                return True  # it came at the last moment
            queue.remove(mine)
            return False

    def give_back(self) -> None:
        """Hand the turn to the next thread."""
        with self._lock:
            queue = self._next_queue()
            if queue is None:
                self._taken = False
                return
            queue.popleft().set()

    def _next_queue(self) -> deque[threading.Event] | None:
        if self._first and (not self._behind or self._in_a_row < _IN_A_ROW):
            self._in_a_row += 1
            return self._first
        self._in_a_row = 0
        return self._behind or None
