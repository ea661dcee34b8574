# SPDX-License-Identifier: Apache-2.0
"""`escrow`: the journals of keys and grants, merged after a database was lost."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from kiosk.central.actions import escrow as actions
from kiosk.central.cli.operating import FILE, named_organisation, opened
from kiosk.command_line import Group, for_spreadsheets, progress, show, show_rows

_COLUMNS = {
    name: name for name in ("journal", "place", "lines", "began", "ended", "missing", "lost")
}

escrow = Group("escrow", help="The cards' unblocking keys.")


@escrow.command()
@click.argument("journals", metavar="JOURNAL...", nargs=-1, required=True, type=FILE)
def recover(journals: tuple[Path, ...]) -> int:
    """Have keys and grants again that a restored database does not know.

    JOURNAL is the file of each process that served. Begin a new epoch afterwards, by `epochs new`:
    kiosks know what came of grants. Ends with 1 if some lines could not be used.
    """
    with opened() as at, progress("lines") as note:
        done = actions.recover_escrow(at, journals=journals, progress=note)
    counts = (f"{each.what}: {each.lines}" for each in done.counts)
    show(done, *counts, *(f"missing: {each}" for each in done.missing))
    return 0 if done.complete else 1


@escrow.command("journals")
@for_spreadsheets
def journals_() -> None:
    """List the journals that the database knows."""
    with opened() as at:
        rows = actions.list_journals(at)
    show_rows(rows, _COLUMNS)


@escrow.command("declare-lost")
@click.option("--journal", type=click.UUID, help="A journal that `recover` named as missing.")
@named_organisation
def declare_lost(journal: UUID | None, organisation: str | None) -> None:
    """Unlock cards again although a journal is missing, or lacks an organisation's grants.

    A card that was granted in it may carry a key that central does not offer. It is then frozen,
    and `cards thaw --carries` says which key it carries.
    """
    with opened() as at:
        done = actions.declare_lost(at, journal=journal, organisation=organisation)
    show(done, f"Not waited for any more: {done.lost}.")
