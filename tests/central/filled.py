# SPDX-License-Identifier: Apache-2.0
"""Rows for tables of which only the database is known, at any revision."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Column, Connection, MetaData, Table

_NUMBER = 7
# The kinds of columns; a kind stands before the kinds that it is a special case of.
_VALUES: tuple[tuple[type[Any], Any], ...] = (
    (sa.Boolean, True),
    (sa.Uuid, UUID(int=_NUMBER)),
    (sa.Integer, _NUMBER),
    (sa.Float, 1.5),
    (sa.Numeric, 1),
    (sa.JSON, ["it stays"]),
    (sa.LargeBinary, b"it stays"),
    (sa.DateTime, datetime(2026, 1, 2, 3, 4, tzinfo=UTC).replace(tzinfo=None)),
    (sa.Date, date(2026, 1, 2)),
)


def tables(connection: Connection) -> list[Table]:
    """Return the existing tables except Alembic's own, each after the tables that it refers to."""
    found = MetaData()
    found.reflect(connection)
    return [each for each in found.sorted_tables if each.name != "alembic_version"]


def fill(connection: Connection) -> None:
    """Put a row into each empty table, with a value in each column."""
    for table in tables(connection):
        if not connection.execute(sa.select(table)).first():
            row = {column.name: _value(column) for column in table.columns}
            connection.execute(table.insert().values(row))
    connection.commit()


def rows(connection: Connection) -> dict[str, dict[str, Any]]:
    """Return the first row of each table."""
    found = {}
    for table in tables(connection):
        first = connection.execute(sa.select(table)).mappings().first()
        found[table.name] = dict(first) if first is not None else {}
    connection.rollback()
    return found


def _value(column: Column[Any]) -> Any:
    if isinstance(column.type, sa.Enum):
        return column.type.enums[0]
    return next((value for kind, value in _VALUES if isinstance(column.type, kind)), _text(column))


def _text(column: Column[Any]) -> str:
    """Return a text; SQLite declares a UUID as 32 characters."""
    length = getattr(column.type, "length", None)
    return UUID(int=_NUMBER).hex if length == 32 else "it stays"[:length]


def lost(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> list[str]:
    """Return the tables and columns that still exist and whose row or value has changed."""
    rows = [name for name in before if name in after and not after[name]]
    values = [
        f"{name}.{column}"
        for name, row in before.items()
        for column, value in row.items()
        if after.get(name, {}).get(column, value) != value
    ]
    return rows + values
