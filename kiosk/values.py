# SPDX-License-Identifier: Apache-2.0
"""Plain values that every room may know: cards, counters, passcode rules, secrets.

Standard library only. Nothing here does I/O.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn


class Family(StrEnum):
    """A card family: which commands a card understands."""

    PIV = "piv"
    GIDS = "gids"
    ISO7816 = "iso7816"


@dataclass(frozen=True, slots=True)
class CardIdentity:
    """Which card this is.

    `serial` is upper-case hexadecimal and unique within its family: for PIV the GUID of the CHUID,
    or the SHA-256 of the authentication certificate where the GUID is all zeros.
    """

    family: Family
    serial: str


@dataclass(frozen=True, slots=True)
class Counters:
    """Tries left, as the card tells them; None where it does not tell."""

    passcode: int | None
    unblocking: int | None = None

    @property
    def locked(self) -> bool:
        """No try is left for the passcode: only the unblocking key helps now."""
        return self.passcode == 0


class ReaderTrouble(StrEnum):
    """Why no card can be read."""

    NO_SERVICE = "no service"
    NO_READER = "no reader"
    NO_ACCESS = "no access"
    HELD = "held"  # by another program, or by a service that hangs


class Lamp(StrEnum):
    """How a light is lit."""

    OFF = "off"
    ON = "on"
    BLINKING = "blinking"


class Status(StrEnum):
    """What the kiosk is at, as its status light says from afar."""

    READY = "ready"
    WORKING = "working"
    DONE = "done"
    ATTENTION = "attention"


class Sound(StrEnum):
    """What the buzzer says, once, when it becomes this."""

    NONE = "none"
    DONE = "done"
    CALL = "call"  # a card was left behind


@dataclass(frozen=True, slots=True)
class Signal:
    """What lights and buzzer tell of the kiosk, beside its screen; nothing by them alone."""

    reader: Lamp = Lamp.OFF
    status: Status = Status.READY
    sound: Sound = Sound.NONE


class Phase(StrEnum):
    """What a finger on the glass does."""

    DOWN = "down"
    MOVED = "moved"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Fingertip:
    """A finger on the glass; `number` is its own while it is down.

    `x` and `y` are shares of the display's width and height, from 0 to 1, from its top left.
    """

    number: int
    phase: Phase
    x: float
    y: float


class Rule(StrEnum):
    """One thing a new passcode must satisfy, ticked on the screen as it is met."""

    LONG_ENOUGH = "long enough"
    SHORT_ENOUGH = "short enough"


@dataclass(frozen=True, slots=True)
class PasscodeRules:
    """What a new passcode must be: digits only, `minimum` to `maximum` of them.

    Six to eight is the national rule since 19 July 2023; a card may ask for less room.
    """

    minimum: int = 6
    maximum: int = 8

    def met(self, typed: bytes | bytearray) -> frozenset[Rule]:
        """The rules that `typed` (ASCII digits) satisfies so far."""
        met = set()
        if self.minimum <= len(typed):
            met.add(Rule.LONG_ENOUGH)
        if 0 < len(typed) <= self.maximum:
            met.add(Rule.SHORT_ENOUGH)
        return frozenset(met)

    def accepts(self, passcode: Secret) -> bool:
        """Whether the whole of `passcode` may be sent to a card as its new one."""
        digits = passcode.reveal()
        return self.minimum <= len(digits) <= self.maximum and all(48 <= d <= 57 for d in digits)


class Secret:
    """Bytes that are shown nowhere, stored nowhere, and wiped when their time is over.

    Equality is identity, so that states which carry one stay comparable; `same_as` compares what
    is inside. It refuses to be pickled, copied or formatted.
    """

    __slots__ = ("__weakref__", "_bytes")

    def __init__(self, data: bytes | bytearray) -> None:
        self._bytes = bytearray(data)

    def reveal(self) -> bytes:
        """What is inside, for the one call that needs it."""
        return bytes(self._bytes)

    def same_as(self, other: Secret) -> bool:
        """Whether both hold the same bytes, compared in constant time."""
        return hmac.compare_digest(self._bytes, other._bytes)

    def wipe(self) -> None:
        """Overwrite the bytes; the secret is empty from now on."""
        self._bytes[:] = bytes(len(self._bytes))
        self._bytes.clear()

    def __len__(self) -> int:
        return len(self._bytes)

    def __bool__(self) -> bool:
        return bool(self._bytes)

    def __repr__(self) -> str:
        return "<secret>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret does not leave its process by pickling or copying")
