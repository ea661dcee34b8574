# SPDX-License-Identifier: Apache-2.0
"""`report`, `alerts`, `metrics`: what self service was good for, what somebody should look at."""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from pathlib import Path

from kiosk.central.cli import operator_context
from kiosk.central.cli.operator_context import Commands, Declined
from kiosk.central.operations import metrics, reporting

_DAYS = 90  # from then on a holder may renew by herself (digital.nhs.uk, "Self-renewal")


def add(commands: Commands) -> None:
    """The commands and their options."""
    telling = commands.add_parser(
        "report",
        help="registered, unlocked, failed and hours saved, by month",
        description="An unlock in person takes"
        f" {reporting.MINUTES_SAVED} minutes: those are the hours saved.",
    )
    telling.add_argument("--from", dest="first", type=date.fromisoformat, metavar="YYYY-MM-DD")
    telling.add_argument("--to", dest="last", type=date.fromisoformat, metavar="YYYY-MM-DD")
    telling.add_argument("--organisation", metavar="NAME", help="of this organisation alone")
    telling.add_argument(
        "--ending", action="store_true", help="instead, the cards whose certificate ends soon"
    )
    telling.add_argument(
        "--days", type=int, default=_DAYS, help=f"how soon is soon (default: {_DAYS})"
    )
    operator_context.for_spreadsheets(telling)
    telling.set_defaults(run=_report)
    alerting = commands.add_parser(
        "alerts", help="silent kiosks, frozen cards, old revocation lists; ends with 1 if any"
    )
    alerting.add_argument("--silent-hours", type=int, default=24, metavar="N", help="(default: 24)")
    operator_context.for_spreadsheets(alerting)
    alerting.set_defaults(run=_alerts)
    measuring = commands.add_parser(
        "metrics", help="how every kiosk said it is, and unlocks, in Prometheus' text format"
    )
    measuring.add_argument(
        "--file", type=Path, help="write it there, whole or not at all, instead of printing it"
    )
    measuring.set_defaults(run=_metrics)


def _report(given: argparse.Namespace) -> int:
    if given.days < 0:
        raise Declined("--days: not less than 0")
    with operator_context.opened(given) as at, at.reading() as database:
        trust = (
            operator_context.organisation(database, given.organisation).id
            if given.organisation
            else None
        )
        ending = reporting.ending(database, at.now.date(), given.days, trust)
        period = reporting.Period(given.first or date.min, given.last or date.max)
        months = reporting.months(database, period, trust)
    if given.ending:
        rows = [(card.serial, card.family, end) for card, end in ending]
        operator_context.show(("serial", "family", "certificate ends"), rows, as_csv=given.csv)
        return 0
    lines = months if given.csv else [*months, reporting.total(months)]
    operator_context.show(
        ("month", "registered", "unlocked", "failed", "hours saved"),
        [(m.name, m.registered, m.unlocked, m.failed, m.hours_saved) for m in lines],
        as_csv=given.csv,
    )
    if not given.csv:
        operator_context.say(
            f"cards whose certificate ends within {given.days} days: {len(ending)}"
        )
    return 0


def _metrics(given: argparse.Namespace) -> int:
    with operator_context.opened(given) as at, at.reading() as database:
        told = metrics.exposition(metrics.collect(database))
    if given.file is None:
        operator_context.say(told.rstrip("\n"))
        return 0
    try:
        new = given.file.with_name(f".{given.file.name}.new")
        new.write_text(told)
        new.rename(given.file)
    except OSError as error:
        raise Declined(f"{given.file}: {error.strerror}") from None
    return 0


def _alerts(given: argparse.Namespace) -> int:
    if given.silent_hours < 1:
        raise Declined("--silent-hours: at least 1")
    with operator_context.opened(given) as at, at.reading() as database:
        found = list(reporting.alerts(database, at.now, timedelta(hours=given.silent_hours)))
        found += reporting.unusable_addresses(database, at.services.accepts_address)
    operator_context.show(("alert", "of"), found, as_csv=given.csv)
    return 1 if found else 0
