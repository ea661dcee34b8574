# SPDX-License-Identifier: Apache-2.0
"""`organisations`, `enrol-token`, `kiosks` and `stop`: what there is, and what it may do."""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta

from pydantic import ValidationError
from sqlalchemy import func
from sqlmodel import Session, col, select

from kiosk.central.audit import trail
from kiosk.central.cli import operator_context
from kiosk.central.cli.operator_context import Commands, Declined
from kiosk.central.fleet import enrolling, kiosks
from kiosk.central.tables import Card, Installation, Kiosk, LeaseCards, Organisation
from kiosk.contract.replication import SupportContact

_TOKEN_HOURS = enrolling.TOKEN_LIFE // timedelta(hours=1)
_LONGEST_TOKEN_HOURS = 24 * 14


def add(commands: Commands) -> None:
    """The commands and their options."""
    _add_organisations(commands)
    _add_enrolment(commands)
    _add_kiosks(commands)
    stopping = commands.add_parser("stop", help="stop all unlocking at once, or let it go on")
    where = stopping.add_mutually_exclusive_group(required=True)
    where.add_argument("--all-unlocking", action="store_true", help="in every organisation")
    where.add_argument("--organisation", metavar="NAME", help="in this organisation alone")
    stopping.add_argument("state", choices=["on", "off"], help="on: nothing is unlocked")
    operator_context.name_operator(stopping)
    stopping.set_defaults(run=_stop)


def _add_organisations(commands: Commands) -> None:
    organisations = commands.add_parser("organisations", help="the trusts this service is for")
    doing = organisations.add_subparsers(metavar="WHAT", required=True)
    adding = doing.add_parser("add", help="add an organisation")
    adding.add_argument("name", help="as cardholders know it")
    operator_context.name_operator(adding)
    adding.set_defaults(run=_add_organisation)
    _add_policy(doing)
    listing = doing.add_parser("list", help="list them, with their kiosks and cards")
    operator_context.for_spreadsheets(listing)
    listing.set_defaults(run=_list_organisations)


def _add_enrolment(commands: Commands) -> None:
    enrolling_one = commands.add_parser(
        "enrol-token",
        help="let a device become a kiosk",
        description="Prints a token for `kiosk enrol`: it is good once, and shown once.",
    )
    enrolling_one.add_argument("name", help="what the kiosk is to be called, or is called already")
    enrolling_one.add_argument("--organisation", metavar="NAME", required=True)
    enrolling_one.add_argument(
        "--hours",
        type=int,
        default=_TOKEN_HOURS,
        help=f"how long it is good (default: {_TOKEN_HOURS})",
    )
    operator_context.name_operator(enrolling_one)
    enrolling_one.set_defaults(run=_make_token)


def _add_policy(doing: Commands) -> None:
    policy = doing.add_parser("policy", help="show what kiosks are told, or change it")
    policy.add_argument("name", help="the organisation's")
    policy.add_argument("--offline", choices=["on", "off"], help="whether to unlock without us")
    policy.add_argument("--lease-hours", type=int, metavar="HOURS", help="1 to 12, if so")
    policy.add_argument(
        "--lease-cards",
        choices=[*LeaseCards],
        help="the cards that were at a kiosk within 30 days, or all of the organisation's",
    )
    policy.add_argument(
        "--contact",
        action="append",
        nargs=2,
        metavar=("WHOM", "HOW"),
        help="in place of those there are: such as 'IT service desk' 'ext. 2222'; up to 4 times",
    )
    operator_context.name_operator(policy)
    policy.set_defaults(run=_policy)


def _add_kiosks(commands: Commands) -> None:
    standing = commands.add_parser("kiosks", help="the kiosks")
    doing = standing.add_subparsers(metavar="WHAT", required=True)
    listing = doing.add_parser("list", help="list them, and when they were last heard of")
    operator_context.for_spreadsheets(listing)
    listing.set_defaults(run=_list_kiosks)
    revoking = doing.add_parser("revoke", help="refuse a kiosk from its next request on")
    revoking.set_defaults(run=_revoke)
    retiring = doing.add_parser(
        "retire", help="have a kiosk hand over what it has, wipe itself and go"
    )
    retiring.set_defaults(run=_retire)
    for ending in (revoking, retiring):
        ending.add_argument("name", help="the kiosk's name, as `kiosks list` shows it")
        operator_context.name_operator(ending)


def _add_organisation(given: argparse.Namespace) -> int:
    name = given.name.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise Declined("an organisation's name has 1 to 100 characters on one line")
    with operator_context.opened(given) as at, at.working() as database:
        known = select(Organisation).where(Organisation.name == name)
        if database.exec(known).first() is not None:
            raise Declined(f"there is an organisation called {name!r} already")
        database.add(Organisation(name=name))
        at.record(database, "organisation.added", {"organisation": name})
    operator_context.say(f"added: {name}")
    return 0


def _policy(given: argparse.Namespace) -> int:
    if given.lease_hours is not None and not 1 <= given.lease_hours <= 12:
        raise Declined("--lease-hours: 1 to 12")
    contacts = _contacts(given.contact) if given.contact else None
    told: dict[str, bool | int | LeaseCards | list[list[str]] | None] = {
        "offline": None if given.offline is None else given.offline == "on",
        "lease_hours": given.lease_hours,
        "lease_cards": None if given.lease_cards is None else LeaseCards(given.lease_cards),
        "contacts": contacts,
    }
    changed = {name: value for name, value in told.items() if value is not None}
    with operator_context.opened(given) as at, at.working() as database:
        trust = operator_context.organisation(database, given.name)
        for name, value in changed.items():
            setattr(trust, name, value)
        if changed:
            details = {name: str(value) for name, value in changed.items()}
            at.record(database, "organisation.policy", {"organisation": trust.name, **details})
    offline = f"for {trust.lease_hours} hours, {trust.lease_cards} cards"
    operator_context.say(f"offline: {'yes' if trust.offline else 'no'}, {offline}")
    for whom, how in trust.contacts:
        operator_context.say(f"contact: {whom}, {how}")
    return 0


def _contacts(given: list[list[str]]) -> list[list[str]]:
    if len(given) > 4:
        raise Declined("--contact: up to 4")
    try:
        for whom, how in given:
            SupportContact(name=whom, detail=how)
    except ValidationError:
        raise Declined("--contact: each with 1 to 64 characters") from None
    return given


def _list_organisations(given: argparse.Namespace) -> int:
    with operator_context.opened(given) as at, at.reading() as database:
        everywhere = database.get_one(Installation, 1).stopped
        counted = []
        for table in (Kiosk, Card):
            of = col(table.organisation_id)
            counted.append(dict(database.exec(select(of, func.count()).group_by(of)).all()))
        found = database.exec(select(Organisation).order_by(col(Organisation.name))).all()
    kiosks_of, cards_of = counted
    operator_context.show(
        ("organisation", "kiosks", "cards", "unlocking stopped"),
        [
            (o.name, kiosks_of.get(o.id, 0), cards_of.get(o.id, 0), everywhere or o.stopped)
            for o in found
        ],
        as_csv=given.csv,
    )
    return 0


def _make_token(given: argparse.Namespace) -> int:
    name = given.name.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise Declined("a kiosk's name has 1 to 100 characters on one line")
    if not 1 <= given.hours <= _LONGEST_TOKEN_HOURS:
        raise Declined(f"--hours: 1 to {_LONGEST_TOKEN_HOURS}")
    with operator_context.opened(given) as at, at.working() as database:
        trust = operator_context.organisation(database, given.organisation)
        kiosk = kiosks.named(database, name)
        if kiosk is not None and kiosk.organisation_id != trust.id:
            raise Declined(f"{name!r} is a kiosk of another organisation: see `kiosks list`")
        if kiosk is not None and kiosk.retiring:
            raise Declined(f"{name} is about to go: let it, or revoke it")
        until = at.now + timedelta(hours=given.hours)
        token = enrolling.make_token(database, trust, name, until)
        told: dict[str, trail.Detail] = {
            "kiosk": name,
            "organisation": trust.name,
            "hours": given.hours,
        }
        at.record(database, "enrolment.allowed", told)
    operator_context.say(token)
    again = "in place of the device it is now" if kiosk and not kiosk.revoked else "a kiosk to come"
    sys.stderr.write(f"for {name}, {again}; good once, until {until:%Y-%m-%d %H:%M} UTC\n")
    return 0


def _list_kiosks(given: argparse.Namespace) -> int:
    with operator_context.opened(given) as at, at.reading() as database:
        found = database.exec(
            select(Kiosk, Organisation)
            .join(Organisation, col(Kiosk.organisation_id) == col(Organisation.id))
            .order_by(col(Kiosk.name))
        ).all()
        epoch = database.get_one(Installation, 1).epoch
    operator_context.show(
        ("kiosk", "organisation", "last heard of (UTC)", "retiring", "revoked", "reported anew"),
        [
            (k.name, trust.name, k.heard_at, k.retiring, k.revoked, k.epoch == epoch)
            for k, trust in found
        ],
        as_csv=given.csv,
    )
    return 0


def _revoke(given: argparse.Namespace) -> int:
    with operator_context.opened(given) as at, at.working() as database:
        kiosk = _in_service(database, given.name)
        marked = kiosks.revoke(database, kiosk)
        at.record(database, "kiosk.revoked", {"kiosk": kiosk.name, "packs": len(marked)})
        for card in marked:
            at.record(database, "card.renewal-due", {"kiosk": kiosk.name}, trail.of_card(card))
    operator_context.say(f"revoked: {kiosk.name}")
    for card in marked:
        operator_context.say(
            f"it may hold the unblocking key of {card.serial}: the next unlock renews it"
        )
    return 0


def _retire(given: argparse.Namespace) -> int:
    with operator_context.opened(given) as at, at.working() as database:
        kiosk = _in_service(database, given.name)
        if kiosk.retiring:
            raise Declined(f"{kiosk.name} is retiring already")
        kiosks.begin_retirement(database, kiosk)
        at.record(database, "kiosk.retiring", {"kiosk": kiosk.name})
    operator_context.say(f"retiring: {kiosk.name}; `kiosks list` shows it revoked once it has gone")
    return 0


def _in_service(database: Session, name: str) -> Kiosk:
    """The kiosk of that name. Raises Declined where it is none, or none any more."""
    kiosk = operator_context.kiosk(database, name)
    if kiosk.revoked:
        raise Declined(f"{kiosk.name} was revoked already")
    return kiosk


def _stop(given: argparse.Namespace) -> int:
    stopped = given.state == "on"
    with operator_context.opened(given) as at, at.working() as database:
        if given.all_unlocking:
            database.get_one(Installation, 1).stopped = stopped
        else:
            operator_context.organisation(database, given.organisation).stopped = stopped
        kind = "unlocking.stopped" if stopped else "unlocking.resumed"
        at.record(database, kind, {"organisation": given.organisation})
    where = given.organisation or "every organisation"
    operator_context.say(f"{where}: unlocking is {'stopped' if stopped else 'no longer stopped'}")
    return 0
