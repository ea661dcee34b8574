# SPDX-License-Identifier: Apache-2.0
"""Run by Alembic: hands it the connection, within the transaction that is under way."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlmodel.sql.sqltypes import AutoString

from kiosk.central.tables import Instant, metadata


def _without_our_own(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A migration says what the database holds: types of the software may change their meaning."""
    match item:
        case Instant() if kind == "type":
            return "sa.DateTime()"
        case AutoString() if kind == "type":
            return "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=_without_our_own,
    render_as_batch=True,  # SQLite changes a column by making its table anew
)
with context.begin_transaction():
    context.run_migrations()
