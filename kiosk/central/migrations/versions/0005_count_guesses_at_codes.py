# SPDX-License-Identifier: Apache-2.0
"""Count guesses at codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """From 0004 to 0005."""
    op.create_table(
        "code_guesses",
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(), nullable=True),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("guessed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
    )
