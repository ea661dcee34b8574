# SPDX-License-Identifier: Apache-2.0
"""Reads the fields of a data file strictly: every error names the file and the field."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kiosk.errors import SettingsError


def document(path: Path) -> Mapping[str, Any]:
    """Return the content of a TOML file; raises SettingsError with its name if unreadable."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(path.name, f"cannot be read: {error}") from error


class FieldTable:
    """One table of a document; each field is taken out once, and `end` refuses the rest."""

    def __init__(self, fields: Mapping[str, Any], place: str) -> None:
        self._fields = dict(fields)
        self._place = place

    def wrong(self, field: str, reason: str) -> SettingsError:
        """Return the error for one field."""
        return SettingsError(f"{self._place}: {field}", reason)

    def end(self) -> None:
        """Raise SettingsError if a field is left that nothing asked for."""
        for field in self._fields:
            raise self.wrong(field, "is not a known field")

    def table(self, field: str) -> FieldTable:
        """Return a table inside this one."""
        found = self._take(field, dict, "a table", None)
        return FieldTable(found, f"{self._place}: {field}")

    def text(self, field: str) -> str:
        """Return text; raises SettingsError if it is empty or not printable."""
        found: str = self._take(field, str, "text", None)
        if not found.strip():
            raise self.wrong(field, "is empty")
        if not found.isprintable():
            raise self.wrong(field, "has characters that cannot be printed")
        return found

    def flag(self, field: str, *, default: bool) -> bool:
        """Return true or false."""
        found: bool = self._take(field, bool, "true or false", default)
        return found

    def number(self, field: str, least: int, most: int, default: int | None = None) -> int:
        """Return a whole number from `least` to `most`."""
        found: int = self._take(field, int, "a whole number", default)
        if isinstance(found, bool) or not least <= found <= most:
            raise self.wrong(field, f"must be a whole number from {least} to {most}")
        return found

    def choice(self, field: str, choices: Sequence[str]) -> str:
        """Return one of the words in `choices`."""
        found: str = self._take(field, str, "text", None)
        if found not in choices:
            raise self.wrong(field, f"must be one of: {', '.join(choices)}")
        return found

    def hexadecimal(self, field: str, least: int, most: int, default: bytes) -> bytes:
        """Return `least` to `most` bytes, written as hexadecimal digits."""
        if field not in self._fields:
            return default
        return self._bytes(field, self._fields.pop(field), least, most)

    def hexadecimals(self, field: str, least: int, most: int = 0) -> list[bytes]:
        """Return a list of byte strings in hexadecimal digits; empty if the field is missing."""
        found: list[Any] = self._take(field, list, "a list", [])
        return [self._bytes(field, each, least, most or least) for each in found]

    def _bytes(self, field: str, value: object, least: int, most: int) -> bytes:
        try:
            found = bytes.fromhex(value) if isinstance(value, str) else None
        except ValueError:
            found = None
        if found is None or not least <= len(found) <= most:
            amount = f"{least}" if least == most else f"{least} to {most}"
            raise self.wrong(field, f"must be {amount} bytes in hexadecimal digits")
        return found

    def _take(self, field: str, kind: type, described: str, default: Any) -> Any:
        if field not in self._fields:
            if default is None:
                raise self.wrong(field, "is missing")
            return default
        found = self._fields.pop(field)
        if not isinstance(found, kind):
            raise self.wrong(field, f"must be {described}")
        return found
