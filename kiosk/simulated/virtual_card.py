# SPDX-License-Identifier: Apache-2.0
"""What every simulated card is: something that has power, answers APDUs, and keeps its memory."""

from __future__ import annotations

import time
from typing import Protocol


class Left(Exception):
    """The card is out of its reader from now on, and `other` in its place where there is one."""

    def __init__(self, other: SimulatedCard | None = None) -> None:
        self.other = other


class Silent(Exception):
    """There is no answer, and none will come until the card is taken out."""


class SimulatedCard(Protocol):
    """A card on its own side of the contacts.

    Whatever the command, there is an answer, as with real ones. Only `faults` raise something: Left
    or Silent, which whoever holds the card makes true.
    """

    @property
    def atr(self) -> bytes:
        """The answer to reset."""

    def reset(self) -> None:
        """Power on or warm reset: verified and selected states are gone, memory is kept."""

    def exchange(self, command: bytes) -> bytes:
        """Answer one command APDU."""


class Unhurried:
    """A card that takes its time for each command, as chips do."""

    def __init__(self, card: SimulatedCard, seconds: float) -> None:
        self._card = card
        self._seconds = seconds

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self._card.atr

    def reset(self) -> None:
        """Reset the card."""
        self._card.reset()

    def exchange(self, command: bytes) -> bytes:
        """Answer one command, after a while."""
        time.sleep(self._seconds)
        return self._card.exchange(command)


class Blank:
    """A card of no family that the kiosk knows: it answers, and has no application."""

    atr = bytes.fromhex("3B00")

    def reset(self) -> None:
        """Nothing is kept, so nothing is lost."""

    def exchange(self, command: bytes) -> bytes:
        """Answer "file not found", whatever is asked."""
        return b"\x6a\x82"
