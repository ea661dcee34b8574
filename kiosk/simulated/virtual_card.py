# SPDX-License-Identifier: Apache-2.0
"""The interface of a simulated card: it has power, answers APDUs, and keeps its memory."""

from __future__ import annotations

import time
from typing import Protocol


class Left(Exception):
    """The card has left its reader; `other` takes its place, if given."""

    def __init__(self, other: SimulatedCard | None = None) -> None:
        self.other = other


class Silent(Exception):
    """The card does not answer, and will not until it is taken out."""


class SimulatedCard(Protocol):
    """A card on its own side of the contacts.

    Like a real card, it answers every command. Only `faults` raise something, Left or Silent; the
    code that holds the card acts on it.
    """

    @property
    def atr(self) -> bytes:
        """The answer to reset."""

    def reset(self) -> None:
        """Forget verified and selected states and keep the memory: power on or warm reset."""

    def exchange(self, command: bytes) -> bytes:
        """Return the answer to one command APDU."""


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
        """Return the answer to one command, after a while."""
        time.sleep(self._seconds)
        return self._card.exchange(command)


class Blank:
    """A card of no known family: it answers, but has no application."""

    atr = bytes.fromhex("3B00")

    def reset(self) -> None:
        """Do nothing: the card keeps no state."""

    def exchange(self, command: bytes) -> bytes:
        """Answer "file not found" to every command."""
        return b"\x6a\x82"
