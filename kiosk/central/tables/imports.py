# SPDX-License-Identifier: Apache-2.0
"""The staging tables of imports: rows that were checked and are not published yet.

Nothing but the import itself reads them. Publishing an import copies its rows to their tables in
one transaction, and they are deleted afterwards. References to the rows of other tables are plain
numbers, without foreign keys: publishing checks them all at once.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlmodel import Field

from kiosk.card.cryptogram import KeyKind
from kiosk.central.tables.base import Instant, Table
from kiosk.values import Family


class StagedImport(Table, table=True):
    """An import that has staged rows; `staged_at` is the time of its last batch."""

    __tablename__ = "staged_import"

    id: UUID = Field(primary_key=True)
    staged_at: datetime = Field(sa_type=Instant)


class _Staged(Table):
    """A row of an import; `line` is its number among the import's staged rows of this kind.

    A row that publishing updates is named by its key. A new one has a rank, from which publishing
    makes its key.
    """

    import_id: UUID = Field(primary_key=True)
    line: int = Field(primary_key=True)


class StagedCardholder(_Staged, table=True):
    """A new cardholder, who has a `holder_rank`, or a change of one."""

    __tablename__ = "staged_cardholder"

    holder_id: int | None = None
    holder_rank: int | None = None
    organisation_id: int
    uuid: str
    name: str
    email: str
    language: str


class StagedPosition(_Staged, table=True):
    """A position of a cardholder: those that are staged replace all that the cardholder had."""

    __tablename__ = "staged_position"

    holder_id: int | None = None
    holder_rank: int | None = None
    code: str
    name: str
    source: str
    organisation_code: str
    organisation_name: str
    start: date | None = None
    end: date | None = None


class StagedCard(_Staged, table=True):
    """A new card, which has a `card_rank`, or a change of one.

    `feed_rank` places it among the import's changes that kiosks of its organisation follow; None if
    they do not follow this one. A card that leaves another organisation has its tombstone there at
    `left_rank`.
    """

    __tablename__ = "staged_card"

    card_id: int | None = None
    card_rank: int | None = None
    holder_id: int | None = None
    holder_rank: int | None = None
    organisation_id: int
    feed_rank: int | None = None
    left_organisation_id: int | None = None
    left_rank: int | None = None
    family: Family
    serial: str
    seed: bytes
    manufacturer: str
    issued_on: date | None = None
    expires_on: date | None = None
    authentication_certificate: bytes | None = None


class StagedKey(_Staged, table=True):
    """The unblocking key of a card, wrapped by the master key."""

    __tablename__ = "staged_key"

    card_id: int | None = None
    card_rank: int | None = None
    wrapped: bytes
    kind: KeyKind | None = None
    mutual: bool
    tries: int
