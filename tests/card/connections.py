# SPDX-License-Identifier: Apache-2.0
"""Connections for tests: one records the commands, one replies from a script."""

from __future__ import annotations

from kiosk.simulated.virtual_card import SimulatedCard


class Recorded:
    """A simulated card's connection that records every command."""

    def __init__(self, card: SimulatedCard) -> None:
        self._card = card
        self.commands: list[bytes] = []

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def exchange(self, command: bytes) -> bytes:
        self.commands.append(command)
        return self._card.exchange(command)


class Scripted:
    """Gives the scripted replies in turn, whatever is sent."""

    atr = bytes.fromhex("3B00")

    def __init__(self, *replies: str) -> None:
        self._replies = [bytes.fromhex(reply) for reply in replies]
        self.commands: list[bytes] = []

    def exchange(self, command: bytes) -> bytes:
        self.commands.append(command)
        return self._replies.pop(0)
