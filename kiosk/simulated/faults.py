# SPDX-License-Identifier: Apache-2.0
"""Faults of a simulated card: at a given command it leaves, falls silent, or answers wrongly.

Commands are counted from the first insertion. A reset does not restart the count, because a reader
resets a card whenever it likes. A fault happens once; a card that is inserted again works.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from kiosk.simulated.virtual_card import Left, Silent, SimulatedCard

_TOO_LONG = 300  # bytes of data: no short command can ask for more than 256
_HALF_A_STATUS = b"\x90"  # must not pass for a success


class Mishap(StrEnum):
    """The kinds of fault."""

    PULLED = "pulled"  # and swapped, if there is an `other`
    MUTE = "mute"  # no answer until the card is taken out
    SLOW = "slow"
    EMPTY_REPLY = "empty reply"
    ONE_BYTE_REPLY = "one-byte reply"
    LONG_REPLY = "long reply"  # more data than the command asked for


@dataclass(frozen=True, slots=True)
class Fault:
    """`mishap` at the `at`-th command, or at the `at`-th of those with the code `instruction`.

    `acted`: the card has executed the command and written its memory before it is pulled, falls
    silent or answers less than a status word. `seconds` is for SLOW. `other` is the card that
    replaces this one at once when it is pulled.
    """

    mishap: Mishap
    at: int = 1
    instruction: int | None = None
    acted: bool = False
    seconds: float = 0.0
    other: SimulatedCard | None = None


class FaultyCard:
    """A card with faults; without any, it is the card itself."""

    def __init__(self, card: SimulatedCard, *faults: Fault) -> None:
        self._card = card
        self._faults = faults
        self._seen: Counter[int | None] = Counter()  # the count of None is that of all commands

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self._card.atr

    def sent(self, instruction: int | None = None) -> int:
        """Return how many commands the card was sent, or how many with this code."""
        return self._seen[instruction]

    def reset(self) -> None:
        """Reset the card; the count of commands goes on."""
        self._card.reset()

    def exchange(self, command: bytes) -> bytes:
        """Answer one command, or apply the fault that is due."""
        instruction = command[1] if len(command) > 1 else None
        self._seen.update({None, instruction})
        for fault in self._faults:
            if fault.instruction in {None, instruction} and (
                self._seen[fault.instruction] == fault.at
            ):
                return self._suffer(fault, command)
        return self._card.exchange(command)

    def _suffer(self, fault: Fault, command: bytes) -> bytes:
        if fault.mishap is Mishap.SLOW:
            time.sleep(fault.seconds)
            return self._card.exchange(command)
        if fault.mishap is Mishap.LONG_REPLY:
            reply = self._card.exchange(command)
            return reply[:-2].ljust(_TOO_LONG, b"\0") + reply[-2:]
        if fault.acted:
            self._card.exchange(command)
        if fault.mishap is Mishap.PULLED:
            raise Left(fault.other)
        if fault.mishap is Mishap.MUTE:
            raise Silent
        return _HALF_A_STATUS if fault.mishap is Mishap.ONE_BYTE_REPLY else b""
