# SPDX-License-Identifier: Apache-2.0
"""Stage imports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def _there(name: str, *values: str) -> sa.types.TypeEngine[str]:
    """Return an enumeration that PostgreSQL has already."""
    existing = postgresql.ENUM(*values, name=name, create_type=False)
    return sa.Enum(*values, name=name).with_variant(existing, "postgresql")


def upgrade() -> None:
    """From 0003 to 0004."""
    op.create_table(
        "staged_card",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=True),
        sa.Column("card_rank", sa.Integer(), nullable=True),
        sa.Column("holder_id", sa.Integer(), nullable=True),
        sa.Column("holder_rank", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("feed_rank", sa.Integer(), nullable=True),
        sa.Column("left_organisation_id", sa.Integer(), nullable=True),
        sa.Column("left_rank", sa.Integer(), nullable=True),
        sa.Column("family", _there("family", "PIV", "GIDS", "ISO7816"), nullable=False),
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.Column("manufacturer", sa.String(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("authentication_certificate", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("import_id", "line"),
    )
    op.create_table(
        "staged_cardholder",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=True),
        sa.Column("holder_rank", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "line"),
    )
    op.create_table(
        "staged_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staged_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "staged_key",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=True),
        sa.Column("card_rank", sa.Integer(), nullable=True),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("kind", _there("keykind", "TRIPLE_DES", "AES"), nullable=True),
        sa.Column("mutual", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "line"),
    )
    op.create_table(
        "staged_position",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=True),
        sa.Column("holder_rank", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("organisation_code", sa.String(), nullable=False),
        sa.Column("organisation_name", sa.String(), nullable=False),
        sa.Column("start", sa.Date(), nullable=True),
        sa.Column("end", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("import_id", "line"),
    )
