# SPDX-License-Identifier: Apache-2.0
"""The part of a simulated chip that all cards share: lengths, chains, long answers."""

from __future__ import annotations

from dataclasses import dataclass

OK, BLOCKED = b"\x90\x00", b"\x69\x83"
NOT_FOUND, NOT_SUPPORTED = b"\x6a\x82", b"\x6d\x00"
WRONG_DATA, WRONG_LENGTH = b"\x6a\x80", b"\x67\x00"
NOT_SATISFIED, WRONG_PARAMETERS = b"\x69\x82", b"\x6a\x86"
NO_REFERENCE, NO_CHAINING = b"\x6a\x88", b"\x68\x84"


@dataclass(frozen=True, slots=True)
class Body:
    """The part of a command after its header; `expected` is 0 if there is no Le."""

    data: bytes
    expected: int
    extended: bool = False


class Chip:
    """Parses commands and answers in parts; a subclass gives the commands their meaning.

    `chains` are the instructions that may be chained (None: all). `extended` says whether the chip
    supports lengths of two bytes.
    """

    chains: frozenset[int] | None = None
    extended = False
    _chain = b""
    _waiting = b""

    def reset(self) -> None:
        """Forget a partial chain and a partial answer."""
        self._chain = self._waiting = b""

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        raise NotImplementedError

    def answer(self, ins: int, p1: int, p2: int, data: bytes) -> bytes:
        """Return the answer to a whole command: data and status word."""
        raise NotImplementedError

    def exchange(self, command: bytes) -> bytes:
        """Return the answer to one command APDU."""
        body = _body(command[4:])
        if len(command) < 4 or body is None or (body.extended and not self.extended):
            return WRONG_LENGTH
        cla, ins, p1, p2 = command[:4]
        if ins == 0xC0:
            return self._rest(body.expected or 256)
        self._waiting = b""
        if cla & 0x10:
            if self.chains is not None and ins not in self.chains:
                return NO_CHAINING
            self._chain += body.data
            return OK
        data, self._chain = self._chain + body.data, b""
        reply = self.answer(ins, p1, p2, data)
        self._waiting, status = reply[:-2], reply[-2:]
        if status != OK or not self._waiting:
            return status
        return self._rest(body.expected or 256)

    def _rest(self, expected: int) -> bytes:
        piece, self._waiting = self._waiting[:expected], self._waiting[expected:]
        left = len(self._waiting)
        return piece + (bytes((0x61, left if left < 256 else 0)) if left else OK)


def tries(left: int, blocked: bytes = BLOCKED) -> bytes:
    """Return the status word for `left` tries."""
    return bytes((0x63, 0xC0 | left)) if left else blocked


def with_check(atr: bytes) -> bytes:
    """Return an answer to reset with its check byte: all bytes after the first XOR to zero."""
    check = 0
    for byte in atr[1:]:
        check ^= byte
    return atr + bytes((check,))


def _body(rest: bytes) -> Body | None:
    """Return a command's body, or None if its lengths disagree."""
    if not rest:
        return Body(b"", 0)
    if len(rest) == 1:
        return Body(b"", rest[0] or 256)
    if rest[0] == 0 and len(rest) >= 3:
        return _extended(rest[1:])
    length = rest[0]
    if len(rest) == 1 + length:
        return Body(rest[1:], 0)
    if len(rest) == 2 + length:
        return Body(rest[1:-1], rest[-1] or 256)
    return None


def _extended(rest: bytes) -> Body | None:
    length = int.from_bytes(rest[:2], "big")
    if len(rest) == 2:
        return Body(b"", length or 65536, extended=True)
    if len(rest) == 2 + length:
        return Body(rest[2:], 0, extended=True)
    if len(rest) == 4 + length:
        expected = int.from_bytes(rest[-2:], "big") or 65536
        return Body(rest[2:-2], expected, extended=True)
    return None
