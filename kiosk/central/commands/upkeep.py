"""`migrate`, `master-key` and `audit verify` for IT, and `seed-demo` to try the service."""

from __future__ import annotations

import argparse
import sys

from pydantic import ValidationError
from sqlmodel import select

from kiosk.central import audit, master, parts, seed, settings, token
from kiosk.central.commands import desk
from kiosk.central.commands.desk import Commands, Declined
from kiosk.central.database import Database
from kiosk.central.tables import AuditHead
from kiosk.errors import SettingsError


def add(commands: Commands) -> None:
    """The commands."""
    migrating = commands.add_parser("migrate", help="bring the database up to this version")
    migrating.set_defaults(run=_migrate)
    keeping = commands.add_parser("master-key", help="the key that all others are kept by")
    doing = keeping.add_subparsers(metavar="WHAT", required=True)
    creating = doing.add_parser(
        "create", help="make it, in the file or the token of the settings; never over another"
    )
    creating.set_defaults(run=_create_master_key)
    auditing = commands.add_parser("audit", help="look after the audit")
    auditing.add_argument("what", choices=["verify"], help="find the first entry that was changed")
    auditing.set_defaults(run=_verify)
    seeding = commands.add_parser(
        "seed-demo", help="read a personalisation document (JSON) from stdin"
    )
    seeding.set_defaults(run=_seed)


def _verify(_given: argparse.Namespace) -> int:
    service = parts.assemble(settings.read())
    try:
        with service.database.reading() as database:
            broken_at = audit.first_break(database)
            entries = database.exec(select(AuditHead.sequence)).one()
    finally:
        service.database.close()
    if broken_at is None:
        desk.say(f"the audit is whole: {entries} entries")
        return 0
    desk.say(f"the audit was changed at entry {broken_at}")
    return 1


def _create_master_key(_given: argparse.Namespace) -> int:
    chosen = settings.read()
    if chosen.master_key_file is None:
        token.create(chosen)
        desk.say("made in the token, which gives it to nobody: keep a copy of the whole token")
        return 0
    try:
        master.create(chosen.master_key_file)
    except OSError as error:
        raise Declined(f"{chosen.master_key_file}: {error.strerror}") from None
    desk.say("made: keep a copy of the file where the database's copies are not")
    return 0


def _migrate(_given: argparse.Namespace) -> int:
    database = Database(settings.read().database)
    try:
        changed = database.migrate()
    finally:
        database.close()
    desk.say("the database is of this version now" if changed else "there was nothing to do")
    return 0


def _seed(_given: argparse.Namespace) -> int:
    try:
        document = seed.Personalisation.model_validate_json(sys.stdin.buffer.read())
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"personalisation document, {place}", first["msg"]) from None
    chosen = settings.read()
    if chosen.master_key_file is not None:
        seed.ensure_master_key(chosen.master_key_file)
    service = parts.assemble(chosen)
    try:
        seed.sow(service, document)
    finally:
        service.database.close()
    return 0
