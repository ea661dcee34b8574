# SPDX-License-Identifier: Apache-2.0
"""ISO 7816-4 command and response APDUs over a connection: chaining, extended length, GET RESPONSE.

A long command goes out as a chain of short ones, as SP 800-73 asks of PIV cards. It has extended
length where the card announces that and no chaining, or refuses the first part of a chain whose
command may be repeated.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Protocol

from kiosk.card.atr import capabilities
from kiosk.errors import CardMalformed, CardRefused, CardRemoved

# APDU traffic has a log level of its own, below DEBUG. Headers, lengths and status words only: a
# command's data may be a passcode or an unblocking key.
TRAFFIC = 5
_log = logging.getLogger(__name__)

SUCCESS = 0x9000
_MORE_DATA = 0x61  # SW1: SW2 bytes (0: 256 or more) wait for GET RESPONSE
_WRONG_LENGTH = 0x6C  # SW1: the right Le is SW2
_CHAINED = 0x10  # CLA bit 5: not the last command of a chain
_SHORT = 255  # the longest data field of a short command
_LONGEST_REPLY = 16384  # far more than any object a kiosk reads
_MOST_PARTS = 256  # of one answer: a card that goes on for ever is not waited for
# Chaining, its last command, the class, or the length of the part are not supported.
_NO_CHAINING = {0x6884, 0x6883, 0x6800, 0x6E00, 0x6700}


class Connection(Protocol):
    """A card within one transaction."""

    @property
    def atr(self) -> bytes:
        """The answer to reset, historical bytes included."""

    def exchange(self, command: bytes) -> bytes:
        """Send one command APDU; give the response's data and its two status bytes.

        Raises CardRemoved where the card went away or may have; then nothing is known of what the
        command did.
        """


@dataclass(frozen=True, slots=True)
class Command:
    """One command APDU. `name` is what errors and logs say; `expected` is Le, 0 for no data.

    `repeatable` commands spend no try and change nothing: they alone are ever sent in another form
    after a refusal.
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
    """What a card answered: data, all parts joined, and the last status word."""

    data: bytes
    status: int


def send(connection: Connection, command: Command) -> Response:
    """Send `command`, chained where it is long, and collect the whole answer.

    Raises CardRemoved for an answer without a status word, CardMalformed for one that is longer
    than was asked for.
    """
    response = _whole(connection, command)
    # Only a command that reads is repeated: another one with data might have acted.
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
    """Send `command` and give its data; raises CardRefused unless the card answers 90 00."""
    response = send(connection, command)
    if response.status != SUCCESS:
        raise CardRefused(command.name, response.status)
    return response.data


def _whole(connection: Connection, command: Command) -> Response:
    """Send all of a command, in the form that suits the card; give its first answer."""
    if len(command.data) > _SHORT:
        told = capabilities(connection.atr)
        if told.extended and not told.chaining:
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
    # 00, Lc of two bytes, data, Le of two bytes: 00 00 takes whatever length there is.
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
        # Measured: a card pulled in the middle of a transmit answers nothing, or one byte.
        raise CardRemoved(command.name)
    status = int.from_bytes(reply[-2:], "big")
    _log.log(TRAFFIC, "%s +%d -> %d %04X", header.hex(), len(rest), len(reply) - 2, status)
    if len(reply) - 2 > most:
        raise CardMalformed(f"{command.name}: {len(reply) - 2} bytes where {most} were asked")
    return Response(reply[:-2], status)
