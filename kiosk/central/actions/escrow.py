# SPDX-License-Identifier: Apache-2.0
"""The escrow's journals, merged after the database was lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from uuid import UUID

from sqlmodel import col, select

from kiosk.central.actions import named
from kiosk.central.actions.catalogue import action
from kiosk.central.actions.context import Declined, OperatorContext
from kiosk.central.keys import escrow_journal
from kiosk.central.operations.recovery import RecoveryOutcome
from kiosk.central.tables import JournalRow


@dataclass(frozen=True, slots=True)
class RecoveredLines:
    """The number of journal lines with the same outcome."""

    what: str
    lines: int


@dataclass(frozen=True, slots=True)
class RecoveredEscrow:
    """The outcome of merging the journals. `complete`: nothing of any line is missing now.

    `missing` names the journals and organisations of which lines are missing.
    """

    counts: tuple[RecoveredLines, ...]
    missing: tuple[str, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class KnownJournal:
    """A journal that the database knows. `missing`: what recovery did not find of it."""

    journal: UUID
    place: str
    lines: int
    began: datetime
    ended: bool
    missing: str
    lost: bool


@dataclass(frozen=True, slots=True)
class DeclaredLost:
    """The journal, or the grants of an organisation, that nobody waits for any more."""

    lost: str


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
        recovery.merge(_told(chain.from_iterable(map(escrow_journal.read, journals)), progress))
        escrow_journal.pending(change.session)  # what came out of a journal is in one
        counts = recovery.counts
        kept = {name.partition(":")[0].replace(" ", "_"): counts[name] for name in counts}
        change.record("escrow.recovered", {**kept, "missing": len(recovery.missing)})
    unused = any("not known" in name or "refused" in name for name in counts)
    return RecoveredEscrow(
        tuple(RecoveredLines(what, lines) for what, lines in counts.items()),
        tuple(recovery.missing),
        not unused and not recovery.missing,
    )


def list_journals(context: OperatorContext) -> tuple[KnownJournal, ...]:
    """Return the journals that the database knows, the oldest first."""
    with context.reading() as session:
        rows = session.exec(select(JournalRow).order_by(col(JournalRow.began_at)))
        return tuple(
            KnownJournal(
                row.id, row.place, row.lines, row.began_at, row.ended, row.missing, row.lost
            )
            for row in rows
        )


@action("escrow.declare-lost", "escrow.declared-lost")
def declare_lost(
    context: OperatorContext, *, journal: UUID | None = None, organisation: str | None = None
) -> DeclaredLost:
    """Wait no longer for a journal, or for the grants that an organisation's journals lack.

    Cards that were granted in it may carry a key that central does not offer.
    """
    if (journal is None) == (organisation is None):
        raise Declined("Either a journal is declared lost, or an organisation's missing grants")
    with context.changing() as change:
        if organisation is not None:
            trust = named.organisation(change.session, organisation)
            if not trust.missing_grants:
                raise Declined(f"The journals lack no grants of {trust.name}")
            trust.missing_grants, trust.lost_grants = False, trust.grants
            what = f"the missing grants of {trust.name}"
        else:
            row = change.session.get(JournalRow, journal)
            if row is None or not row.missing or row.lost:
                raise Declined(f"No journal {journal} is missing")
            row.lost = True
            what = f"journal {row.id}"
        change.record("escrow.declared-lost", {"what": what})
        return DeclaredLost(what)


def _told(
    lines: Iterator[escrow_journal.Line], progress: Callable[[int], None]
) -> Iterator[escrow_journal.Line]:
    for number, line in enumerate(lines, 1):
        progress(number)
        yield line
