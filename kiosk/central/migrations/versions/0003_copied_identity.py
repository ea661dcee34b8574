# SPDX-License-Identifier: Apache-2.0
"""Copies of a kiosk's identity."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_LONG_AGO = "2000-01-01 00:00:00"  # a token that is out shows nothing about a copy


def upgrade() -> None:
    """From 0002 to 0003."""
    op.create_table(
        "boot_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kiosk_id", sa.Integer(), nullable=False),
        sa.Column("sealing_key", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["kiosk_id"],
            ["kiosk.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("boot_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_boot_key_kiosk_id"), ["kiosk_id"], unique=False)

    op.create_table(
        "former_key",
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("kiosk_id", sa.Integer(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["kiosk_id"],
            ["kiosk.id"],
        ),
        sa.PrimaryKeyConstraint("public_key"),
    )
    with op.batch_alter_table("former_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_former_key_kiosk_id"), ["kiosk_id"], unique=False)

    with op.batch_alter_table("access_token", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("nonce_at", sa.DateTime(), nullable=False, server_default=_LONG_AGO)
        )
        batch_op.add_column(sa.Column("role", sa.String(), nullable=False, server_default="screen"))

    with op.batch_alter_table("kiosk", schema=None) as batch_op:
        batch_op.add_column(sa.Column("copied_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("lease_networks", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("sync_key", sa.LargeBinary(), nullable=True))
        batch_op.create_unique_constraint("uq_kiosk_sync_key", ["sync_key"])

    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("lease_networks", sa.JSON(), nullable=False, server_default="[]")
        )

    with op.batch_alter_table("pack", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("accounted", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    op.execute("UPDATE pack SET accounted = (ended_at IS NOT NULL)")
