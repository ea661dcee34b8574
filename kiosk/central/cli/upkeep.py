# SPDX-License-Identifier: Apache-2.0
"""`migrate`, `master-key` and `audit verify` for IT, and `seed-demo` to try the service."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError
from sqlmodel import select

from kiosk.central import settings
from kiosk.central.audit import checkpoints, trail
from kiosk.central.cli import operator_context
from kiosk.central.cli.operator_context import Commands, Declined
from kiosk.central.keys import master_key, pkcs11_key
from kiosk.central.operations import seed
from kiosk.central.service import assembly
from kiosk.central.storage.database import Database
from kiosk.central.tables import AuditHead as Chain
from kiosk.contract.replication import AuditCheckpoint
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
    _add_audit(commands)
    seeding = commands.add_parser(
        "seed-demo", help="read personalisation documents (JSON, one a line) from stdin"
    )
    seeding.set_defaults(run=_seed)


def _add_audit(commands: Commands) -> None:
    auditing = commands.add_parser("audit", help="look after the audit")
    doing = auditing.add_subparsers(metavar="WHAT", required=True)
    verifying = doing.add_parser("verify", help="find the first entry that was changed")
    verifying.add_argument(
        "--heads",
        action="append",
        type=Path,
        default=[],
        metavar="LOG",
        help="the log of central or of a kiosk: the signed heads in it are to agree",
    )
    verifying.set_defaults(run=_verify)
    signing = doing.add_parser("sign", help="sign the head now; `serve` does it once a day")
    signing.set_defaults(run=_sign)


def _sign(_given: argparse.Namespace) -> int:
    service = assembly.assemble(settings.read())
    try:
        with service.database.transaction() as database:
            checkpoints.sign(database, service.master, service.clock(), even_if_early=True)
            newest = checkpoints.newest(database)
    finally:
        service.database.close()
    if newest is None:
        raise Declined("there is nothing in the audit yet")
    operator_context.say(str(newest))
    return 0


def _verify(given: argparse.Namespace) -> int:
    service = assembly.assemble(settings.read())
    told = _heads(given.heads)
    try:
        with service.database.reading() as database:
            broken_at = trail.first_break(database, operator_context.progress("entries"))
            operator_context.clear_progress()
            signed = [*checkpoints.kept(database), *told]
            contradicted = checkpoints.first_contradiction(database, service.master, signed)
            entries = database.exec(select(Chain.sequence)).one()
    finally:
        service.database.close()
    if broken_at is not None:
        operator_context.say(f"the audit was changed at entry {broken_at}")
        return 1
    if contradicted is not None:
        operator_context.say(
            f"the audit was made anew: it had another entry {contradicted} when it was signed"
        )
        return 1
    operator_context.say(f"the audit is whole: {entries} entries, {len(signed)} signed heads agree")
    return 0


def _heads(logs: Sequence[Path]) -> list[AuditCheckpoint]:
    found: list[AuditCheckpoint] = []
    for path in logs:
        try:
            found += checkpoints.read(path.read_text(errors="replace").splitlines())
        except OSError as error:
            raise Declined(f"{path}: {error.strerror}") from None
    return found


def _create_master_key(_given: argparse.Namespace) -> int:
    chosen = settings.read()
    if chosen.master_key_file is None:
        pkcs11_key.create(chosen)
        operator_context.say(
            "made in the token, which gives it to nobody: keep a copy of the whole token"
        )
        return 0
    try:
        master_key.create(chosen.master_key_file)
    except OSError as error:
        raise Declined(f"{chosen.master_key_file}: {error.strerror}") from None
    operator_context.say("made: keep a copy of the file where the database's copies are not")
    return 0


def _migrate(_given: argparse.Namespace) -> int:
    database = Database(settings.read().database)
    try:
        changed = database.migrate()
    finally:
        database.close()
    operator_context.say(
        "the database is of this version now" if changed else "there was nothing to do"
    )
    return 0


def _seed(_given: argparse.Namespace) -> int:
    lines = sys.stdin.buffer.read().splitlines() or [b""]
    documents = [_personalisation(line, number) for number, line in enumerate(lines, 1)]
    chosen = settings.read()
    if chosen.master_key_file is not None:
        seed.ensure_master_key(chosen.master_key_file)
    service = assembly.assemble(chosen)
    try:
        for document in documents:
            seed.sow(service, document)
    finally:
        service.database.close()
    return 0


def _personalisation(line: bytes, number: int) -> seed.Personalisation:
    try:
        return seed.Personalisation.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"personalisation document {number}, {place}", first["msg"]) from None
