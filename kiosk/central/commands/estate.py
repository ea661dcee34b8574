"""`organisations`, `kiosks` and `stop`: what there is, and what may no longer be done."""

from __future__ import annotations

import argparse

from sqlalchemy import func
from sqlmodel import col, select

from kiosk.central.commands import desk
from kiosk.central.commands.desk import Commands, Declined
from kiosk.central.tables import Card, Installation, Kiosk, Organisation


def add(commands: Commands) -> None:
    """The commands and their options."""
    _add_organisations(commands)
    _add_kiosks(commands)
    stopping = commands.add_parser("stop", help="stop all unlocking at once, or let it go on")
    where = stopping.add_mutually_exclusive_group(required=True)
    where.add_argument("--all-unlocking", action="store_true", help="in every organisation")
    where.add_argument("--organisation", metavar="NAME", help="in this organisation alone")
    stopping.add_argument("state", choices=["on", "off"], help="on: nothing is unlocked")
    desk.name_operator(stopping)
    stopping.set_defaults(run=_stop)


def _add_organisations(commands: Commands) -> None:
    organisations = commands.add_parser("organisations", help="the trusts this service is for")
    doing = organisations.add_subparsers(metavar="WHAT", required=True)
    adding = doing.add_parser("add", help="add an organisation")
    adding.add_argument("name", help="as cardholders know it")
    desk.name_operator(adding)
    adding.set_defaults(run=_add_organisation)
    listing = doing.add_parser("list", help="list them, with their kiosks and cards")
    desk.for_spreadsheets(listing)
    listing.set_defaults(run=_list_organisations)


def _add_kiosks(commands: Commands) -> None:
    kiosks = commands.add_parser("kiosks", help="the kiosks")
    doing = kiosks.add_subparsers(metavar="WHAT", required=True)
    listing = doing.add_parser("list", help="list them, and when they were last heard of")
    desk.for_spreadsheets(listing)
    listing.set_defaults(run=_list_kiosks)
    revoking = doing.add_parser("revoke", help="refuse a kiosk from its next request on")
    revoking.add_argument("name", help="the kiosk's name, as `kiosks list` shows it")
    desk.name_operator(revoking)
    revoking.set_defaults(run=_revoke)


def _add_organisation(given: argparse.Namespace) -> int:
    name = given.name.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise Declined("an organisation's name has 1 to 100 characters on one line")
    with desk.opened(given) as at, at.working() as database:
        known = select(Organisation).where(Organisation.name == name)
        if database.exec(known).first() is not None:
            raise Declined(f"there is an organisation called {name!r} already")
        database.add(Organisation(name=name))
        at.record(database, "organisation.added", {"organisation": name})
    desk.say(f"added: {name}")
    return 0


def _list_organisations(given: argparse.Namespace) -> int:
    with desk.opened(given) as at, at.reading() as database:
        everywhere = database.get_one(Installation, 1).stopped
        counted = []
        for table in (Kiosk, Card):
            of = col(table.organisation_id)
            counted.append(dict(database.exec(select(of, func.count()).group_by(of)).all()))
        found = database.exec(select(Organisation).order_by(col(Organisation.name))).all()
    kiosks, cards = counted
    desk.show(
        ("organisation", "kiosks", "cards", "unlocking stopped"),
        [(o.name, kiosks.get(o.id, 0), cards.get(o.id, 0), everywhere or o.stopped) for o in found],
        as_csv=given.csv,
    )
    return 0


def _list_kiosks(given: argparse.Namespace) -> int:
    with desk.opened(given) as at, at.reading() as database:
        found = database.exec(
            select(Kiosk, Organisation)
            .join(Organisation, col(Kiosk.organisation_id) == col(Organisation.id))
            .order_by(col(Kiosk.name))
        ).all()
    desk.show(
        ("kiosk", "organisation", "last heard of (UTC)", "revoked"),
        [(kiosk.name, trust.name, kiosk.heard_at, kiosk.revoked) for kiosk, trust in found],
        as_csv=given.csv,
    )
    return 0


def _revoke(given: argparse.Namespace) -> int:
    with desk.opened(given) as at, at.working() as database:
        kiosk = database.exec(select(Kiosk).where(Kiosk.name == given.name)).first()
        if kiosk is None:
            raise Declined(f"no kiosk is called {given.name!r}: see `kiosks list`")
        if kiosk.revoked:
            raise Declined(f"{kiosk.name} was revoked already")
        kiosk.revoked = True
        at.record(database, "kiosk.revoked", {"kiosk": kiosk.name})
    desk.say(f"revoked: {kiosk.name}")
    return 0


def _stop(given: argparse.Namespace) -> int:
    stopped = given.state == "on"
    with desk.opened(given) as at, at.working() as database:
        if given.all_unlocking:
            database.get_one(Installation, 1).stopped = stopped
        else:
            desk.organisation(database, given.organisation).stopped = stopped
        kind = "unlocking.stopped" if stopped else "unlocking.resumed"
        at.record(database, kind, {"organisation": given.organisation})
    where = given.organisation or "every organisation"
    desk.say(f"{where}: unlocking is {'stopped' if stopped else 'no longer stopped'}")
    return 0
