# SPDX-License-Identifier: Apache-2.0
"""Changing rows of a database without loading them; for the store and for central."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult
from sqlalchemy.sql.dml import UpdateBase
from sqlmodel import Session


def carry_out(database: Session, statement: UpdateBase) -> int:
    """How many rows an UPDATE or a DELETE has changed.

    `Session.exec` does the same, but the SQLModel of Debian 13 does not say so in its types.
    """
    return cast("CursorResult[Any]", database.execute(statement)).rowcount
