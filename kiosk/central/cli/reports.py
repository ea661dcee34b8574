# SPDX-License-Identifier: Apache-2.0
"""`reports`, `alerts`, `metrics`: what self service was good for, what somebody should look at."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from kiosk.central.actions import reports as actions
from kiosk.central.actions.context import Declined
from kiosk.central.cli.operating import FILE, named_organisation, opened
from kiosk.command_line import Group, PrintingCommand, for_spreadsheets, show_rows, show_text

_DAY = click.DateTime(["%Y-%m-%d"])
_MONTHS = {
    "month": "month",
    "registered": "registered",
    "unlocked": "unlocked",
    "failed": "failed",
    "hours saved": "hours_saved",
}

reports = Group("reports", help="Monthly figures, and certificates that end soon.")


@reports.command()
@click.option("--from", "first", type=_DAY, metavar="YYYY-MM-DD", help="From this day on.")
@click.option("--to", "last", type=_DAY, metavar="YYYY-MM-DD", help="Up to this day, included.")
@named_organisation
@for_spreadsheets
def months(first: datetime | None, last: datetime | None, organisation: str | None) -> None:
    """Show registered, unlocked, failed and hours saved, by month.

    An unlock in person takes twenty minutes: those are the hours saved.
    """
    with opened() as at:
        report = actions.report_months(
            at,
            first=first and first.date(),
            last=last and last.date(),
            organisation=organisation,
        )
    show_rows(report.months, _MONTHS, totals=[report.total])


@reports.command()
@click.option(
    "--days",
    default=actions.ENDING_DAYS,
    show_default=True,
    help="The number of days to look ahead.",
)
@named_organisation
@for_spreadsheets
def ending(days: int, organisation: str | None) -> None:
    """List the cards whose certificate ends soon."""
    with opened() as at:
        rows = actions.list_ending(at, days=days, organisation=organisation)
    show_rows(rows, {"serial": "serial", "family": "family", "certificate ends": "ends"})


@click.command(cls=PrintingCommand)
@click.option("--silent-hours", default=actions.SILENT_HOURS, show_default=True, metavar="N")
@for_spreadsheets
def alerts(silent_hours: int) -> int:
    """List silent kiosks, frozen cards, old revocation lists; ends with 1 if there are any."""
    with opened() as at:
        rows = actions.list_alerts(at, silent_hours=silent_hours)
    show_rows(rows, {"alert": "alert", "of": "about"})
    return 1 if rows else 0


@click.command(cls=PrintingCommand)
@click.option("--file", type=FILE, help="Write it there, whole or not at all, and print nothing.")
def metrics(file: Path | None) -> None:
    """Print how every kiosk said it is, and unlocks, in Prometheus' text format."""
    with opened() as at:
        measured = actions.measure(at)
    if file is None:
        show_text(measured.samples, measured.text)
        return
    try:
        new = file.with_name(f".{file.name}.new")
        new.write_text(measured.text)
        new.rename(file)
    except OSError as error:
        raise Declined(f"{file}: {error.strerror}") from None
