# SPDX-License-Identifier: Apache-2.0
"""A simulated ISO 7816-4 card; by default it behaves like IsoApplet 1.0 without its keys.

pkcs15-init itself can personalise it. `Iso7816Behaviour` has a field for each difference of other
cards of this kind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kiosk.simulated.chip import (
    BLOCKED,
    NO_REFERENCE,
    NOT_FOUND,
    NOT_SATISFIED,
    NOT_SUPPORTED,
    OK,
    WRONG_LENGTH,
    WRONG_PARAMETERS,
    Chip,
    tries,
    with_check,
)
from kiosk.simulated.files import Files, FileSystem, new_files

# Direct convention, T=1, historical bytes of our own ("SimISO01"), which are no vendor's.
_ATR = with_check(bytes.fromhex("3B8801") + b"SimISO01")
_ISOAPPLET = bytes.fromhex("F276A288BCFBA69D34F31001")
_VERSION = bytes.fromhex("0100")


@dataclass(frozen=True)
class Iso7816Behaviour:
    """The differences between ISO 7816-4 cards."""

    application: bytes = _ISOAPPLET
    passcode_reference: int = 0x01
    key_reference: int = 0x02
    width: int = 16  # of a padded passcode; 0: passcodes are stored without padding
    padding: int = 0x00
    shortest: int = 4
    key_length: int = 16
    reset: int = 0  # the P1 of RESET RETRY COUNTER that the card accepts
    blocked: bytes = b"\x63\xc0"  # other cards answer 69 83
    hides_when_verified: bool = False  # VERIFY without data then answers 90 00
    key_can_be_verified: bool = False
    key_can_be_changed: bool = False
    serial_object: bytes = b""  # GET DATA 01 02, if the card has no files
    passcode_tries: int = 3
    key_tries: int = 5


@dataclass
class Iso7816Memory:
    """The data that the card keeps without power; a new one is not personalised yet."""

    passcode: bytes = b""
    key: bytes = b""
    files: Files = field(default_factory=new_files)
    passcode_left: int = 3
    key_left: int = 5


@dataclass
class SimulatedIso7816Card(Chip):
    """An ISO 7816-4 card; `memory` survives a loss of power."""

    memory: Iso7816Memory
    behaviour: Iso7816Behaviour = field(default_factory=Iso7816Behaviour)
    chains = frozenset()

    def __post_init__(self) -> None:
        self.reset()

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return _ATR

    def reset(self) -> None:
        """Forget the selection and all verification; keep the memory."""
        super().reset()
        self._selected = self._verified = self._key_verified = False
        self._files = FileSystem(self.memory.files, self._permitted)

    def answer(self, ins: int, p1: int, p2: int, data: bytes) -> bytes:
        """Return the answer to a whole command."""
        if ins == 0xA4 and p1 == 0x04 and data == self.behaviour.application:
            self.reset()
            self._selected = True
            return OK
        if not self._selected:
            return NOT_FOUND if ins == 0xA4 else NOT_SUPPORTED
        commands: dict[int, Callable[[], bytes]] = {
            0xA4: lambda: self._files.select(p1, p2, data),
            0xB0: lambda: self._files.read(p1 << 8 | p2, 256),
            0xD6: lambda: self._files.update(p1 << 8 | p2, data),
            0xE0: lambda: self._files.create(data),
            0xE4: lambda: self._files.delete(data),
            0xCA: lambda: self._get_data(p1, p2),
            0x20: lambda: self._verify(p1, p2, data),
            0x24: lambda: self._change(p1, p2, data),
            0x2C: lambda: self._unblock(p1, p2, data),
        }
        return commands.get(ins, lambda: NOT_SUPPORTED)()

    def _permitted(self) -> bool:
        return self._verified or not self.memory.passcode

    def _get_data(self, p1: int, p2: int) -> bytes:
        if (p1, p2) == (0x01, 0x01):
            return _VERSION + b"\0" + OK  # no features: short lengths, no signatures
        if (p1, p2) == (0x01, 0x02) and self.behaviour.serial_object:
            return self.behaviour.serial_object + OK
        return WRONG_PARAMETERS

    # ------------------------------------------------------------ passcode and unblocking key

    def _verify(self, p1: int, reference: int, data: bytes) -> bytes:
        behaviour, memory = self.behaviour, self.memory
        if p1 == 0x00 and reference == behaviour.key_reference and behaviour.key_can_be_verified:
            return self._check_key(data)
        if p1 != 0x00 or reference != behaviour.passcode_reference:
            return WRONG_PARAMETERS if behaviour.blocked != BLOCKED else NO_REFERENCE
        if not data:
            if not memory.passcode or (self._verified and behaviour.hides_when_verified):
                return OK
            return tries(memory.passcode_left, behaviour.blocked)
        if not self._fits(data):
            return WRONG_LENGTH
        return self._check(self._padded(data))

    def _check(self, passcode: bytes) -> bytes:
        if self.memory.passcode_left == 0:
            return self.behaviour.blocked
        self._verified = passcode == self.memory.passcode
        if self._verified:
            self.memory.passcode_left = self.behaviour.passcode_tries
            return OK
        self.memory.passcode_left -= 1
        return tries(self.memory.passcode_left, self.behaviour.blocked)

    def _check_key(self, key: bytes) -> bytes:
        if self.memory.key_left == 0:
            return self.behaviour.blocked
        self._key_verified = bool(key) and key == self.memory.key
        if self._key_verified:
            self.memory.key_left = self.behaviour.key_tries
            return OK
        self.memory.key_left -= 1
        return tries(self.memory.key_left, self.behaviour.blocked)

    def _change(self, p1: int, reference: int, data: bytes) -> bytes:
        if p1 == 0x01:
            return self._set(reference, data)
        if p1 != 0x00:
            return WRONG_PARAMETERS
        if reference == self.behaviour.key_reference and self.behaviour.key_can_be_changed:
            middle = len(self.memory.key)
            status = self._check_key(data[:middle])
            if status == OK:
                self.memory.key = data[middle:]
            return status
        if reference != self.behaviour.passcode_reference:
            return WRONG_PARAMETERS
        width = self.behaviour.width
        if width and len(data) != 2 * width:
            return WRONG_LENGTH
        middle = width or len(self.memory.passcode)
        status = self._check(data[:middle])
        if status == OK:
            self.memory.passcode = data[middle:]
        return status

    def _set(self, reference: int, data: bytes) -> bytes:
        """Set a passcode or key (P1 = 01): before personalisation, or after the unblocking key."""
        if not self.memory.passcode and reference == self.behaviour.key_reference:
            if len(data) != self.behaviour.key_length or self.memory.key:
                return WRONG_LENGTH if not self.memory.key else WRONG_PARAMETERS
            self.memory.key = data
            return OK
        if reference != self.behaviour.passcode_reference:
            return WRONG_PARAMETERS
        if self.memory.passcode and not self._key_verified:
            return NOT_SATISFIED
        if not self._fits(data):
            return WRONG_LENGTH
        self.memory.passcode = self._padded(data)
        return OK

    def _unblock(self, p1: int, reference: int, data: bytes) -> bytes:
        behaviour, memory = self.behaviour, self.memory
        if (p1, reference) != (behaviour.reset, behaviour.passcode_reference):
            return WRONG_PARAMETERS
        key = data[: behaviour.key_length] if p1 in {0, 1} else b""
        new = data[len(key) :]
        if (p1 in {0, 2}) != bool(new) or (new and not self._fits(new)):
            return WRONG_LENGTH
        if p1 in {0, 1}:
            status = self._check_key(key)
            if status != OK:
                return status
        elif not self._key_verified:
            return NOT_SATISFIED
        if new:
            memory.passcode = self._padded(new)
        memory.passcode_left = behaviour.passcode_tries
        self._verified = False
        return OK

    def _fits(self, passcode: bytes) -> bool:
        return self.behaviour.shortest <= len(passcode) <= (self.behaviour.width or 16)

    def _padded(self, passcode: bytes) -> bytes:
        return passcode.ljust(self.behaviour.width, bytes((self.behaviour.padding,)))
