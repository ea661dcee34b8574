# SPDX-License-Identifier: Apache-2.0
"""Migrations: which version a database's tables have, and how they are brought to this one.

Alembic does the work within the caller's transaction, so a database always has exactly one version.
After a change of `tables`, `make migration` writes the only migration again, until the first
release. Read this module first, then `versions`.
"""

from __future__ import annotations

import io
from enum import StrEnum
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect

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
    """Return how the tables differ from the declared ones, as Alembic describes it."""
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def write_first(folder: Path) -> Path:
    """Write the first migration into `folder` from the declared tables; return its path."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        chosen = config(connection)
        chosen.set_main_option("path_separator", "os")
        chosen.set_main_option("version_locations", str(folder).replace("%", "%%"))
        command.revision(
            chosen, "tables", autogenerate=True, rev_id="0001", version_path=str(folder)
        )
    engine.dispose()
    return folder / "0001_tables.py"


def config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, which has no file; `connection` is for `env`."""
    chosen = Config(stdout=io.StringIO(), attributes={"connection": connection})
    chosen.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return chosen
