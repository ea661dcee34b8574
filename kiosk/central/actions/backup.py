# SPDX-License-Identifier: Apache-2.0
"""The confirmation of a backup; kiosks keep their reports until it comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from kiosk.central.actions.catalogue import action
from kiosk.central.actions.context import Declined, OperatorContext
from kiosk.central.tables import Installation


@dataclass(frozen=True, slots=True)
class BackupConfirmed:
    """A confirmed backup: everything received until then survives the loss of the database."""

    until: datetime


@action("backup.confirm", "backed-up")
def confirm_backup(context: OperatorContext, *, until: datetime) -> BackupConfirmed:
    """Confirm that a backup is safe that began at `until`, an instant with its time zone."""
    if until.tzinfo is None:
        raise Declined("The time of the backup needs its time zone, such as Z for UTC")
    until = until.astimezone(UTC)
    with context.changing() as change:
        if until > change.now:
            raise Declined("The time of the backup is yet to come")
        installation = change.session.get_one(Installation, 1)
        before = installation.backed_up_until
        if before is not None and until < before:
            raise Declined(
                f"A later backup was confirmed already, of {before:%Y-%m-%d %H:%M:%S} UTC"
            )
        installation.backed_up_until = until
        change.record("backed-up", {"until": until.isoformat()})
    return BackupConfirmed(until)
