# SPDX-License-Identifier: Apache-2.0
"""Plain values that every room may use: cards, counters, passcode rules, secrets.

It imports only the standard library and does no I/O.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn


class Family(StrEnum):
    """The card families; each understands its own commands."""

    PIV = "piv"
    GIDS = "gids"
    ISO7816 = "iso7816"


@dataclass(frozen=True, slots=True)
class CardIdentity:
    """The identity of one card.

    `serial` is upper-case hexadecimal and unique within its family. For PIV it is the GUID of the
    CHUID, or the SHA-256 of the authentication certificate if the GUID is all zeros.
    """

    family: Family
    serial: str


@dataclass(frozen=True, slots=True)
class Counters:
    """Tries left, as the card reports them; None if it does not."""

    passcode: int | None
    unblocking: int | None = None

    @property
    def locked(self) -> bool:
        """Whether no try is left for the passcode, so that only the unblocking key helps."""
        return self.passcode == 0


class ReaderTrouble(StrEnum):
    """The reasons for which no card can be read."""

    NO_SERVICE = "no service"
    NO_READER = "no reader"
    NO_ACCESS = "no access"
    HELD = "held"  # by another program, or by a service that hangs


class Lamp(StrEnum):
    """The states of a light."""

    OFF = "off"
    ON = "on"
    BLINKING = "blinking"


class Status(StrEnum):
    """The kiosk's activity, as its status light shows it from afar."""

    READY = "ready"
    WORKING = "working"
    DONE = "done"
    ATTENTION = "attention"


class Sound(StrEnum):
    """The sounds of the buzzer; each is made once, when it is set."""

    NONE = "none"
    DONE = "done"
    CALL = "call"  # a card was left behind


@dataclass(frozen=True, slots=True)
class Signal:
    """The lights and sounds that go with the screen; nothing is shown by them alone."""

    reader: Lamp = Lamp.OFF
    status: Status = Status.READY
    sound: Sound = Sound.NONE


class Phase(StrEnum):
    """The phases of a touch."""

    DOWN = "down"
    MOVED = "moved"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Fingertip:
    """A finger on the glass; `number` identifies it while it is down.

    `x` and `y` are shares of the display's width and height, from 0 to 1, from its top left.
    """

    number: int
    phase: Phase
    x: float
    y: float


class Rule(StrEnum):
    """The rules for a new passcode; the screen ticks each one that is met."""

    LONG_ENOUGH = "long enough"
    SHORT_ENOUGH = "short enough"


@dataclass(frozen=True, slots=True)
class PasscodeRules:
    """The rules for a new passcode: digits only, `minimum` to `maximum` of them.

    Six to eight digits is the national rule since 19 July 2023; a card may have narrower limits.
    """

    minimum: int = 6
    maximum: int = 8

    def met(self, typed: bytes | bytearray) -> frozenset[Rule]:
        """Return the rules that `typed` (ASCII digits) satisfies so far."""
        met = set()
        if self.minimum <= len(typed):
            met.add(Rule.LONG_ENOUGH)
        if 0 < len(typed) <= self.maximum:
            met.add(Rule.SHORT_ENOUGH)
        return frozenset(met)

    def accepts(self, passcode: Secret) -> bool:
        """Return whether `passcode` may be sent to a card as its new one."""
        digits = passcode.reveal()
        return self.minimum <= len(digits) <= self.maximum and all(48 <= d <= 57 for d in digits)


class Secret:
    """Bytes that are never shown or stored, and are wiped after use.

    Equality is identity, so that states with a secret stay comparable; `same_as` compares the
    content. A secret refuses to be pickled, copied or formatted.
    """

    __slots__ = ("__weakref__", "_bytes")

    def __init__(self, data: bytes | bytearray) -> None:
        self._bytes = bytearray(data)

    def reveal(self) -> bytes:
        """Return the content, for the one call that needs it."""
        return bytes(self._bytes)

    def same_as(self, other: Secret) -> bool:
        """Return whether both have the same bytes, compared in constant time."""
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
