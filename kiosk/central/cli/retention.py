# SPDX-License-Identifier: Apache-2.0
"""`retention` and `cardholders`: how long things are kept, and who is kept no longer."""

from __future__ import annotations

import argparse

from sqlmodel import select

from kiosk.central.cli import operator_context
from kiosk.central.cli.operator_context import Commands, Declined
from kiosk.central.operations import retention
from kiosk.central.tables import Cardholder


def add(commands: Commands) -> None:
    """The commands and their options."""
    keeping = commands.add_parser("retention", help="how long what is kept of people is kept")
    doing = keeping.add_subparsers(metavar="WHAT", required=True)
    showing = doing.add_parser("show", help="show it")
    operator_context.for_spreadsheets(showing)
    showing.set_defaults(run=_show)
    applying = doing.add_parser("apply", help="delete what is over: for a daily job")
    applying.add_argument(
        "--days",
        action="append",
        nargs=2,
        metavar=("WHAT", "DAYS"),
        default=[],
        help="keep this for so long, in place of what `show` shows",
    )
    operator_context.name_operator(applying)
    applying.set_defaults(run=_apply)
    holders = commands.add_parser("cardholders", help="the people")
    erasing = holders.add_subparsers(metavar="WHAT", required=True).add_parser(
        "erase", help="forget who a cardholder was; her cards are a leaver's from then on"
    )
    erasing.add_argument("uuid", help="the twelve digits of her UUID")
    operator_context.name_operator(erasing)
    erasing.set_defaults(run=_erase)


def _show(given: argparse.Namespace) -> int:
    rows = [(rule.what, rule.days) for rule in retention.RULES]
    operator_context.show(("what", "days"), rows, as_csv=given.csv)
    return 0


def _apply(given: argparse.Namespace) -> int:
    known = {rule.what for rule in retention.RULES}
    days: dict[str, int] = {}
    for what, count in given.days:
        if what not in known or not count.isdecimal():
            raise Declined(f"--days {what!r}: see `retention show`; then a number of days")
        days[what] = int(count)
    with operator_context.opened(given) as at, at.working() as database:
        deleted = retention.apply(database, at.now, days)
        told = {what.replace(" ", "_"): count for what, count in deleted.items()}
        at.record(database, "retention.applied", told)
    for what, count in deleted.items():
        operator_context.say(f"{what}: {count} deleted")
    return 0


def _erase(given: argparse.Namespace) -> int:
    with operator_context.opened(given) as at, at.working() as database:
        holder = database.exec(select(Cardholder).where(Cardholder.uuid == given.uuid)).first()
        if holder is None or not given.uuid:
            raise Declined(f"no cardholder has the UUID {given.uuid}")
        number, cards = holder.id, retention.erase(database, holder)
        at.record(database, "cardholder.erased", {"cardholder": number, "cards": cards})
    operator_context.say(f"erased: whoever it was had {cards} cards")
    return 0
