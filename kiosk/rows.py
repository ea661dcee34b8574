# SPDX-License-Identifier: Apache-2.0
"""Changes rows of a database without loading them; the store and central use it."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult
from sqlalchemy.sql.dml import UpdateBase
from sqlmodel import Session


def carry_out(database: Session, statement: UpdateBase) -> int:
    """Carry out an UPDATE or a DELETE, and return the number of rows that it changed.

    `Session.exec` does the same, but the SQLModel of Debian 13 does not say so in its types.
    """
    return cast("CursorResult[Any]", database.execute(statement)).rowcount
