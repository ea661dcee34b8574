# SPDX-License-Identifier: Apache-2.0
"""Retention: how long personal data is kept, and its deletion afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.central.actions.catalogue import action
from kiosk.central.actions.context import Declined, OperatorContext
from kiosk.central.operations import retention


@dataclass(frozen=True, slots=True)
class RetentionPeriod:
    """A kind of data, and the days for which it is kept."""

    what: str
    days: int


@dataclass(frozen=True, slots=True)
class DeletedRows:
    """The number of deleted rows of a kind."""

    what: str
    rows: int


def list_retention() -> tuple[RetentionPeriod, ...]:
    """Return what is kept for how long."""
    return tuple(RetentionPeriod(rule.what, rule.days) for rule in retention.RULES)


@action("retention.apply", "retention.applied")
def apply_retention(
    context: OperatorContext, *, days: Mapping[str, int] | None = None
) -> tuple[DeletedRows, ...]:
    """Delete what is over. `days` names other periods, by what `list_retention` calls it."""
    known = {rule.what for rule in retention.RULES}
    for what, count in (days or {}).items():
        if what not in known:
            raise Declined(f"Nothing that is kept is called {what!r}: see `retention show`")
        if count < 0:
            raise Declined(f"{what!r} is kept for 0 days or more")
    with context.changing() as change:
        deleted = retention.apply(change.session, change.now, dict(days or {}))
        told = {what.replace(" ", "_"): count for what, count in deleted.items()}
        change.record("retention.applied", told)
    return tuple(DeletedRows(what, rows) for what, rows in deleted.items())
