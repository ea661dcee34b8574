# SPDX-License-Identifier: Apache-2.0
"""Imports of cardholders, cards and sealed unblocking keys."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kiosk.central.actions.catalogue import action
from kiosk.central.actions.context import Declined, OperatorContext, said_plainly
from kiosk.central.keys import sealing
from kiosk.central.keys.sealing import CardKey, RowError, UnreadableRows
from kiosk.central.operations import import_staging, imported_rows
from kiosk.central.operations.import_plan import Plan
from kiosk.central.operations.import_staging import Forgotten, Outdated
from kiosk.central.operations.imported_rows import Batch, Outcome, Source
from kiosk.central.operations.importing import Importer

__all__ = [
    "ImportFiles", "ImportKey", "ImportOutcome", "ImportedRows", "RowsRejected", "SealedFile",
    "SealedKeys", "Source", "check_import", "create_import_key", "import_rows", "seal_keys",
    "show_import_key",
]  # fmt: skip

MOST_ROWS = 100_000
"""The rows and keys that one turn publishes: each takes up to a tenth of a millisecond of it."""
_MOST_TRIES = 3
"""An import is decided at most so often, if others change what it was decided from."""


@dataclass(eq=False)
class RowsRejected(Declined):
    """Rows of a file are wrong, and nothing was done with any of them."""

    rows: tuple[RowError, ...]


@dataclass(frozen=True, slots=True)
class ImportKey:
    """The key that unblocking keys are sealed to. `public`: its public half, for the RA."""

    public: str


@dataclass(frozen=True, slots=True)
class SealedKeys:
    """A file of sealed keys, with their number."""

    keys: int


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A file of sealed keys: its name, its content, and the file with the key that opens it."""

    name: str
    content: bytes
    import_key: Path


@dataclass(frozen=True, slots=True)
class ImportFiles:
    """The files of one import; None for a file that is not given."""

    cardholders: Source | None = None
    positions: Source | None = None
    cards: Source | None = None
    keys: SealedFile | None = None


@dataclass(frozen=True, slots=True)
class ImportedRows:
    """The number of rows with the same outcome."""

    what: str
    rows: int


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """The outcome of an import or, if it was only checked, the outcome that it would have."""

    counts: tuple[ImportedRows, ...]
    rejected: tuple[RowError, ...]


def create_import_key(file: Path) -> ImportKey:
    """Make the import key, with its private half in a new file that its owner alone can read."""
    try:
        return ImportKey(sealing.create_import_key(file))
    except OSError as error:
        raise Declined(f"{file}: {error.strerror}") from None


def show_import_key(file: Path) -> ImportKey:
    """Return the public half of the import key in the file."""
    with _declining():
        return ImportKey(sealing.public_half(sealing.load_import_key(file)))


def seal_keys(*, keys: Source, to: str, output: Path) -> SealedKeys:
    """Seal a CSV of unblocking keys to the public half `to`, into a new file.

    It is for the machine that knows the keys, and needs no database. Raises RowsRejected.
    """
    with _declining():
        recipient = sealing.load_public_half(to)
        read, flaws = sealing.read_keys(keys.name, keys.text)
    if flaws:
        raise RowsRejected("Nothing was sealed: mend these rows", tuple(flaws))
    if not read:
        raise Declined(f"{keys.name}: there are no keys in it")
    with _declining():
        sealed = sealing.seal(read, recipient)
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Declined(f"{output}: {error.strerror}") from None
    return SealedKeys(len(read))


def check_import(context: OperatorContext, *, files: ImportFiles) -> ImportOutcome:
    """Return what an import of these files would do, and do nothing."""
    batch, outcome = _read(files)
    _decide(context, batch, outcome)
    return _outcome(outcome)


@action("import", "imported")
def import_rows(
    context: OperatorContext,
    *,
    files: ImportFiles,
    skip_bad_rows: bool = False,
    progress: Callable[[int], None] = lambda _done: None,
) -> ImportOutcome:
    """Take cardholders, positions, cards and sealed keys in: all of them, or none.

    More than `MOST_ROWS` are taken in by parts, each of them completely or not at all. If a part
    fails, those before it stay, and the same import goes on from there. `skip_bad_rows` takes the
    good ones. `progress` is told how many rows are staged. Raises RowsRejected.
    """
    batch, outcome = _read(files)
    unread = tuple(outcome.flaws)
    _decide(context, batch, outcome)
    if outcome.flaws and not skip_bad_rows:
        reason = "Nothing was imported: mend these rows, or skip them"
        raise RowsRejected(reason, tuple(outcome.flaws))
    parts = [batch] if batch.size <= MOST_ROWS else list(batch.parts(MOST_ROWS))
    outcome.counts.clear()
    staged = 0
    for number, each in enumerate(parts, 1):
        part = _Part(each, number, len(parts), unread if number == 1 else ())
        before = staged

        def told(rows: int, before: int = before) -> None:
            nonlocal staged
            staged = before + rows
            progress(staged)

        outcome.counts += _import_part(context, part, told, skip_bad_rows=skip_bad_rows).counts
    return _outcome(outcome)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of an import. `unread`: the rows of the files that are wrong in themselves."""

    batch: Batch
    number: int
    parts: int
    unread: tuple[RowError, ...]

    @property
    def before(self) -> str:
        """A sentence about the parts before this one, for the error of this one."""
        return "Nothing" if self.number == 1 else "Only a part"

    @property
    def audited(self) -> dict[str, int]:
        """The details that name it in the audit."""
        return {} if self.parts == 1 else {"part": self.number, "parts": self.parts}


def _import_part(
    context: OperatorContext, part: _Part, progress: Callable[[int], None], *, skip_bad_rows: bool
) -> Outcome:
    """Take a part in, completely or not at all."""
    services = context.services
    with said_plainly():
        import_staging.sweep(services.database, context.now)
    for _ in range(_MOST_TRIES):
        outcome = Outcome(flaws=list(part.unread))
        plan = _decide(context, part.batch, outcome)
        if outcome.flaws and not skip_bad_rows:
            reason = f"{part.before} was imported: these rows have become wrong meanwhile"
            raise RowsRejected(reason, tuple(outcome.flaws))
        try:
            _stage_and_publish(context, plan, outcome, progress, part.audited)
        except Outdated:
            continue
        except Forgotten:
            raise Declined(f"{part.before} was imported: it took too long. Try again") from None
        finally:
            with said_plainly():
                import_staging.sweep(services.database, context.now)
        return outcome
    raise Declined(f"{part.before} was imported: cardholders or cards change meanwhile. Try again")


def _stage_and_publish(
    context: OperatorContext,
    plan: Plan,
    outcome: Outcome,
    progress: Callable[[int], None],
    part: dict[str, int],
) -> None:
    """Stage the rows in short turns, and publish them in the last one, or none of them."""
    database = context.services.database
    with said_plainly():
        identity = import_staging.stage(database, plan, context.services.clock, progress)
    try:
        with context.changing() as change:
            kept = import_staging.publish(change.session, identity, plan, change.now)
            if kept:
                outcome.counts["confirmed addresses kept"] += kept
            done = {name.replace(" ", "_"): count for name, count in outcome.counts.items()}
            change.record("imported", {**done, "rejected": len(outcome.flaws), **part})
    except BaseException:
        with said_plainly():
            import_staging.discard(database, identity)
        raise


def _decide(context: OperatorContext, batch: Batch, outcome: Outcome) -> Plan:
    """Return what the rows change, from the database as it is at one moment."""
    services = context.services
    with context.reading() as session:
        importer = Importer(session, services.escrow, outcome, mail_domains=services.mail_domains)
        return importer.decide(batch)


def _read(files: ImportFiles) -> tuple[Batch, Outcome]:
    if files == ImportFiles():
        raise Declined("There is nothing to import: give cardholders, positions, cards or keys")
    with _declining():
        name = files.keys.name if files.keys else ""
        keys = _unsealed(files.keys)
        return imported_rows.read(files.cardholders, files.positions, files.cards, keys, name)


def _unsealed(sealed: SealedFile | None) -> tuple[CardKey, ...]:
    if sealed is None:
        return ()
    private = sealing.load_import_key(sealed.import_key)
    try:
        return sealing.unseal(sealed.content, private)
    except UnreadableRows as error:
        raise Declined(f"{sealed.name}: {error.reason}") from None


def _outcome(outcome: Outcome) -> ImportOutcome:
    counts = tuple(ImportedRows(what, rows) for what, rows in outcome.counts.items())
    return ImportOutcome(counts, tuple(outcome.flaws))


@contextmanager
def _declining() -> Iterator[None]:
    """Files that are not what they should be are the operator's to mend."""
    try:
        yield
    except UnreadableRows as error:
        raise Declined(error.reason) from None
