# SPDX-License-Identifier: Apache-2.0
"""Alembic's environment: gives it the connection, within the caller's transaction."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlmodel.sql.sqltypes import AutoString

from kiosk.central.tables import Instant, metadata


def _render_plain_types(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Return plain types for our own in a migration, because ours may change their meaning."""
    match item:
        case Instant() if kind == "type":
            return "sa.DateTime()"
        case AutoString() if kind == "type":
            return "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=_render_plain_types,
    render_as_batch=True,  # SQLite changes a column by making its table anew
)
with context.begin_transaction():
    context.run_migrations()
