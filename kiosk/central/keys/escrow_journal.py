# SPDX-License-Identifier: Apache-2.0
"""The escrow journal: a file outside the database with all that is needed to restore every key.

It consists of JSON lines, which are only appended, and synced before their transaction commits. A
line holds a card with its seed and imported key, or the receipt of a grant. Keys and receipts are
wrapped by the master key, as in the database.
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
    """A card's imported key, and the seed from which its further keys derive."""

    kind: Literal["card"] = "card"
    family: Family
    serial: Serial
    seed: Base64
    wrapped: Base64
    cipher: KeyKind | None = None
    mutual: bool = True
    tries: int = 3


class GrantLine(Message):
    """A grant that was issued; its receipt identifies the card and the pair."""

    kind: Literal["grant"] = "grant"
    kiosk: str
    session: UUID
    grant: UUID
    receipt: Receipt


Line = Annotated[CardLine | GrantLine, Field(discriminator="kind")]
_Line: TypeAdapter[CardLine | GrantLine] = TypeAdapter(Line)


def note(database: Session, line: CardLine | GrantLine) -> None:
    """Write the line to the journal before this transaction commits."""
    database.info.setdefault(_PENDING, []).append(line)


def pending(database: Session) -> list[CardLine | GrantLine]:
    """Return the lines noted in this transaction, and forget them."""
    lines: list[CardLine | GrantLine] = database.info.pop(_PENDING, [])
    return lines


class Journal:
    """A journal file, to which several processes may append.

    Raises OSError if it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, lines: Iterable[CardLine | GrantLine]) -> None:
        """Append the lines, and return when they are on the disk."""
        text = "".join(f"{line.model_dump_json()}\n" for line in lines).encode()
        if not text:
            return
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            size = os.fstat(descriptor).st_size
            if size and not _ends_a_line(self._path, size):
                text = b"\n" + text  # the last writer was stopped within a line
            while text:
                text = text[os.write(descriptor, text) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read(path: Path) -> Iterator[CardLine | GrantLine]:
    """Return the lines of a journal; incomplete lines are skipped.

    Raises SettingsError if the file cannot be read.
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
