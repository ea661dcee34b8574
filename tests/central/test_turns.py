# SPDX-License-Identifier: Apache-2.0
"""Turns to write go to unlocks first, and now and then to the others."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from kiosk.central.storage import turns
from kiosk.central.storage.turns import Turns
from tests.patience import PATIENCE, wait_until


class Queue:
    """Threads that wait for a turn, and the order in which they got it."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.order: list[str] = []
        self._threads: list[threading.Thread] = []

    def ask(self, name: str, *, behind: bool = False) -> None:
        """Have a thread ask, and return once it waits."""
        before = self._waiting()
        thread = threading.Thread(target=self._go, args=(name, behind))
        thread.start()
        self._threads.append(thread)
        wait_until(lambda: self._waiting() > before, f"{name} waits")

    def go(self) -> list[str]:
        """Give the turn back that the test holds; return the order of all others."""
        self.turns.give_back()
        for each in self._threads:
            each.join(PATIENCE)
        return self.order

    def _waiting(self) -> int:
        return len(self.turns._first) + len(self.turns._behind)

    def _go(self, name: str, behind: bool) -> None:
        with ExitStack() as stack:
            if behind:
                stack.enter_context(turns.behind())
            assert self.turns.take(PATIENCE)
            self.order.append(name)
            self.turns.give_back()


@pytest.fixture
def queue() -> Queue:
    made = Queue()
    assert made.turns.take(0)
    return made


def test_unlocks_come_before_reports_each_in_the_order_of_asking(queue: Queue) -> None:
    for name in ("report 1", "report 2"):
        queue.ask(name, behind=True)
    for name in ("unlock 1", "unlock 2"):
        queue.ask(name)
    assert queue.go() == ["unlock 1", "unlock 2", "report 1", "report 2"]


def test_a_report_gets_its_turn_however_many_unlocks_there_are(queue: Queue) -> None:
    queue.ask("report", behind=True)
    for number in range(12):
        queue.ask(f"unlock {number}")
    assert queue.go().index("report") == 8


def test_who_waits_in_vain_leaves_the_queue(queue: Queue) -> None:
    assert not queue.turns.take(0.01)
    queue.ask("unlock")
    assert queue.go() == ["unlock"]
    assert queue.turns.take(0)
