# SPDX-License-Identifier: Apache-2.0
"""Compile each SQL statement once per run and not once per test.

Each test has a database of its own, and so an engine of its own. SQLAlchemy caches compiled
statements per engine and dialect, and a third of the time of central's tests was spent on compiling
the same statements again. Dialects of the classes below are equal to one another, and engines share
one cache.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

_COMPILED: dict[Any, Any] = {}


class _Alike:
    """Equal to every other object of the same class."""

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))


class Sqlite(_Alike, SQLiteDialect_pysqlite):
    supports_statement_cache = True


class PostgreSql(_Alike, PGDialect_psycopg):
    supports_statement_cache = True


def compile_once() -> None:
    """Make every engine that is created from now on share the cache of compiled statements."""
    registry.register("sqlite", __name__, "Sqlite")
    registry.register("postgresql.psycopg", __name__, "PostgreSql")
    event.listen(Engine, "engine_connect", _share)


def _share(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_COMPILED)
