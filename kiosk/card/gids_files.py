# SPDX-License-Identifier: Apache-2.0
"""Reads the file system of a GIDS card: a master file maps each file to its data object.

The specification does not describe the layout. It is the one that gids-tool writes and reads
(OpenSC `card-gids.c`), which was learnt from Windows' own driver. The container map is from the
minidriver specification 7.07, 5.4.1.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.card import compressed, tlv
from kiosk.card.apdu import SUCCESS, Command, Connection, send
from kiosk.errors import CardMalformed, CardRefused

_MASTER_FILE = (0xA000, b"\xdf\x1f")
_VERSION = 0x01
_RECORD, _NAME = 28, 9  # bytes; a name ends with a zero; two filler bytes precede the numbers
_CONTAINER, _CONTAINER_NAME = 86, 80  # bytes; the name is UTF-16
_VALID, _DEFAULT = 0x01, 0x02
_FIRST_KEY = 0x81  # key reference of container 0
_MOST_CONTAINERS = 126
_LOGIN_BITS = 2048
_NOT_THERE = {0x6A82, 0x6A88}
_ZLIB = b"\x01\x00"  # then the certificate's length in two bytes, then zlib data


@dataclass(frozen=True, slots=True)
class MasterFile:
    """Maps (directory, file) to (file identifier, name of the data object)."""

    places: dict[tuple[str, str], tuple[int, bytes]]

    @classmethod
    def read(cls, connection: Connection) -> MasterFile:
        """Read the master file; raises CardMalformed if it is missing or has another form."""
        content = read(connection, *_MASTER_FILE, "master file")
        if content is None:
            raise CardMalformed("master file: missing")
        return cls.parse(content)

    @classmethod
    def parse(cls, content: bytes) -> MasterFile:
        """Return the places in a master file; raises CardMalformed."""
        if not content or content[0] != _VERSION or (len(content) - 1) % _RECORD:
            raise CardMalformed("master file: not version 1 with records of 28 bytes")
        places = {}
        for start in range(1, len(content), _RECORD):
            record = content[start : start + _RECORD]
            directory, name = _text(record[:_NAME]), _text(record[_NAME : 2 * _NAME])
            object_, file = (
                int.from_bytes(record[position : position + 4], "little") for position in (20, 24)
            )
            if object_ <= 0xFFFF and file <= 0xFFFF:
                places[directory, name] = (file, object_.to_bytes(2, "big"))
        return cls(places)

    def place(self, directory: str, name: str) -> tuple[int, bytes] | None:
        """Return the place of a file, or None if there is no such file."""
        return self.places.get((directory, name))


@dataclass(frozen=True, slots=True)
class Container:
    """A key pair on the card; an `exchange` key may also sign, another key only signs."""

    number: int
    exchange: bool

    @property
    def key_reference(self) -> int:
        """The reference of the key in MSE SET."""
        return _FIRST_KEY + self.number

    @property
    def certificate_file(self) -> str:
        """The name of the file in `mscp` that has the certificate."""
        return f"{'kxc' if self.exchange else 'ksc'}{self.number:02X}"


def read(connection: Connection, file: int, name: bytes, place: str) -> bytes | None:
    """Return the content of the data object `name` in `file`, or None if there is none."""
    command = Command(
        f"GET DATA {place}", 0xCB, file >> 8, file & 0xFF, tlv.encode(0x5C, name), expected=256
    )
    response = send(connection, command)
    if response.status in _NOT_THERE:
        return None
    if response.status != SUCCESS:
        raise CardRefused(command.name, response.status)
    return tlv.find(response.data, int.from_bytes(name, "big"), place)


def login_container(content: bytes) -> Container | None:
    """Return the login container of a container map: the default one, else the first that fits."""
    if len(content) % _CONTAINER:
        raise CardMalformed("cmapfile: not records of 86 bytes")
    found: list[tuple[bool, Container]] = []
    for number in range(min(len(content) // _CONTAINER, _MOST_CONTAINERS)):
        record = content[number * _CONTAINER : (number + 1) * _CONTAINER]
        flags = record[_CONTAINER_NAME]
        sign, exchange = (
            int.from_bytes(record[position : position + 2], "little") for position in (82, 84)
        )
        if flags & _VALID and _LOGIN_BITS in (sign, exchange):
            found.append((bool(flags & _DEFAULT), Container(number, exchange == _LOGIN_BITS)))
    return max(found, key=lambda each: each[0])[1] if found else None


def certificate(content: bytes, place: str) -> bytes:
    """Return the DER certificate in a certificate file, which is compressed."""
    if content[:2] != _ZLIB:
        raise CardMalformed(f"{place}: compressed in an unknown way")
    der = compressed.inflate_zlib(content[4:], place)
    if len(der) != int.from_bytes(content[2:4], "little"):
        raise CardMalformed(f"{place}: its length is not the one that it states")
    return der


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("latin-1")
