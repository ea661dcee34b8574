# SPDX-License-Identifier: Apache-2.0
"""`epoch`, `backed-up`, `tombstones` and `approvals`: what kiosks that follow have to be told."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nacl.encoding import HexEncoder
from nacl.signing import SigningKey
from pydantic import ValidationError
from sqlalchemy import ColumnElement
from sqlmodel import col, delete, func, select

from kiosk.central.audit import trail
from kiosk.central.cli import operator_context
from kiosk.central.cli.operator_context import Commands, Declined
from kiosk.central.evidence import epochs
from kiosk.central.service import kiosk_health
from kiosk.central.tables import ChangeCounter, Installation, Kiosk, Organisation, Tombstone
from kiosk.contract.approval import Approval, HeldChange, sign
from kiosk.rows import carry_out

_KEPT_DAYS = 90


def add(commands: Commands) -> None:
    """The commands and their options."""
    _add_epoch(commands)
    backed = commands.add_parser(
        "backed-up", help="what was received until then would survive the loss of the database"
    )
    backed.add_argument(
        "--until",
        required=True,
        type=_moment,
        metavar="TIME",
        help="when the backup began, such as 2025-03-01T02:00:00Z",
    )
    operator_context.name_operator(backed)
    backed.set_defaults(run=_back_up)
    burying = commands.add_parser("tombstones", help="of cards that left an organisation")
    doing = burying.add_subparsers(metavar="WHAT", required=True)
    pruning = doing.add_parser("prune", help="drop old ones; kiosks away for longer fill anew")
    pruning.add_argument("--days", type=int, default=_KEPT_DAYS, help="older ones (default: 90)")
    operator_context.name_operator(pruning)
    pruning.set_defaults(run=_prune)
    _add_approvals(commands)


def _add_epoch(commands: Commands) -> None:
    epoch = commands.add_parser("epoch", help="after restoring the database from a backup")
    doing = epoch.add_subparsers(metavar="WHAT", required=True)
    beginning = doing.add_parser(
        "new", help="have kiosks report anew what they keep; until they have, nothing is unlocked"
    )
    operator_context.name_operator(beginning)
    beginning.set_defaults(run=_begin_epoch)
    settling = doing.add_parser("settle", help="wait no longer for a kiosk that is lost")
    settling.add_argument("name", help="the kiosk's name, as `kiosks list` shows it")
    operator_context.name_operator(settling)
    settling.set_defaults(run=_settle)


def _add_approvals(commands: Commands) -> None:
    approvals = commands.add_parser("approvals", help="of what kiosks hold back")
    doing = approvals.add_subparsers(metavar="WHAT", required=True)
    creating = doing.add_parser(
        "create-key", help="make IT's key; prints the public half, KIOSK_APPROVAL_KEY of kiosks"
    )
    creating.add_argument("file", type=Path, metavar="FILE", help="for the private half: keep it")
    creating.set_defaults(run=_create_key)
    listing = doing.add_parser("list", help="what kiosks hold back, and why")
    operator_context.for_spreadsheets(listing)
    listing.set_defaults(run=_list)
    signing = doing.add_parser("sign", help="sign on a machine of IT's; needs no database")
    signing.add_argument("--key", required=True, type=Path, metavar="FILE")
    signing.add_argument("request", nargs="+", help="as `approvals list` shows it")
    signing.set_defaults(run=_sign)
    giving = doing.add_parser("give", help="hand what was signed down to the kiosks")
    giving.add_argument("approval", nargs="+", help="as `approvals sign` printed it")
    operator_context.name_operator(giving)
    giving.set_defaults(run=_give)


# ---------------------------------------------------------------- epochs and backups


def _begin_epoch(given: argparse.Namespace) -> int:
    with operator_context.opened(given) as at, at.working() as database:
        installation = epochs.begin(database, at.now)
        at.record(database, "epoch.begun", {"epoch": installation.epoch})
        waiting = [
            (trust.name, len(epochs.missing(database, trust.id)))
            for trust in database.exec(select(Organisation).order_by(col(Organisation.name)))
        ]
    operator_context.say(f"a new epoch: {installation.epoch}")
    for name, count in waiting:
        operator_context.say(f"{name}: nothing is unlocked until {count} kiosks have reported")
    return 0


def _settle(given: argparse.Namespace) -> int:
    with operator_context.opened(given) as at, at.working() as database:
        kiosk = operator_context.kiosk(database, given.name)
        epoch = database.get_one(Installation, 1).epoch
        if kiosk.epoch == epoch:
            raise Declined(f"{kiosk.name} has reported already")
        kiosk.epoch = epoch
        at.record(database, "epoch.settled", {"kiosk": kiosk.name, "epoch": epoch})
        missing = [each.name for each in epochs.missing(database, kiosk.organisation_id)]
    operator_context.say(f"settled: {kiosk.name}")
    operator_context.say(
        f"still to report: {', '.join(missing)}" if missing else "its cards are unlocked again"
    )
    return 0


def _back_up(given: argparse.Namespace) -> int:
    with operator_context.opened(given) as at, at.working() as database:
        if given.until > at.now:
            raise Declined("--until: is yet to come")
        installation = database.get_one(Installation, 1)
        before = installation.backed_up_until
        if before is not None and given.until < before:
            raise Declined(f"--until: is before {before:%Y-%m-%d %H:%M:%S} UTC, which was told")
        installation.backed_up_until = given.until
        at.record(database, "backed-up", {"until": given.until.isoformat()})
    operator_context.say(f"backed up until {given.until:%Y-%m-%d %H:%M:%S} UTC")
    return 0


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("say of which zone: end it with Z for UTC")
    return moment.astimezone(UTC)


# ---------------------------------------------------------------- tombstones


def _prune(given: argparse.Namespace) -> int:
    if given.days < 0:
        raise Declined("--days: not less than 0")
    # By the clock of this machine, which dated them.
    old = col(Tombstone.at) <= datetime.now(UTC) - timedelta(days=given.days)
    with operator_context.opened(given) as at, at.working() as database:
        last: ColumnElement[int] = func.max(Tombstone.position)
        by_trust = select(Tombstone.organisation_id, last).where(old)
        for trust, position in database.exec(by_trust.group_by(col(Tombstone.organisation_id))):
            database.get_one(ChangeCounter, trust).horizon = position
        dropped = carry_out(database, delete(Tombstone).where(old))
        at.record(database, "tombstones.pruned", {"days": given.days, "dropped": dropped})
    operator_context.say(f"dropped: {dropped}")
    return 0


# ---------------------------------------------------------------- approvals


def _create_key(given: argparse.Namespace) -> int:
    key = SigningKey.generate()
    try:
        descriptor = os.open(given.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Declined(f"{given.file}: {error.strerror}") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.encode(HexEncoder) + b"\n")
    operator_context.say(key.verify_key.encode(HexEncoder).decode())
    return 0


def _list(given: argparse.Namespace) -> int:
    with operator_context.opened(given) as at, at.reading() as database:
        kiosks = database.exec(
            select(Kiosk).where(col(Kiosk.revoked).is_(False)).order_by(col(Kiosk.name))
        ).all()
    rows = []
    for kiosk in kiosks:
        said = kiosk_health.last(kiosk)
        if said is not None and said.held is not None:
            held = said.held.model_dump(exclude={"reason", "losses"})
            request = HeldChange(kiosk=kiosk.name, **held).model_dump_json()
            rows.append((kiosk.name, said.held.reason, said.held.losses, request))
    operator_context.show(("kiosk", "why", "cards concerned", "request"), rows, as_csv=given.csv)
    return 0


def _sign(given: argparse.Namespace) -> int:
    try:
        key = SigningKey(given.key.read_bytes().strip(), HexEncoder)
        requests = [HeldChange.model_validate_json(each) for each in given.request]
    except OSError as error:
        raise Declined(f"{given.key}: {error.strerror}") from None
    except ValidationError:
        raise Declined("not a request as `approvals list` shows them") from None
    except ValueError:  # the library's errors of a wrong key are of this kind
        raise Declined(f"{given.key}: holds no key of `approvals create-key`") from None
    for request in requests:
        operator_context.say(sign(key, request).model_dump_json())
    return 0


def _give(given: argparse.Namespace) -> int:
    try:
        approvals = [Approval.model_validate_json(each) for each in given.approval]
    except ValidationError:
        raise Declined("not an approval as `approvals sign` prints them") from None
    with operator_context.opened(given) as at, at.working() as database:
        for approval in approvals:
            name = approval.held.kiosk
            kiosk = operator_context.kiosk(database, name)
            kiosk.approval = approval.model_dump(mode="json")
            details: dict[str, trail.Detail] = {
                "kiosk": name,
                "epoch": approval.held.epoch,
                "head": approval.held.head,
            }
            at.record(database, "approval.given", details)
    operator_context.say(f"given: {len(approvals)}")
    return 0
