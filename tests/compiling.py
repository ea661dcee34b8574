# SPDX-License-Identifier: Apache-2.0
"""Statements are compiled once in a run and not once in a test.

Each test has a database of its own, and so an engine. SQLAlchemy keeps what it compiled with that
and its dialect, and a third of what central's tests did was to compile the same again. Dialects of
these classes are equal to one another, and engines share what was compiled.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

_COMPILED: dict[Any, Any] = {}


class _Alike:
    """Equal to all of its class."""

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))


class Sqlite(_Alike, SQLiteDialect_pysqlite):
    supports_statement_cache = True


class PostgreSql(_Alike, PGDialect_psycopg):
    supports_statement_cache = True


def compile_once() -> None:
    """Have every engine that is made from now on share what was compiled."""
    registry.register("sqlite", __name__, "Sqlite")
    registry.register("postgresql.psycopg", __name__, "PostgreSql")
    event.listen(Engine, "engine_connect", _share)


def _share(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_COMPILED)
