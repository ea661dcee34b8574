# SPDX-License-Identifier: Apache-2.0
"""The escrow's journal, replayed after the database was lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kiosk.central.actions.catalogue import action
from kiosk.central.actions.context import OperatorContext
from kiosk.central.keys import escrow_journal
from kiosk.central.operations.recovery import RecoveryOutcome


@dataclass(frozen=True, slots=True)
class RecoveredLines:
    """The number of journal lines with the same outcome."""

    what: str
    lines: int


@dataclass(frozen=True, slots=True)
class RecoveredEscrow:
    """The outcome of replaying the journals. `complete`: nothing of any line is missing now."""

    counts: tuple[RecoveredLines, ...]
    complete: bool


@action("escrow.recover", "escrow.recovered", "grant.restored")
def recover_escrow(
    context: OperatorContext,
    *,
    journals: Sequence[Path],
    progress: Callable[[int], None] = lambda _done: None,
) -> RecoveredEscrow:
    """Have keys and grants again that a restored database does not know.

    `journals`: the files of each process that served. `progress` is told how many lines are done.
    Raises SettingsError for a file that cannot be read.
    """
    with context.changing() as change:
        recovery = RecoveryOutcome(context.services, change.session)
        for path in journals:
            recovery.replay(_told(escrow_journal.read(path), progress))
        escrow_journal.pending(change.session)  # what came out of a journal is in one
        counts = recovery.counts
        kept = {name.partition(":")[0].replace(" ", "_"): counts[name] for name in counts}
        change.record("escrow.recovered", kept)
    unknown = any("not known" in name or "refused" in name for name in counts)
    return RecoveredEscrow(
        tuple(RecoveredLines(what, lines) for what, lines in counts.items()), not unknown
    )


def _told(
    lines: Iterator[escrow_journal.CardLine | escrow_journal.GrantLine],
    progress: Callable[[int], None],
) -> Iterator[escrow_journal.CardLine | escrow_journal.GrantLine]:
    for number, line in enumerate(lines, 1):
        progress(number)
        yield line
