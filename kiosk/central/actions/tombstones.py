# SPDX-License-Identifier: Apache-2.0
"""Tombstones: what tells kiosks that a card left their organisation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import col, delete, func, select

from kiosk.central.actions.catalogue import action
from kiosk.central.actions.context import Declined, OperatorContext
from kiosk.central.tables import ChangeCounter, Tombstone
from kiosk.rows import carry_out

KEPT_DAYS = 90


@dataclass(frozen=True, slots=True)
class PrunedTombstones:
    """The number of dropped tombstones."""

    dropped: int


@action("tombstones.prune", "tombstones.pruned")
def prune_tombstones(context: OperatorContext, *, days: int = KEPT_DAYS) -> PrunedTombstones:
    """Drop tombstones that are older; kiosks that were away for longer fill their replica anew."""
    if days < 0:
        raise Declined("Tombstones are kept for 0 days or more")
    # By the clock of this machine, which dated them.
    old = col(Tombstone.at) <= datetime.now(UTC) - timedelta(days=days)
    with context.changing() as change:
        last: ColumnElement[int] = func.max(Tombstone.position)
        by_trust = select(Tombstone.organisation_id, last).where(old)
        by_trust = by_trust.group_by(col(Tombstone.organisation_id))
        for trust, position in change.session.exec(by_trust):
            change.session.get_one(ChangeCounter, trust).horizon = position
        dropped = carry_out(change.session, delete(Tombstone).where(old))
        change.record("tombstones.pruned", {"days": days, "dropped": dropped})
    return PrunedTombstones(dropped)
