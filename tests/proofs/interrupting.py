# SPDX-License-Identifier: Apache-2.0
"""Interruptions from outside: something happens to a card or a network at a given moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from kiosk.demo.issued_cards import IssuedCard
from kiosk.simulated.piv_card import PivMemory
from kiosk.simulated.virtual_card import Left

_UNBLOCK, _CHANGE_OF_KEY = 0x2C, bytes((0x24, 0x81))  # INS; INS and P2


@dataclass(frozen=True)
class CardPoint:
    """The n-th command of a visit, before or after the card has acted on it."""

    command: int
    acted: bool
    deed: str

    def __str__(self) -> str:
        return f"{self.deed} {'after' if self.acted else 'before'} command {self.command}"


@dataclass(frozen=True)
class NetworkPoint:
    """A request, before it reaches central or after central has answered."""

    request: str
    moment: str
    deed: str

    def __str__(self) -> str:
        return f"{self.deed} {self.moment} {self.request}"


Point = CardPoint | NetworkPoint


class Disturbance:
    """An interruption at a point; it knows whether it has begun and is over."""

    def __init__(self, do: Callable[[], None]) -> None:
        self._do = do
        self.begun, self.over = threading.Event(), threading.Event()

    def __call__(self) -> None:
        """Run the interruption."""
        self.begun.set()
        try:
            self._do()
        finally:
            self.over.set()


class WatchedCard:
    """A card that is disturbed at its n-th command, and counts the tries that it lost."""

    def __init__(self, card: IssuedCard) -> None:
        self.card = card
        self.commands = 0
        self.lost_in_visit = 0
        self.least_left = card.unblocking_left
        self.torn = 0
        self._point: CardPoint | None = None
        self._deed: Callable[[], None] = lambda: None

    def begin_visit(self, point: CardPoint | None, deed: Callable[[], None]) -> None:
        """Reset the counts of commands and lost tries, and run `deed` at `point`."""
        self.commands = self.lost_in_visit = 0
        self._point, self._deed = point, deed

    @property
    def atr(self) -> bytes:
        return self.card.chip.atr

    def reset(self) -> None:
        self.card.chip.reset()

    def exchange(self, command: bytes) -> bytes:
        self.commands += 1
        point = self._point
        if point is None or point.command != self.commands:
            return self._act(command)
        self._point = None
        if point.deed == "tear":
            self._tear(command)
        reply = self._act(command) if point.acted else None
        self._deed()
        if point.deed in {"pull", "tear"}:
            raise Left
        # Nothing else that happens outside stops a card with power from acting.
        return self._act(command) if reply is None else reply

    def _tear(self, command: bytes) -> None:
        """Take the try off, and lose the power before the comparison."""
        compares_key = command[1] == _UNBLOCK or command[1:4:2] == _CHANGE_OF_KEY
        memory = self.card.chip.memory
        if compares_key and isinstance(memory, PivMemory):
            memory.unblocking_left -= 1
            self.torn += 1
            self.least_left = min(self.least_left, memory.unblocking_left)

    def _act(self, command: bytes) -> bytes:
        before = self.card.unblocking_left
        reply = self.card.chip.exchange(command)
        left = self.card.unblocking_left
        self.lost_in_visit += max(before - left, 0)
        self.least_left = min(self.least_left, left)
        return reply
