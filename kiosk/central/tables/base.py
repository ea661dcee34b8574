# SPDX-License-Identifier: Apache-2.0
"""The base of all tables: the metadata, the type of moments, and throttled rows."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

metadata = MetaData()


class Instant(TypeDecorator[datetime]):
    """A moment, stored as UTC without a zone, and aware when it is read (SQLite has no zones)."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Convert to the database's form; a moment without a zone is taken as UTC."""
        if value is None or value.tzinfo is None:
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Convert from the database's form to an aware moment in UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


class Table(SQLModel, registry=registry(metadata=metadata)):
    """The base class of central's tables, with a metadata of its own."""


class Throttled(SQLModel):
    """The failures since the last success, and when the next attempt is allowed."""

    failures: int = 0
    not_before: datetime | None = Field(default=None, sa_type=Instant)
