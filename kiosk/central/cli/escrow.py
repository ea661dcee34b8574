# SPDX-License-Identifier: Apache-2.0
"""`escrow recover`: the journal of keys and grants, replayed after a database was lost."""

from __future__ import annotations

from pathlib import Path

import click

from kiosk.central.actions import escrow as actions
from kiosk.central.cli.operating import FILE, opened
from kiosk.command_line import Group, progress, show

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
    show(done, *(f"{each.what}: {each.lines}" for each in done.counts))
    return 0 if done.complete else 1
