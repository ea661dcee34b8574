# SPDX-License-Identifier: Apache-2.0
"""`epochs` and `tombstones`: what kiosks that follow have to be told."""

from __future__ import annotations

import click

from kiosk.central.actions import epochs as actions
from kiosk.central.actions import tombstones as buried
from kiosk.central.cli.operating import opened
from kiosk.command_line import Group, show

epochs = Group("epochs", help="After restoring the database from a backup.")
tombstones = Group("tombstones", help="Of cards that left an organisation.")


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


@tombstones.command()
@click.option("--days", default=buried.KEPT_DAYS, show_default=True, help="Older ones.")
def prune(days: int) -> None:
    """Drop old ones; kiosks that were away for longer fill their replica anew."""
    with opened() as at:
        done = buried.prune_tombstones(at, days=days)
    show(done, f"dropped: {done.dropped}")
