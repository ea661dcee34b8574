# SPDX-License-Identifier: Apache-2.0
"""The escrow's journal: what it takes to produce every card's key again, apart from the database.

Lines of JSON that are only ever appended, and synced before the transaction they belong to commits:
a card with its seed and its imported key, and each grant by its receipt. Keys and receipts are
wrapped by the master key, as they are in the database.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter, ValidationError
from sqlmodel import Session

from kiosk.card.cryptogram import KeyKind
from kiosk.contract.message import Base64, Message, Receipt, Serial
from kiosk.errors import SettingsError
from kiosk.values import Family

_PLACE = "KIOSK_CENTRAL_JOURNAL"
_PENDING = "journal"


class CardLine(Message):
    """A card's imported key, and what its further keys derive from."""

    kind: Literal["card"] = "card"
    family: Family
    serial: Serial
    seed: Base64
    wrapped: Base64
    cipher: KeyKind | None = None
    mutual: bool = True
    tries: int = 3


class GrantLine(Message):
    """A grant that was issued: its receipt says of which card and which pair."""

    kind: Literal["grant"] = "grant"
    kiosk: str
    session: UUID
    grant: UUID
    receipt: Receipt


Line = Annotated[CardLine | GrantLine, Field(discriminator="kind")]
_Line: TypeAdapter[CardLine | GrantLine] = TypeAdapter(Line)


def note(database: Session, line: CardLine | GrantLine) -> None:
    """Have the line written before this transaction commits."""
    database.info.setdefault(_PENDING, []).append(line)


def pending(database: Session) -> list[CardLine | GrantLine]:
    """The lines that wait for that."""
    lines: list[CardLine | GrantLine] = database.info.pop(_PENDING, [])
    return lines


class Journal:
    """A file that several processes may append to. Raises OSError where it cannot be written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, lines: Iterable[CardLine | GrantLine]) -> None:
        """Append, and return once it is on the disk."""
        text = "".join(f"{line.model_dump_json()}\n" for line in lines).encode()
        if not text:
            return
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            size = os.fstat(descriptor).st_size
            if size and not _ends_a_line(self._path, size):
                text = b"\n" + text  # whoever wrote last was stopped within a line
            while text:
                text = text[os.write(descriptor, text) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read(path: Path) -> Iterator[CardLine | GrantLine]:
    """The lines of a journal. One that was not written to its end is left out.

    Raises SettingsError where the file cannot be read.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for text in file:
                try:
                    yield _Line.validate_python(json.loads(text), strict=False)
                except (ValueError, ValidationError):
                    continue
    except OSError as error:
        raise SettingsError(_PLACE, f"{path}: {error.strerror}") from None


def _ends_a_line(path: Path, size: int) -> bool:
    with path.open("rb") as file:
        file.seek(size - 1)
        return file.read(1) == b"\n"
