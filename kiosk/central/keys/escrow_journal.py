# SPDX-License-Identifier: Apache-2.0
"""The escrow journal: a file outside the database with all that is needed to restore every key.

It consists of JSON lines, which are only appended, and synced before their transaction commits. A
line holds a card with its seed and imported key, or the receipt of a grant. Keys and receipts are
wrapped by the master key, as in the database.

Each process writes a journal of its own, although several may share a file. A line carries its
journal's identity and a consecutive number, which no other line ever has: another journal begins
after a write that failed, and in another process. The database knows each journal and its last
committed line, so recovery can tell which lines it lacks, and which were never committed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import socket
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID, uuid4

from pydantic import Field, TypeAdapter, ValidationError
from sqlmodel import Session

from kiosk.card.cryptogram import KeyKind
from kiosk.central.tables import JournalRow
from kiosk.contract.message import Base64, Message, Moment, Receipt, Serial
from kiosk.errors import SettingsError
from kiosk.values import Family

_PLACE = "KIOSK_CENTRAL_JOURNAL"
_PENDING = "journal"
_UNWRITTEN = UUID(int=0)


class _Line(Message):
    """The part of every line that it gets when it is written."""

    journal: UUID = _UNWRITTEN
    line: int = 0
    at: Moment | None = None


class CardLine(_Line):
    """A card's imported key, and the seed from which its further keys derive."""

    kind: Literal["card"] = "card"
    family: Family
    serial: Serial
    seed: Base64
    wrapped: Base64
    cipher: KeyKind | None = None
    mutual: bool = True
    tries: int = 3

    @property
    def fingerprint(self) -> bytes:
        """Return the hash by which grants name this line."""
        return fingerprint(self.seed, self.wrapped)


class GrantLine(_Line):
    """A grant that was issued; its receipt identifies the card and the pair.

    `counter` is its number among the organisation's grants. `card` is the fingerprint of the card's
    line that its keys come from.
    """

    kind: Literal["grant"] = "grant"
    kiosk: str
    organisation: int
    counter: int
    card: Base64
    session: UUID
    grant: UUID
    receipt: Receipt


Line = CardLine | GrantLine
_Lines: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="kind")])


def fingerprint(seed: bytes, wrapped: bytes) -> bytes:
    """Return the hash of a card's seed and wrapped imported key."""
    return hashlib.sha256(len(seed).to_bytes(4) + seed + wrapped).digest()


def note(database: Session, line: Line) -> None:
    """Write the line to the journal before this transaction commits."""
    database.info.setdefault(_PENDING, []).append(line)


def pending(database: Session) -> list[Line]:
    """Return the lines noted in this transaction, and forget them."""
    lines: list[Line] = database.info.pop(_PENDING, [])
    return lines


class Journal:
    """This process's journal, in a file to which several processes may append.

    Raises OSError if it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._begin()

    def _begin(self) -> None:
        self._identity, self._written, self._committed = uuid4(), 0, 0

    def commit(self, database: Session, lines: list[Line], now: datetime) -> None:
        """Append the lines, and store in this transaction that the journal has them.

        Returns when they are on the disk. The transaction that writes has its turn, so no two
        threads do this at once.
        """
        if not lines:
            return
        if self._restored(database):
            self._begin()
        self._register(database, now).lines = self._written + len(lines)
        database.flush()
        self.write(lines, now)

    def committed(self) -> None:
        """Note that the transaction of all lines that were written is committed."""
        self._committed = self._written

    def end(self, database: Session, now: datetime) -> None:
        """Store that the journal has no further lines, and which was the last."""
        if self._restored(database):
            return
        row = self._register(database, now)
        row.lines, row.ended = self._written, True

    def _restored(self, database: Session) -> bool:
        """Return whether the database was restored under this process.

        It then lacks what was committed, and must not learn that these lines are known.
        """
        known = database.get(JournalRow, self._identity)
        return (known.lines if known is not None else 0) < self._committed

    def _register(self, database: Session, now: datetime) -> JournalRow:
        row = database.get(JournalRow, self._identity)
        if row is None:
            place = f"{socket.gethostname()}:{self._path.absolute()}"
            row = JournalRow(id=self._identity, place=place, began_at=now)
        database.add(row)
        return row

    @property
    def begun(self) -> bool:
        """Return whether the journal has any line."""
        return self._written > 0

    def write(self, lines: Iterable[Line], now: datetime) -> None:
        """Append the lines, and return when they are on the disk."""
        stamped = [
            line.model_copy(update={"journal": self._identity, "line": number, "at": now})
            for number, line in enumerate(lines, self._written + 1)
        ]
        try:
            _append(self._path, "".join(f"{line.model_dump_json()}\n" for line in stamped).encode())
        except OSError:
            # Some of the lines may be there: their numbers are not used again.
            self._begin()
            raise
        self._written += len(stamped)


def _append(path: Path, text: bytes) -> None:
    if not text:
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        if size and not _ends_a_line(path, size):
            text = b"\n" + text  # the last writer was stopped within a line
        while text:
            text = text[os.write(descriptor, text) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(path: Path) -> Iterator[Line]:
    """Return the lines of a file; incomplete lines are skipped.

    Raises SettingsError if the file cannot be read.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for text in file:
                try:
                    yield _Lines.validate_python(json.loads(text), strict=False)
                except (ValueError, ValidationError):
                    continue
    except OSError as error:
        raise SettingsError(_PLACE, f"{path}: {error.strerror}") from None


def _ends_a_line(path: Path, size: int) -> bool:
    with path.open("rb") as file:
        file.seek(size - 1)
        return file.read(1) == b"\n"
