# SPDX-License-Identifier: Apache-2.0
"""What every table of central is made of."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

metadata = MetaData()


class Instant(TypeDecorator[datetime]):
    """A moment, stored as UTC without a zone, aware when it is read (SQLite has no zones)."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """To the database. A moment without a zone is taken for UTC."""
        if value is None or value.tzinfo is None:
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else value.replace(tzinfo=UTC)


class Table(SQLModel, registry=registry(metadata=metadata)):
    """Tables of the central service, in a metadata of their own."""


class Throttled(SQLModel):
    """Failures since the last success, and when the next attempt may be made."""

    failures: int = 0
    not_before: datetime | None = Field(default=None, sa_type=Instant)
