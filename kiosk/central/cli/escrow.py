# SPDX-License-Identifier: Apache-2.0
"""`escrow recover`: the journal of keys and grants, replayed after a database was lost."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from kiosk.central.cli import operator_context
from kiosk.central.cli.operator_context import Commands
from kiosk.central.keys import escrow_journal
from kiosk.central.operations.recovery import RecoveryOutcome


def add(commands: Commands) -> None:
    """The command and its options."""
    escrow = commands.add_parser("escrow", help="the cards' unblocking keys")
    doing = escrow.add_subparsers(metavar="WHAT", required=True)
    recovering = doing.add_parser(
        "recover",
        help="have keys and grants again that a restored database does not know",
        description="Begin a new epoch afterwards (`epoch new`): kiosks know what came of grants.",
    )
    recovering.add_argument("journal", nargs="+", type=Path, help="of each process that served")
    operator_context.name_operator(recovering)
    recovering.set_defaults(run=_recover)


def _recover(given: argparse.Namespace) -> int:
    with operator_context.opened(given) as at, at.working() as database:
        recovery = RecoveryOutcome(at.services, database)
        for path in given.journal:
            recovery.replay(_told(escrow_journal.read(path)))
        escrow_journal.pending(database)  # what came out of a journal is in one
        counts = recovery.counts
        kept = {name.partition(":")[0].replace(" ", "_"): counts[name] for name in counts}
        at.record(database, "escrow.recovered", kept)
    for name, count in recovery.counts.items():
        operator_context.say(f"{name}: {count}")
    unknown = any("not known" in name or "refused" in name for name in recovery.counts)
    return 1 if unknown else 0


def _told(
    lines: Iterator[escrow_journal.CardLine | escrow_journal.GrantLine],
) -> Iterator[escrow_journal.CardLine | escrow_journal.GrantLine]:
    tell = operator_context.progress("lines")
    for number, line in enumerate(lines, 1):
        tell(number)
        yield line
    operator_context.clear_progress()
