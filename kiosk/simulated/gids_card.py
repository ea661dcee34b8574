# SPDX-License-Identifier: Apache-2.0
"""A simulated GIDS card that behaves like vletoux/GidsApplet, for which gids-tool is made.

gids-tool itself can personalise it. `GidsBehaviour` has a field for each difference between real
cards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kiosk.card import tlv
from kiosk.errors import CardMalformed
from kiosk.simulated.administrator import Administrator
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
from kiosk.simulated.gids_memory import DataFile, GidsBehaviour, GidsMemory

_APPLICATION = bytes.fromhex("A0000003974254465902") + b"\x01"
# Direct convention, T=1, historical bytes of our own ("SimGIDS1"), which are no vendor's.
_ATR = with_check(bytes.fromhex("3B8801") + b"SimGIDS1")
_INVALID = b"\x69\x84"  # data invalid: GidsApplet answers so to data that it cannot read
_NOT_NOW = b"\x69\x85"
_PASSCODE, _DEAUTHENTICATE = 0x80, 0x82
_SHORTEST, _LONGEST = 4, 16
_DATA_FILE = 0x39  # file descriptor byte of a file of BER-TLV objects
_BY_PASSCODE, _BY_ADMINISTRATOR, _NEVER = 0x10, 0x20, 0xFF


@dataclass
class SimulatedGidsCard(Chip):
    """A GIDS card; `memory` survives a loss of power."""

    memory: GidsMemory
    behaviour: GidsBehaviour = field(default_factory=GidsBehaviour)
    chains = frozenset({0x2A, 0x47, 0xDB})  # the applet chains no others

    def __post_init__(self) -> None:
        if self.memory.administrator_left is None:
            self.memory.administrator_left = self.behaviour.administrator_tries
        self.reset()

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return _ATR

    def reset(self) -> None:
        """Forget the selection and all authentication; keep the memory."""
        super().reset()
        self._selected = False
        self._deauthenticate()

    def answer(self, ins: int, p1: int, p2: int, data: bytes) -> bytes:
        """Return the answer to a whole command."""
        if ins == 0xA4:
            return self._select(p1, data)
        if not self._selected:
            return NOT_SUPPORTED
        commands: dict[int, Callable[[], bytes]] = {
            0xCB: lambda: self._get_data(p1 << 8 | p2, data),
            0xDB: lambda: self._put_data(p1 << 8 | p2, data),
            0x20: lambda: self._verify(p2, data),
            0x24: lambda: self._change(p1, p2, data),
            0x2C: lambda: self._unblock(p1, p2, data),
            0x22: lambda: self._choose_key(p1, p2, data),
            0x87: lambda: self._administrator.authenticate(data),
            0x2A: lambda: self._sign(p1, p2, data),
            0xE0: lambda: self._create_file(data),
            0x44: self._activate,
        }
        return commands.get(ins, lambda: NOT_SUPPORTED)()

    # ------------------------------------------------------------ files

    def _select(self, p1: int, data: bytes) -> bytes:
        if p1 == 0x00 and self._selected:
            known = {0x3FFF, *self.memory.files}
            self._current = int.from_bytes(data, "big")
            return OK if self._current in known else NOT_FOUND
        shortest = 9 if self.behaviour.partial_select else len(_APPLICATION)
        if p1 != 0x04 or len(data) < shortest or not _APPLICATION.startswith(data):
            return NOT_FOUND
        self.reset()
        self._selected = True
        if not self.behaviour.names_itself:
            return OK
        mechanisms = tlv.encode(0x73, tlv.encode(0x40, b"\xc0"))
        return tlv.encode(0x61, tlv.encode(0x4F, _APPLICATION) + mechanisms) + OK

    def _get_data(self, file: int, data: bytes) -> bytes:
        if file == 0x3FFF:
            return self._status(data)
        found = self.memory.files.get(file)
        if found is None:
            return NOT_FOUND
        if not self._permits(found.get):
            return NOT_SATISFIED
        name = data[2:]
        if data[:2] != bytes((0x5C, len(name))) or name not in found.objects:
            return NO_REFERENCE
        return tlv.encode(int.from_bytes(name, "big"), found.objects[name]) + OK

    def _status(self, data: bytes) -> bytes:
        if data not in {bytes.fromhex("5C027F71"), bytes.fromhex("5C027F72")}:
            return NO_REFERENCE if data == bytes.fromhex("5C027F73") else _INVALID
        if not self.behaviour.status_object:
            return NO_REFERENCE
        tag = 0x9F17 if self.behaviour.old_counter_tag else 0x97
        left = tlv.encode(tag, bytes((self.memory.passcode_left,)))
        limit = tlv.encode(0x93, bytes((self.behaviour.passcode_tries,)))
        return tlv.encode(int.from_bytes(data[2:], "big"), left + limit) + OK

    def _put_data(self, file: int, data: bytes) -> bytes:
        try:
            fields = list(tlv.parse(data, "PUT DATA"))
        except CardMalformed:
            return _INVALID
        if file == 0x3FFF:
            return self._put_key(dict(fields).get(0x70, b""))
        found = self.memory.files.get(file)
        if found is None:
            return NOT_FOUND
        if not self._permits(found.put):
            return NOT_SATISFIED
        for tag, value in fields:
            found.objects[tag.to_bytes(2, "big")] = value
        return OK

    def _put_key(self, template: bytes) -> bytes:
        """Store the administrator key: 84 reference 80, A5 { 87 key }."""
        if not self._permits(_BY_ADMINISTRATOR):
            return NOT_SATISFIED
        outer = dict(tlv.parse(template, "key"))
        key = dict(tlv.parse(outer.get(0xA5, b""), "key")).get(0x87)
        if outer.get(0x84) != b"\x80" or not key:
            return _INVALID
        self.memory.administrator_key = key
        return OK

    def _create_file(self, data: bytes) -> bytes:
        if self.memory.personalised:
            return NOT_SATISFIED
        fields = dict(tlv.parse(tlv.find(data, 0x62, "file"), "file"))
        self._current = int.from_bytes(fields[0x83], "big")
        if fields[0x82] == bytes((_DATA_FILE,)):
            put, get = fields[0x8C][1:3]
            self.memory.files[self._current] = DataFile(put, get)
        return OK

    def _activate(self) -> bytes:
        if self._current == 0x3FFF:
            self.memory.personalised = True
            self._deauthenticate()
        return OK

    def _permits(self, condition: int) -> bool:
        if condition == _NEVER:
            return False
        if condition == 0 or not self.memory.personalised:
            return True
        return bool(
            (condition & _BY_PASSCODE and self._verified)
            or (condition & _BY_ADMINISTRATOR and self._administrator.authenticated)
        )

    # ------------------------------------------------------------ passcode

    def _verify(self, reference: int, data: bytes) -> bytes:
        if reference == _DEAUTHENTICATE:
            self._deauthenticate()
            return OK
        if reference not in {_PASSCODE, 0x00}:
            return NO_REFERENCE
        left = self.memory.passcode_left
        if left == 0:
            return BLOCKED
        if not data:
            return tries(left)
        if not _SHORTEST <= len(data) <= _LONGEST and not self.behaviour.wrong_length_costs:
            return tries(left)
        return self._check(data)

    def _check(self, passcode: bytes) -> bytes:
        self._verified = passcode == self.memory.passcode
        if self._verified:
            self.memory.passcode_left = self.behaviour.passcode_tries
            return OK
        self.memory.passcode_left -= 1
        return tries(
            self.memory.passcode_left, BLOCKED if self.behaviour.blocked_at_last else b"\x63\xc0"
        )

    def _change(self, p1: int, reference: int, data: bytes) -> bytes:
        if reference not in {_PASSCODE, 0x00}:
            return NO_REFERENCE
        if p1 == 0x01:
            if self.memory.personalised and not self._verified:
                return NOT_SATISFIED
            return self._set(data)
        if not 2 * _SHORTEST <= len(data) <= 2 * _LONGEST:
            return tries(self.memory.passcode_left)
        if self.memory.passcode_left == 0:
            return BLOCKED
        # Nothing separates old and new: the card divides them by its passcode's length.
        middle = len(self.memory.passcode)
        status = self._check(data[:middle])
        return status if status != OK else self._set(data[middle:])

    def _unblock(self, p1: int, reference: int, data: bytes) -> bytes:
        if p1 != 0x02:
            return WRONG_PARAMETERS
        if reference != _PASSCODE:
            return NO_REFERENCE
        if not self._administrator.authenticated:
            return NOT_SATISFIED
        status = self._set(data)
        if status == OK:
            self.memory.passcode_left = self.behaviour.passcode_tries
            self._deauthenticate()
        return status

    def _set(self, passcode: bytes) -> bytes:
        if not _SHORTEST <= len(passcode) <= _LONGEST:
            return WRONG_LENGTH
        self.memory.passcode = passcode
        return OK

    def _deauthenticate(self) -> None:
        self._verified = False
        self._current = 0x3FFF
        self._signing_key = 0
        self._administrator = Administrator(self.memory, self.behaviour)

    # ------------------------------------------------------------ keys

    def _choose_key(self, p1: int, p2: int, data: bytes) -> bytes:
        fields = dict(tlv.parse(data, "MSE"))
        if (p1 & 0x81, p2) == (0x81, 0xA4):
            self._administrator.chosen = fields.get(0x83) == b"\x80"
            return OK if self._administrator.chosen else _INVALID
        key = self.memory.keys.get(int.from_bytes(fields.get(0x84, b""), "big"))
        if (p1, p2) != (0x41, 0xB6) or key is None or fields.get(0x80) != b"\x57":
            return _INVALID
        self._signing_key = fields[0x84][0]
        return OK

    def _sign(self, p1: int, p2: int, data: bytes) -> bytes:
        if (p1, p2) != (0x9E, 0x9A):
            return WRONG_PARAMETERS
        if not self._signing_key:
            return _NOT_NOW
        if not self._verified:
            return NOT_SATISFIED
        numbers = self.memory.keys[self._signing_key].private_numbers()
        width = (numbers.public_numbers.n.bit_length() + 7) // 8
        block = b"\0\1" + b"\xff" * (width - len(data) - 3) + b"\0" + data
        raw = pow(int.from_bytes(block, "big"), numbers.d, numbers.public_numbers.n)
        return raw.to_bytes(width, "big") + OK
