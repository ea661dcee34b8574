# SPDX-License-Identifier: Apache-2.0
"""`epochs`, `backup` and `tombstones`: what kiosks that follow have to be told."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from kiosk.central.actions import backup as backups
from kiosk.central.actions import epochs as actions
from kiosk.central.actions import tombstones as buried
from kiosk.central.cli.operating import opened
from kiosk.command_line import Group, show

epochs = Group("epochs", help="After restoring the database from a backup.")
backup = Group("backup", help="For the backup job.")
tombstones = Group("tombstones", help="Of cards that left an organisation.")


def _moment(_context: click.Context, parameter: click.Parameter, value: str) -> datetime:
    """Return the instant in UTC, of ISO 8601 with its zone."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = datetime.min  # noqa: DTZ901 - it has no zone either
    if moment.tzinfo is None:
        raise click.BadParameter(
            "give a time with its zone, such as 2025-03-01T02:00:00Z", param=parameter
        )
    return moment.astimezone(UTC)


@epochs.command()
def new() -> None:
    """Have kiosks report anew what they keep; until they have, nothing is unlocked."""
    with opened() as at:
        begun = actions.begin_epoch(at)
    waiting = (
        f"{each.organisation}: nothing is unlocked until {each.kiosks} kiosks have reported."
        for each in begun.waiting
    )
    show(begun, f"A new epoch: {begun.epoch}.", *waiting)


@epochs.command()
@click.argument("kiosk")
def settle(kiosk: str) -> None:
    """Wait no longer for a kiosk that is lost."""
    with opened() as at:
        done = actions.settle_kiosk(at, name=kiosk)
    missing = f"Still to report: {', '.join(done.missing)}."
    last = missing if done.missing else "The cards of its organisation are unlocked again."
    show(done, f"Settled: {done.kiosk}.", last)


@backup.command()
@click.option(
    "--until",
    required=True,
    callback=_moment,
    metavar="TIME",
    help="When the backup began, such as 2025-03-01T02:00:00Z.",
)
def confirm(until: datetime) -> None:
    """Confirm that what was received until then would survive the loss of the database."""
    with opened() as at:
        done = backups.confirm_backup(at, until=until)
    show(done, f"Backed up until {done.until:%Y-%m-%d %H:%M:%S} UTC.")


@tombstones.command()
@click.option("--days", default=buried.KEPT_DAYS, show_default=True, help="Older ones.")
def prune(days: int) -> None:
    """Drop old ones; kiosks that were away for longer fill their replica anew."""
    with opened() as at:
        done = buried.prune_tombstones(at, days=days)
    show(done, f"dropped: {done.dropped}")
