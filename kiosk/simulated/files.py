# SPDX-License-Identifier: Apache-2.0
"""The file system of a simulated ISO 7816-4 card: dedicated files, transparent files, paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kiosk.card import tlv
from kiosk.errors import CardMalformed
from kiosk.simulated.chip import NOT_FOUND, NOT_SATISFIED, OK, WRONG_DATA

MASTER_FILE = b"\x3f\x00"
_MASTER_INFORMATION = bytes.fromhex("6F078201388302") + MASTER_FILE
_OUTSIDE = b"\x6b\x00"
_DIRECTORY = 0x38  # file descriptor byte of a dedicated file
_READ, _UPDATE = 7, 6  # places of the condition bytes in an attribute of eight (tag 86)
_FREE, _NEVER = 0x00, 0xFF


@dataclass
class StoredFile:
    """One file: the control information of its creation, and its content (None: a directory)."""

    information: bytes
    content: bytes | None

    def condition(self, place: int) -> int:
        """Return the condition of an operation: 00 none, FF never, else the passcode."""
        template = next(iter(tlv.parse(self.information, "file")))[1]
        attribute = dict(tlv.parse(template, "file")).get(0x86, b"")
        return attribute[place] if len(attribute) == 8 else _FREE


Files = dict[bytes, StoredFile]  # by path from the master file, which is the empty path


def new_files() -> Files:
    """Return a card's files before it is personalised."""
    return {b"": StoredFile(_MASTER_INFORMATION, None)}


class FileSystem:
    """The selected file, and the commands on it; `permitted` tells if the passcode was verified."""

    def __init__(self, files: Files, permitted: Callable[[], bool]) -> None:
        self._files = files
        self._permitted = permitted
        self._directory = b""
        self._path = b""

    def select(self, p1: int, p2: int, data: bytes) -> bytes:
        """SELECT by identifier or path; return the control information unless P2 is 0C."""
        path = self._find(p1, data)
        if path is None:
            return NOT_FOUND
        self._path = path
        self._directory = path if self._files[path].content is None else path[:-2]
        return OK if p2 & 0x0C == 0x0C else self._files[path].information + OK

    def read(self, offset: int, expected: int) -> bytes:
        """Answer READ BINARY."""
        content = self._files[self._path].content
        if content is None or offset >= len(content):
            return _OUTSIDE
        if not self._may(_READ):
            return NOT_SATISFIED
        return content[offset : offset + expected] + OK

    def update(self, offset: int, data: bytes) -> bytes:
        """Answer UPDATE BINARY."""
        file = self._files[self._path]
        if file.content is None or offset + len(data) > len(file.content):
            return _OUTSIDE
        if not self._may(_UPDATE):
            return NOT_SATISFIED
        file.content = file.content[:offset] + data + file.content[offset + len(data) :]
        return OK

    def create(self, data: bytes) -> bytes:
        """Create a file in the current directory (CREATE FILE), and select it."""
        try:
            fields = dict(tlv.parse(next(tlv.parse(data, "file"))[1], "file"))
            descriptor, name = fields[0x82][0], fields[0x83]
        except (CardMalformed, LookupError, StopIteration):
            return WRONG_DATA
        size = int.from_bytes(fields.get(0x80, fields.get(0x81, b"")), "big")
        content = None if descriptor == _DIRECTORY else bytes(size)
        self._path = self._directory + name
        self._files[self._path] = StoredFile(data, content)
        if content is None:
            self._directory = self._path
        return OK

    def delete(self, data: bytes) -> bytes:
        """Delete a file by its identifier in the current directory (DELETE FILE)."""
        removed = self._directory + data
        if not data or removed not in self._files:
            return NOT_FOUND
        for path in [path for path in self._files if path.startswith(removed)]:
            del self._files[path]
        self._path = self._directory
        return OK

    def _may(self, place: int) -> bool:
        condition = self._files[self._path].condition(place)
        return condition == _FREE or (condition != _NEVER and self._permitted())

    def _find(self, p1: int, data: bytes) -> bytes | None:
        if p1 == 0x00 and data in {b"", MASTER_FILE}:
            return b""
        if p1 in {0x00, 0x01, 0x02}:
            # As IsoApplet does: a child of the current directory, or else one anywhere.
            near = self._directory + data
            far = [path for path in self._files if path.endswith(data) and len(path) % 2 == 0]
            return near if near in self._files else next(iter(far), None)
        if p1 == 0x03:
            return self._directory[:-2]
        path = (b"" if p1 == 0x08 else self._directory) + data
        if p1 == 0x04:
            return self._named(data)
        return path if p1 in {0x08, 0x09} and path in self._files else None

    def _named(self, name: bytes) -> bytes | None:
        for path, file in self._files.items():
            template = next(iter(tlv.parse(file.information, "file")))[1]
            if dict(tlv.parse(template, "file")).get(0x84) == name:
                return path
        return None
