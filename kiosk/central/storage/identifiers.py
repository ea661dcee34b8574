# SPDX-License-Identifier: Apache-2.0
"""Keys of rows that are inserted by statements, and have to be known before."""

from __future__ import annotations

from sqlalchemy import Connection, Table, func, select


def reserve(connection: Connection, table: Table, count: int) -> int:
    """Reserve so many keys of a table, within a turn; return the number before the first."""
    if not count:
        return 0
    if connection.dialect.name == "sqlite":
        highest: int = connection.execute(
            select(func.coalesce(func.max(table.c.id), 0))
        ).scalar_one()
        return highest
    sequence = func.pg_get_serial_sequence(table.name, "id")
    first: int = connection.execute(select(func.nextval(sequence))).scalar_one()
    connection.execute(select(func.setval(sequence, first + count - 1)))
    return first - 1
