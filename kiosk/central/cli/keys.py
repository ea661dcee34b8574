# SPDX-License-Identifier: Apache-2.0
"""`import-key`, `seal-keys` and `import`: how cards and their unblocking keys come in."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kiosk.central.cli import operator_context
from kiosk.central.cli.operator_context import Commands, Declined, OperatorContext
from kiosk.central.keys import sealing
from kiosk.central.keys.sealing import RowError, UnreadableRows
from kiosk.central.operations import importing
from kiosk.central.operations.importing import Batch, Importer, Outcome, Source
from kiosk.hardening import harden


class _Checked(Exception):
    """Takes back what was stored for a look."""


def add(commands: Commands) -> None:
    """The commands and their options."""
    making = commands.add_parser("import-key", help="the key that unblocking keys are sealed to")
    doing = making.add_subparsers(metavar="WHAT", required=True)
    creating = doing.add_parser("create", help="make it; prints the public half, for the RA")
    creating.add_argument("file", type=Path, metavar="FILE", help="for the private half: keep it")
    creating.set_defaults(run=_create)
    showing = doing.add_parser("show", help="print the public half")
    showing.add_argument("file", type=Path, metavar="FILE", help="where the private half is")
    showing.set_defaults(run=_show)
    sealing_keys = commands.add_parser(
        "seal-keys",
        help="seal a CSV of unblocking keys, on the RA's own machine",
        description="Seals family, serial, key (and cipher, mutual, tries: cipher is 3des or aes,"
        " of GIDS administrator keys, which are in hexadecimal). Needs no database.",
    )
    sealing_keys.add_argument("file", metavar="CSV", help="the keys; - for standard input")
    sealing_keys.add_argument("--to", required=True, metavar="PUBLIC", help="as import-key prints")
    sealing_keys.add_argument("--output", required=True, type=Path, metavar="SEALED")
    sealing_keys.set_defaults(run=_seal)
    _add_import(commands)


def _add_import(commands: Commands) -> None:
    reading = commands.add_parser(
        "import",
        help="take cardholders, cards and sealed keys in",
        description="All of it or nothing; again, it updates. Dates are YYYY-MM-DD.",
    )
    for name, told in (
        ("cardholders", "uuid, name, email, organisation; language"),
        ("positions", "uuid, code, name; source, organisation_code, organisation_name, start, end"),
        ("cards", "family, serial, holder (uuid); manufacturer, issued, expires, certificate"),
    ):
        reading.add_argument(f"--{name}", type=Path, metavar="CSV", help=told)
    reading.add_argument("--keys", type=Path, metavar="SEALED", help="what seal-keys made")
    reading.add_argument("--import-key", type=Path, metavar="FILE", help="its private half")
    reading.add_argument("--check", action="store_true", help="only say what would be done")
    reading.add_argument("--skip-bad-rows", action="store_true", help="import the good ones")
    operator_context.name_operator(reading)
    reading.set_defaults(run=_import)


def _create(given: argparse.Namespace) -> int:
    try:
        public = sealing.create_import_key(given.file)
    except OSError as error:
        raise Declined(f"{given.file}: {error.strerror}") from None
    operator_context.say(public)
    return 0


def _show(given: argparse.Namespace) -> int:
    with _plainly():
        operator_context.say(sealing.public_half(sealing.load_import_key(given.file)))
    return 0


def _seal(given: argparse.Namespace) -> int:
    harden(die_with_parent=False)
    with _plainly():
        recipient = sealing.load_public_half(given.to)
        text = _text(None if given.file == "-" else Path(given.file))
        keys, flaws = sealing.read_keys(given.file, text)
    _show_flaws(flaws)
    if flaws or not keys:
        raise Declined("nothing was sealed" if flaws else f"{given.file}: there are no keys in it")
    try:
        descriptor = os.open(given.output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(sealing.seal(keys, recipient))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Declined(f"{given.output}: {error.strerror}") from None
    operator_context.say(f"sealed: {len(keys)} keys. Now destroy the file that is not sealed")
    return 0


def _import(given: argparse.Namespace) -> int:
    harden(die_with_parent=False)
    if not any((given.cardholders, given.positions, given.cards, given.keys)):
        raise Declined("nothing to import: give --cardholders, --positions, --cards or --keys")
    if given.keys is not None and given.import_key is None:
        raise Declined("--keys needs --import-key, the file of the private half")
    with _plainly():
        keys: tuple[sealing.CardKey, ...] = ()
        if given.keys is not None:
            private = sealing.load_import_key(given.import_key)
            try:
                keys = sealing.unseal(_bytes(given.keys), private)
            except UnreadableRows as error:
                raise Declined(f"{given.keys}: {error.reason}") from None
        batch, outcome = importing.read(
            _source(given.cardholders), _source(given.positions), _source(given.cards),
            keys, str(given.keys),
        )  # fmt: skip
    with operator_context.opened(given) as at:
        stored = _store(at, batch, outcome, check=given.check, skip=given.skip_bad_rows)
    operator_context.clear_progress()
    _show_flaws(outcome.flaws)
    for what, count in outcome.counts.items():
        operator_context.say(f"{what}: {count}")
    if given.check:
        operator_context.say(
            f"checked: {len(outcome.flaws)} rows would be rejected; nothing was changed"
        )
        return 1 if outcome.flaws else 0
    if not stored:
        raise Declined("nothing was imported: mend these rows, or --skip-bad-rows")
    return 0


def _store(at: OperatorContext, batch: Batch, outcome: Outcome, *, check: bool, skip: bool) -> bool:
    """Whether what could be stored was kept."""
    try:
        with at.working() as database:
            importer = Importer(
                database, at.services.escrow, at.now, outcome, operator_context.progress("rows"),
                mail_domains=at.services.mail_domains,
            )  # fmt: skip
            importer.run(batch)
            _take_back(check or bool(outcome.flaws and not skip))
            done = {name.replace(" ", "_"): count for name, count in outcome.counts.items()}
            at.record(database, "imported", {**done, "rejected": len(outcome.flaws)})
    except _Checked:
        return False
    return True


def _take_back(unwanted: bool) -> None:
    if unwanted:
        raise _Checked


def _show_flaws(flaws: list[RowError]) -> None:
    for flaw in flaws:
        sys.stderr.write(f"{flaw.file}, line {flaw.line}, {flaw.field}: {flaw.reason}\n")


def _source(path: Path | None) -> Source | None:
    return None if path is None else Source(str(path), _text(path))


def _text(path: Path | None) -> str:
    """What is in the file, or comes in on standard input."""
    content = sys.stdin.buffer.read() if path is None else _bytes(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableRows(f"{path or 'standard input'}: not in UTF-8") from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableRows(f"{path}: {error.strerror}") from None


@contextmanager
def _plainly() -> Iterator[None]:
    """Files that are not what they should be are the operator's to mend."""
    try:
        yield
    except UnreadableRows as error:
        raise Declined(error.reason) from None
