# SPDX-License-Identifier: Apache-2.0
"""`retention` and `cardholders`: how long things are kept, and who is kept no longer."""

from __future__ import annotations

import click

from kiosk.central.actions import cardholders as people
from kiosk.central.actions import retention as actions
from kiosk.central.cli.operating import opened
from kiosk.command_line import Group, for_spreadsheets, show, show_rows

retention = Group("retention", help="The times for which personal data is kept.")
cardholders = Group("cardholders", help="The people.")


@retention.command("show")
@for_spreadsheets
def show_() -> None:
    """Show what is kept for how many days."""
    show_rows(actions.list_retention(), {"what": "what", "days": "days"})


@retention.command()
@click.option(
    "--days",
    multiple=True,
    type=(str, click.IntRange(min=0)),
    metavar="WHAT DAYS",
    help="Keep this for so long, in place of what `show` shows.",
)
def apply(days: tuple[tuple[str, int], ...]) -> None:
    """Delete what is over: for a daily job."""
    with opened() as at:
        done = actions.apply_retention(at, days=dict(days))
    show(done, *(f"{each.what}: {each.rows} deleted" for each in done))


@cardholders.command()
@click.argument("uuid")
def erase(uuid: str) -> None:
    """Forget who a cardholder was, by the twelve digits of their UUID.

    Their cards are a leaver's from then on.
    """
    with opened() as at:
        done = people.erase_cardholder(at, uuid=uuid)
    show(done, f"Erased: this cardholder had {done.cards} cards.")
