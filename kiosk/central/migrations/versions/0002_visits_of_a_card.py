# SPDX-License-Identifier: Apache-2.0
"""Number visits by card and grants by organisation, and know journals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """From 0001 to 0002."""
    op.create_table(
        "journal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("missing", sa.String(), nullable=False),
        sa.Column("lost", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _identify_findings()
    _identify_grants()
    with op.batch_alter_table("card") as card:
        card.add_column(_number("visits"))
        card.add_column(sa.Column("login_after", sa.Integer(), nullable=True))
    # Every number so far was the whole service's.
    op.execute("UPDATE card SET visits = COALESCE((SELECT MAX(grants) FROM installation), 0)")
    op.execute("UPDATE card SET login_after = 0 WHERE id IN (SELECT card_id FROM registration)")
    with op.batch_alter_table("cardholder") as cardholder:
        cardholder.add_column(_number("reported_letters"))
        cardholder.add_column(sa.Column("reported_since", sa.DateTime(), nullable=True))
        cardholder.add_column(_text("resent_epoch", ""))
    with op.batch_alter_table("fact") as fact:
        fact.add_column(_text("bearing", "counts"))
    with op.batch_alter_table("visit_end") as visit_end:
        visit_end.add_column(_text("bearing", "counts"))
    with op.batch_alter_table("installation") as installation:
        installation.add_column(_number("epochs"))
        installation.drop_column("grants")
    with op.batch_alter_table("kiosk") as kiosk:
        kiosk.add_column(sa.Column("emptied_at", sa.DateTime(), nullable=True))
    with op.batch_alter_table("organisation") as organisation:
        organisation.add_column(_number("grants"))
        organisation.add_column(_number("lost_grants"))
        organisation.add_column(_truth("missing_grants"))


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def _text(name: str, default: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False, server_default=default)


def _truth(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _identify_findings() -> None:
    """Give findings an id, because several cards may have one of the same number."""
    op.rename_table("card_finding", "former_finding")
    op.drop_index("ix_card_finding_card_id", "former_finding")
    op.create_table(
        "card_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("carries", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"]),
        sa.PrimaryKeyConstraint("id", name="card_finding_id"),
    )
    op.execute(
        "INSERT INTO card_finding (number, card_id, tries, carries, at)"
        " SELECT number, card_id, tries, carries, at FROM former_finding"
    )
    op.drop_table("former_finding")
    op.create_index("ix_card_finding_card_id", "card_finding", ["card_id"], unique=False)


def _identify_grants() -> None:
    """Identify grants by their id, and let two of them, or two packs, have the same number."""
    if op.get_context().dialect.name == "postgresql":
        for table in ("challenge", "fact"):
            op.drop_constraint(f"{table}_grant_id_fkey", table, type_="foreignkey")
        op.drop_constraint("grant_pkey", "grant", type_="primary")
        op.drop_constraint("grant_id_key", "grant", type_="unique")
        op.create_primary_key("grant_pkey", "grant", ["id"])
        for table in ("challenge", "fact"):
            op.create_foreign_key(f"{table}_grant_id_fkey", table, "grant", ["grant_id"], ["id"])
        op.drop_constraint("pack_number_key", "pack", type_="unique")
        grants = pack = None
    else:
        grants, pack = _grants(), _packs()
        with op.batch_alter_table("pack", copy_from=pack, recreate="always"):
            pass
    with op.batch_alter_table("grant", copy_from=grants) as grant:
        grant.add_column(sa.Column("tries_left", sa.Integer(), nullable=True))
        grant.add_column(sa.Column("organisation_id", sa.Integer(), nullable=True))
        grant.add_column(_number("counter"))
        grant.add_column(_truth("from_journal"))


def _grants() -> sa.Table:
    """Return the table of grants as SQLite is to make it anew."""
    return sa.Table(
        "grant",
        sa.MetaData(),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Uuid(), sa.ForeignKey("unlock_session.id"), nullable=False),
        sa.Column("card_id", sa.Integer(), sa.ForeignKey("card.id"), nullable=False),
        sa.Column("kiosk_id", sa.Integer(), sa.ForeignKey("kiosk.id"), nullable=False),
        sa.Column("current", sa.Integer(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("second_allowed", sa.Boolean(), nullable=False),
        sa.Column("second_needs", sa.Integer(), nullable=False),
        sa.Column("renew", sa.Boolean(), nullable=False),
        sa.Column("charged", sa.Boolean(), nullable=False),
        sa.Column("issued_at", sa.DateTime(), nullable=False),
        sa.Column("receipt", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("session_id"),
        sa.Index("ix_grant_card_id", "card_id"),
    )


def _packs() -> sa.Table:
    """Return the table of packs as SQLite is to make it anew."""
    return sa.Table(
        "pack",
        sa.MetaData(),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kiosk_id", sa.Integer(), sa.ForeignKey("kiosk.id"), nullable=False),
        sa.Column("card_id", sa.Integer(), sa.ForeignKey("card.id"), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("allowance", sa.Integer(), nullable=False),
        sa.Column("sealing_key", sa.LargeBinary(), nullable=False),
        sa.Column("lent_at", sa.DateTime(), nullable=False),
        sa.Column("lent_until", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("abandoned", sa.Boolean(), nullable=False),
        sa.Index("ix_pack_card_id", "card_id"),
        sa.Index("ix_pack_lent", "kiosk_id", "card_id"),
    )
