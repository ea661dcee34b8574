# SPDX-License-Identifier: Apache-2.0
"""Migrations: which version a database's tables have, and how they are brought to this one.

Alembic does the work within the caller's transaction, so a database always has exactly one version.
After a change of `tables`, `make migration MESSAGE="…"` writes the next revision. Read this module
first, then `versions`.
"""

from __future__ import annotations

import io
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.operations.ops import MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, Enum, create_engine, inspect
from sqlalchemy.dialects.postgresql.base import PGInspector

from kiosk.central.tables import metadata

FOLDER = Path(__file__).parent


class State(StrEnum):
    """The state of a database's version, compared with the software's."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    UNKNOWN = "unknown"


def state(connection: Connection) -> State:
    """Return the state of the database behind `connection`."""
    version = MigrationContext.configure(connection).get_current_revision()
    if version is None:
        return State.UNKNOWN if inspect(connection).get_table_names() else State.EMPTY
    scripts = ScriptDirectory.from_config(config())
    if version == scripts.get_current_head():
        return State.CURRENT
    known = {script.revision for script in scripts.walk_revisions()}
    return State.OLDER if version in known else State.UNKNOWN


def upgrade(connection: Connection) -> None:
    """Bring the tables to this version."""
    command.upgrade(config(connection), "head")


def differences(connection: Connection) -> list[Any]:
    """Return how the tables differ from the declared ones, as Alembic describes it.

    Alembic does not look into enumerations. PostgreSQL's are compared here: a difference is
    "enumeration", its name, and its values as the software declares them.
    """
    found = list(compare_metadata(MigrationContext.configure(connection), metadata))
    if connection.dialect.name == "postgresql":
        inspector = cast("PGInspector", inspect(connection))
        there = {each["name"]: each["labels"] for each in inspector.get_enums()}
        declared = _enumerations()
        found += [
            ("enumeration", name, declared.get(name))
            for name in sorted({*there, *declared})
            if there.get(name) != declared.get(name)
        ]
    return found


def write(folder: Path, message: str) -> Path | None:
    """Write the revision from the head of those in `folder` to the tables, and return its file.

    None if there is no difference. Its number is the next one.
    """
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        chosen = config(connection)
        chosen.set_main_option("path_separator", "os")
        chosen.set_main_option("version_locations", str(folder).replace("%", "%%"))
        command.upgrade(chosen, "head")
        head = ScriptDirectory.from_config(chosen).get_current_head()
        written = command.revision(
            chosen,
            message,
            autogenerate=True,
            rev_id=f"{int(head or 0) + 1:04}",
            process_revision_directives=_leave_out_empty,
        )
    engine.dispose()
    return Path(written.path) if isinstance(written, Script) else None


def _leave_out_empty(_context: Any, _revision: Any, directives: list[MigrationScript]) -> None:
    operations = directives[0].upgrade_ops
    if operations is None or operations.is_empty():
        directives.clear()


def _enumerations() -> dict[str, list[str]]:
    types = (column.type for table in metadata.tables.values() for column in table.columns)
    return {str(each.name): list(each.enums) for each in types if isinstance(each, Enum)}


def config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, which has no file; `connection` is for `env`."""
    chosen = Config(stdout=io.StringIO(), attributes={"connection": connection})
    chosen.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return chosen
