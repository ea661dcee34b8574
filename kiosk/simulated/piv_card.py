# SPDX-License-Identifier: Apache-2.0
"""A simulated PIV card (SP 800-73pt2-5), which behaves like two independent cards (measured).

`PivBehaviour` has a field for each difference between those two.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from kiosk.card import tlv
from kiosk.errors import CardMalformed
from kiosk.simulated.chip import (
    BLOCKED,
    NO_REFERENCE,
    NOT_FOUND,
    NOT_SATISFIED,
    NOT_SUPPORTED,
    OK,
    WRONG_DATA,
    WRONG_PARAMETERS,
    Chip,
    tries,
    with_check,
)

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_APPLICATION = bytes.fromhex("A000000308000010000100")
# Direct convention, T=1, historical bytes of our own, which are no vendor's.
_ATR = bytes.fromhex("3B880153696D50495630318E")
# The same with card capabilities: extended length, and chaining or not (ISO 7816-4, 12.1.1.9).
_ATR_CAPABLE = "3B8580018073C021{:02X}"


@dataclass(frozen=True)
class PivBehaviour:
    """The differences between PIV cards."""

    wrong_length: bytes = WRONG_DATA  # the other card: 67 00
    takes_short_passcode: bool = False  # the other card: yes
    metadata: bool = False  # Yubico's command F7
    chaining: bool = True  # false: a long command must have extended length
    extended: bool = False
    announced: bool = False  # the historical bytes announce chaining and extended length
    compressed: bool = False  # certificates are stored as gzip
    passcode_tries: int = 3
    unblocking_tries: int = 3


@dataclass
class PivMemory:
    """The data that the card keeps without power."""

    guid: bytes
    passcode: bytes
    unblocking_key: bytes
    keys: dict[int, PrivateKey]
    certificates: dict[int, bytes]
    passcode_left: int = 3
    unblocking_left: int = 3


@dataclass
class SimulatedPivCard(Chip):
    """A PIV card; `memory` survives a loss of power."""

    memory: PivMemory
    behaviour: PivBehaviour = field(default_factory=PivBehaviour)

    def __post_init__(self) -> None:
        self.chains = None if self.behaviour.chaining else frozenset()
        self.extended = self.behaviour.extended
        self.reset()

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        if not self.behaviour.announced:
            return _ATR
        announced = 0x80 * self.behaviour.chaining | 0x40 * self.behaviour.extended
        return with_check(bytes.fromhex(_ATR_CAPABLE.format(announced)))

    def reset(self) -> None:
        """Forget the selection and the verified state; keep the memory."""
        super().reset()
        self._selected = False
        self._verified = False

    def answer(self, ins: int, p1: int, p2: int, data: bytes) -> bytes:
        """Return the answer to a whole command."""
        if ins == 0xA4:
            return self._select(data)
        if not self._selected:
            return NOT_SUPPORTED
        commands = {
            0xCB: lambda: self._get_data(data) if (p1, p2) == (0x3F, 0xFF) else WRONG_PARAMETERS,
            0x20: lambda: self._verify(p2, data),
            0x2C: lambda: self._unblock(p2, data),
            0x24: lambda: self._change(p2, data),
            0x87: lambda: self._sign(p1, p2, data),
        }
        if self.behaviour.metadata:
            commands[0xF7] = lambda: self._metadata(p2)
        return commands.get(ins, lambda: NOT_SUPPORTED)()

    # ------------------------------------------------------------ reading

    def _select(self, data: bytes) -> bytes:
        if len(data) < 5 or not _APPLICATION.startswith(data):
            return NOT_FOUND  # the earlier selection stays (ISO 7816-4)
        self._selected = True
        authority = tlv.encode(0x79, tlv.encode(0x4F, _APPLICATION[:5]))
        return tlv.encode(0x61, tlv.encode(0x4F, _APPLICATION[5:]) + authority) + OK

    def _get_data(self, data: bytes) -> bytes:
        content = self._objects().get(data)
        return NOT_FOUND if content is None else tlv.encode(0x53, content) + OK

    def _objects(self) -> dict[bytes, bytes]:
        # FASC-N for a card without federal agency, expiry 2030, as SP 800-73 part 1, table 9.
        fasc_n = bytes.fromhex("D4E739DA739CED39CE739D836858210842108421C84210C3EB")
        chuid = (
            tlv.encode(0x30, fasc_n)
            + tlv.encode(0x34, self.memory.guid)
            + tlv.encode(0x35, b"20301231")
            + tlv.encode(0x3E, b"")
            + tlv.encode(0xFE, b"")
        )
        objects = {bytes.fromhex("5C035FC102"): chuid}
        names = {0x9A: "5C035FC105", 0x9E: "5C035FC101"}
        packed = self.behaviour.compressed
        for slot, certificate in self.memory.certificates.items():
            objects[bytes.fromhex(names[slot])] = (
                tlv.encode(0x70, gzip.compress(certificate) if packed else certificate)
                + tlv.encode(0x71, bytes((packed,)))
                + tlv.encode(0xFE, b"")
            )
        return objects

    def _metadata(self, reference: int) -> bytes:
        behaviour, memory = self.behaviour, self.memory
        if reference == 0x80:
            counts = bytes((behaviour.passcode_tries, memory.passcode_left))
        elif reference == 0x81:
            counts = bytes((behaviour.unblocking_tries, memory.unblocking_left))
        else:
            return NO_REFERENCE
        return tlv.encode(0x01, b"\xff") + tlv.encode(0x05, b"\0") + tlv.encode(0x06, counts) + OK

    # ------------------------------------------------------------ passcode and unblocking key

    def _verify(self, reference: int, data: bytes) -> bytes:
        if reference != 0x80:
            return NO_REFERENCE
        if not data:
            if self._verified:
                return OK
            return tries(self.memory.passcode_left)
        if self.memory.passcode_left == 0:
            return BLOCKED
        return self._check_passcode(data)

    def _check_passcode(self, data: bytes) -> bytes:
        # A passcode of the wrong form costs a try on both measured cards.
        self._verified = False
        if data != self.memory.passcode:
            self.memory.passcode_left -= 1
            if len(data) != 8:
                return self.behaviour.wrong_length
            return tries(self.memory.passcode_left)
        self.memory.passcode_left = self.behaviour.passcode_tries
        self._verified = True
        return OK

    def _unblock(self, reference: int, data: bytes) -> bytes:
        if reference != 0x80:
            return NO_REFERENCE
        if len(data) != 16:
            return self.behaviour.wrong_length
        if self.memory.unblocking_left == 0:
            return BLOCKED
        key, new = data[:8], data[8:]
        if key != self.memory.unblocking_key:
            self.memory.unblocking_left -= 1
            return tries(self.memory.unblocking_left)
        if not self._takes(new):
            return WRONG_DATA
        self.memory.passcode = new
        self.memory.passcode_left = self.behaviour.passcode_tries
        self.memory.unblocking_left = self.behaviour.unblocking_tries
        self._verified = False
        return OK

    def _change(self, reference: int, data: bytes) -> bytes:
        if reference not in {0x80, 0x81}:
            return NO_REFERENCE
        if len(data) != 16:
            return self.behaviour.wrong_length
        old, new = data[:8], data[8:]
        if reference == 0x81:
            return self._change_key(old, new)
        if self.memory.passcode_left == 0:
            return BLOCKED
        if not self._takes(new):
            return WRONG_DATA
        status = self._check_passcode(old)
        if status == OK:
            self.memory.passcode = new
        return status

    def _change_key(self, old: bytes, new: bytes) -> bytes:
        if self.memory.unblocking_left == 0:
            return BLOCKED
        if old != self.memory.unblocking_key:
            self.memory.unblocking_left -= 1
            return tries(self.memory.unblocking_left)
        self.memory.unblocking_key = new
        self.memory.unblocking_left = self.behaviour.unblocking_tries
        return OK

    def _takes(self, new: bytes) -> bool:
        digits = new.rstrip(b"\xff")
        shortest = 4 if self.behaviour.takes_short_passcode else 6
        return len(new) == 8 and len(digits) >= shortest and digits.isdigit()

    # ------------------------------------------------------------ signatures

    def _sign(self, algorithm: int, slot: int, data: bytes) -> bytes:
        key = self.memory.keys.get(slot)
        if key is None:
            return WRONG_PARAMETERS
        if slot == 0x9A and not self._verified:
            return NOT_SATISFIED
        block = _challenge(data)
        if block is None:
            return WRONG_DATA
        signature = _signature(key, algorithm, block)
        if signature is None:
            return WRONG_PARAMETERS
        return tlv.encode(0x7C, tlv.encode(0x82, signature)) + OK


def _challenge(data: bytes) -> bytes | None:
    """Return the block in tag 81 of a dynamic authentication template that asks for a response."""
    try:
        outer = dict(tlv.parse(data, "sign"))
        inner = dict(tlv.parse(outer.get(0x7C, b""), "sign"))
    except CardMalformed:
        return None
    return inner.get(0x81) if inner.get(0x82) == b"" else None


def _signature(key: PrivateKey, algorithm: int, block: bytes) -> bytes | None:
    if isinstance(key, rsa.RSAPrivateKey):
        if algorithm != 0x07 or len(block) != 256:
            return None
        numbers = key.private_numbers()
        modulus = numbers.public_numbers.n
        raw = pow(int.from_bytes(block, "big"), numbers.d, modulus)
        return raw.to_bytes(256, "big")
    expected = {"secp256r1": (0x11, 32), "secp384r1": (0x14, 48)}[key.curve.name]
    if (algorithm, len(block)) != expected:
        return None
    if len(block) == 48:
        # The signature is over a number: SHA-384's width takes any 48-byte block unchanged.
        return key.sign(block, ec.ECDSA(Prehashed(hashes.SHA384())))
    return key.sign(block, ec.ECDSA(Prehashed(hashes.SHA256())))
