# SPDX-License-Identifier: Apache-2.0
"""Sends ISO 7816-4 commands over a connection: chaining, extended length and GET RESPONSE.

A long command is sent as a chain of short ones, as SP 800-73 requires of PIV cards. It is sent with
extended length in two cases: the card announces extended length and no chaining, or it refuses the
first part of a chain whose command may be repeated.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Protocol

from kiosk.card.atr import capabilities
from kiosk.errors import CardMalformed, CardRefused, CardRemoved

# The log level of APDU traffic, below DEBUG. It records headers, lengths and status words only,
# because a command's data may be a passcode or an unblocking key.
TRAFFIC = 5
_log = logging.getLogger(__name__)

SUCCESS = 0x9000
_MORE_DATA = 0x61  # SW1; GET RESPONSE returns SW2 more bytes (0: 256 or more)
_WRONG_LENGTH = 0x6C  # SW1; SW2 is the right Le
_CHAINED = 0x10  # CLA bit 5: not the last command of a chain
_SHORT = 255  # the longest data field of a short command
_LONGEST_REPLY = 16384  # far more than any object a kiosk reads
_MOST_PARTS = 256  # of one answer, so that a card cannot answer for ever
# The card does not support chaining, its last command, the class, or the length of the part.
_NO_CHAINING = {0x6884, 0x6883, 0x6800, 0x6E00, 0x6700}


class Connection(Protocol):
    """A card inside one transaction."""

    @property
    def atr(self) -> bytes:
        """The answer to reset, with its historical bytes."""

    def exchange(self, command: bytes) -> bytes:
        """Send one command APDU and return the response's data and its two status bytes.

        Raises CardRemoved if the card left, or may have left. It is then unknown what the command
        did.
        """


@dataclass(frozen=True, slots=True)
class Command:
    """One command APDU; `name` appears in errors and logs, `expected` is Le (0: no data).

    A `repeatable` command spends no try and changes nothing. Only such a command is sent again in
    another form after a refusal.
    """

    name: str
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    expected: int = 0
    cla: int = 0x00
    repeatable: bool = False

    def __repr__(self) -> str:
        return f"{self.name}({self.cla:02X}{self.ins:02X}{self.p1:02X}{self.p2:02X})"


@dataclass(frozen=True, slots=True)
class Response:
    """A card's answer: the data of all parts joined, and the last status word."""

    data: bytes
    status: int


def send(connection: Connection, command: Command) -> Response:
    """Send `command`, chained if it is long, and return the whole answer.

    Raises CardRemoved if an answer has no status word, CardMalformed if it is longer than the
    command asked for.
    """
    response = _whole(connection, command)
    # Repeat only a command that reads: any other command with data may have had its effect.
    reads = command.expected and (command.repeatable or not command.data)
    if response.status >> 8 == _WRONG_LENGTH and reads and len(command.data) <= _SHORT:
        length = response.status & 0xFF or 256
        response = _exchange(connection, command, command.cla, command.data, length)
    data, parts = bytearray(response.data), 0
    while response.status >> 8 == _MORE_DATA and command.expected:
        parts += 1
        rest = Command("GET RESPONSE", 0xC0, 0, 0, expected=response.status & 0xFF or 256)
        response = _exchange(connection, rest, 0x00, b"", rest.expected)
        if response.status >> 8 == _WRONG_LENGTH and not response.data:
            exactly = response.status & 0xFF or 256
            response = _exchange(connection, rest, 0x00, b"", exactly)
        if not response.data and response.status >> 8 == _MORE_DATA:
            raise CardMalformed(f"{command.name}: GET RESPONSE without data")
        data += response.data
        if len(data) > _LONGEST_REPLY or parts > _MOST_PARTS:
            raise CardMalformed(f"{command.name}: longer than {_LONGEST_REPLY} bytes")
    return Response(bytes(data), response.status)


def must(connection: Connection, command: Command) -> bytes:
    """Send `command` and return its data; raises CardRefused unless the card answers 90 00."""
    response = send(connection, command)
    if response.status != SUCCESS:
        raise CardRefused(command.name, response.status)
    return response.data


def _whole(connection: Connection, command: Command) -> Response:
    """Send all of a command in the form that suits the card, and return the first answer."""
    if len(command.data) > _SHORT:
        announced = capabilities(connection.atr)
        if announced.extended and not announced.chaining:
            return _extended(connection, command)
    pieces = [command.data[i : i + _SHORT] for i in range(0, len(command.data), _SHORT)] or [b""]
    for number, piece in enumerate(pieces[:-1]):
        response = _exchange(connection, command, command.cla | _CHAINED, piece, expected=0)
        if number == 0 and response.status in _NO_CHAINING and command.repeatable:
            return _extended(connection, command)
        if response.status != SUCCESS:
            return response
    return _exchange(connection, command, command.cla, pieces[-1], command.expected)


def _extended(connection: Connection, command: Command) -> Response:
    # 00, Lc of two bytes, data, Le of two bytes; Le 00 00 accepts any length.
    body = b"\0" + len(command.data).to_bytes(2, "big") + command.data
    le = b"\0\0" if command.expected else b""
    return _transmit(
        connection, command, command.cla, body + le, _LONGEST_REPLY if command.expected else 0
    )


def _exchange(
    connection: Connection, command: Command, cla: int, data: bytes, expected: int
) -> Response:
    body = bytes((len(data),)) + data if data else b""
    # A command without data and without Le has four bytes; Le 00 asks for up to 256.
    le = bytes((expected & 0xFF,)) if expected else b""
    return _transmit(connection, command, cla, body + le, expected)


def _transmit(
    connection: Connection, command: Command, cla: int, rest: bytes, most: int
) -> Response:
    header = bytes((cla, command.ins, command.p1, command.p2))
    reply = connection.exchange(header + rest)
    if len(reply) < 2:
        # Measured: a card that is pulled during a transmission answers with 0 or 1 bytes.
        raise CardRemoved(command.name)
    status = int.from_bytes(reply[-2:], "big")
    _log.log(TRAFFIC, "%s +%d -> %d %04X", header.hex(), len(rest), len(reply) - 2, status)
    if len(reply) - 2 > most:
        raise CardMalformed(f"{command.name}: {len(reply) - 2} bytes where {most} were asked")
    return Response(reply[:-2], status)
