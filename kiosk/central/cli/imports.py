# SPDX-License-Identifier: Apache-2.0
"""`import-key`, `keys` and `import`: how cards and their unblocking keys come in."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kiosk.central.actions import imports as actions
from kiosk.central.actions.context import Declined
from kiosk.central.actions.imports import ImportFiles, ImportOutcome, SealedFile, Source
from kiosk.central.cli.operating import FILE, content, opened
from kiosk.command_line import Group, PrintingCommand, progress, remark, show
from kiosk.hardening import harden

import_key = Group("import-key", help="The key that unblocking keys are sealed to.")
keys = Group("keys", help="Unblocking keys, on the RA's own machine.")


@import_key.command()
@click.argument("file", type=FILE)
def create(file: Path) -> None:
    """Make it, its private half in FILE: keep that. Prints the public half, for the RA."""
    made = actions.create_import_key(file)
    show(made, made.public)


@import_key.command("show")
@click.argument("file", type=FILE)
def show_(file: Path) -> None:
    """Print the public half of the key in FILE."""
    found = actions.show_import_key(file)
    show(found, found.public)


@keys.command()
@click.argument("csv")
@click.option("--to", required=True, metavar="PUBLIC", help="As `import-key create` prints it.")
@click.option("--output", required=True, type=FILE, metavar="SEALED", help="A new file.")
def seal(csv: str, to: str, output: Path) -> None:
    """Seal a CSV of unblocking keys; - reads standard input. Needs no database.

    Columns: family, serial, key; and cipher, mutual, tries. The cipher is 3des or aes, of GIDS
    administrator keys, which are in hexadecimal.
    """
    harden(die_with_parent=False)
    done = actions.seal_keys(keys=_standard_input_or(csv), to=to, output=output)
    show(done, f"Sealed: {done.keys} keys. Now destroy the file that is not sealed.")


@click.command("import", cls=PrintingCommand)
@click.option(
    "--cardholders", type=FILE, metavar="CSV", help="uuid, name, email, organisation; language"
)
@click.option(
    "--positions",
    type=FILE,
    metavar="CSV",
    help="uuid, code, name; source, organisation_code, organisation_name, start, end",
)
@click.option(
    "--cards",
    type=FILE,
    metavar="CSV",
    help="family, serial, holder (uuid); manufacturer, issued, expires, certificate",
)
@click.option("--keys", type=FILE, metavar="SEALED", help="The file that `keys seal` made.")
@click.option("--import-key", type=FILE, metavar="FILE", help="The private half of its key.")
@click.option("--check", is_flag=True, help="Only say what would be done.")
@click.option("--skip-bad-rows", is_flag=True, help="Import the good ones.")
def import_rows(
    *,
    cardholders: Path | None,
    positions: Path | None,
    cards: Path | None,
    keys: Path | None,
    import_key: Path | None,
    check: bool,
    skip_bad_rows: bool,
) -> int:
    """Take cardholders, cards and sealed keys in: all of them, or none.

    More than 100,000 rows are taken in by parts, each completely or not at all. Importing again
    updates, and goes on after an import that ended early. Dates are YYYY-MM-DD. --check ends
    with 1 if rows would be rejected.
    """
    harden(die_with_parent=False)
    files = ImportFiles(
        _source(cardholders), _source(positions), _source(cards), _sealed(keys, import_key)
    )
    with opened() as at, progress("rows") as note:
        if check:
            outcome = actions.check_import(at, files=files)
        else:
            outcome = actions.import_rows(
                at, files=files, skip_bad_rows=skip_bad_rows, progress=note
            )
    _show(outcome, check=check)
    return 1 if check and outcome.rejected else 0


def _show(outcome: ImportOutcome, *, check: bool) -> None:
    for row in outcome.rejected:
        remark(f"{row.file}, line {row.line}, {row.field}: {row.reason}")
    rejected = len(outcome.rejected)
    looked = f"checked: {rejected} rows would be rejected; nothing was changed"
    counts = (f"{each.what}: {each.rows}" for each in outcome.counts)
    show(outcome, *counts, *((looked,) if check else ()))


def _source(path: Path | None) -> Source | None:
    return None if path is None else Source(str(path), _text(str(path), content(path)))


def _standard_input_or(file: str) -> Source:
    if file == "-":
        return Source("-", _text("standard input", sys.stdin.buffer.read()))
    return Source(file, _text(file, content(Path(file))))


def _sealed(keys: Path | None, import_key: Path | None) -> SealedFile | None:
    if keys is None:
        return None
    if import_key is None:
        raise click.UsageError("--keys needs --import-key, the file of the private half.")
    return SealedFile(str(keys), content(keys), import_key)


def _text(name: str, read: bytes) -> str:
    try:
        return read.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Declined(f"{name}: not in UTF-8") from None
