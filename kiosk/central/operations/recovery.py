# SPDX-License-Identifier: Apache-2.0
"""Recovery: merges the escrow journals into a database that was restored from a backup.

It restores the keys and grants that the backup does not have. It never removes or overwrites what
the database knows better than the journals.

The database knows the last committed line of each journal. A line up to it that left nothing in the
database was never committed. A line beyond it may have been: of the grants of one session, only the
last can have been. All lines of cards come first, because a grant is useless without the keys that
it was built on.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from kiosk.central.evidence import epochs
from kiosk.central.keys.escrow_journal import CardLine, GrantLine, Line, fingerprint
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.central.service.sessions import Work
from kiosk.central.tables import (
    Card,
    EscrowedKey,
    GrantRow,
    JournalRow,
    Kiosk,
    Organisation,
)
from kiosk.contract.messages import GrantReceived

_NEVER = "lines of what was never committed"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class RecoveryOutcome:
    """One recovery in the caller's transaction; `counts` are the numbers of lines by outcome.

    `missing` names the journals, and the organisations, of which lines are missing.
    """

    def __init__(self, services: Services, database: Session) -> None:
        self._services, self._database = services, database
        self._known = {row.id: row.lines for row in database.exec(select(JournalRow))}
        self._there: dict[UUID, set[int]] = defaultdict(set)
        self._unused: set[UUID] = set()
        self.counts: Counter[str] = Counter()
        self.missing: list[str] = []

    def merge(self, lines: Iterable[Line]) -> None:
        """Apply the lines of all journals together."""
        read = {(line.journal, line.line, line.kind): line for line in lines}
        found = sorted(read.values(), key=lambda line: (line.at or _LONG_AGO, line.line))
        cards = [line for line in found if isinstance(line, CardLine)]
        grants = [line for line in found if isinstance(line, GrantLine)]
        for line in found:
            self._there[line.journal].add(line.line)
        self.counts["lines"] = len(found)
        self._merge_cards(cards, {line.card for line in grants if self._may_be_lost(line)})
        self._merge_grants(grants)
        self._look_for_missing_journals(found)
        self._look_for_missing_grants(grants)

    def _count(self, line: Line, outcome: str, *, used: bool = True) -> None:
        self.counts[outcome] += 1
        if not used:
            self._unused.add(line.journal)

    def _may_be_lost(self, line: Line) -> bool:
        """Return whether the database cannot know if the line was committed."""
        return line.line > self._known.get(line.journal, 0)

    # ------------------------------------------------------------ cards

    def _merge_cards(self, lines: list[CardLine], built_on: set[bytes]) -> None:
        """Restore keys; if a card has several lines, the one that a grant was built on counts."""
        last: dict[tuple[str, str], CardLine] = {}
        for line in lines:
            identity = (line.family, line.serial)
            former = last.get(identity)
            if not self._may_be_lost(line):
                continue
            if former is None or former.fingerprint not in built_on or line.fingerprint in built_on:
                last[identity] = line
        chosen = {(line.journal, line.line) for line in last.values()}
        for line in lines:
            card = self._card(line)
            if card is not None and self._keys(card) == line.fingerprint:
                self._count(line, "keys there already")
            elif not self._may_be_lost(line):
                self._count(line, _NEVER if card is not None else "keys of cards that are gone")
            elif card is None:
                self._count(line, "cards not known: import them, and recover again", used=False)
            elif (line.journal, line.line) not in chosen:
                self._count(line, "keys that others replaced")
            elif self._granted(card):
                self._count(line, "keys of cards that were granted: kept as they are")
            else:
                self._restore_key(card, line)
                self._count(line, "keys recovered")

    def _card(self, line: CardLine) -> Card | None:
        return self._database.exec(
            select(Card).where(Card.family == line.family, Card.serial == line.serial)
        ).first()

    def _keys(self, card: Card) -> bytes | None:
        kept = self._database.get(EscrowedKey, (card.id, 0))
        return None if kept is None else fingerprint(card.seed, kept.wrapped)

    def _granted(self, card: Card) -> bool:
        granted = select(GrantRow.id).where(GrantRow.card_id == card.id)
        return self._database.exec(granted).first() is not None

    def _restore_key(self, card: Card, line: CardLine) -> None:
        kept = self._database.get(EscrowedKey, (card.id, 0))
        if kept is not None:
            self._database.delete(kept)
            self._database.flush()
        card.seed, card.unblocking_maximum = line.seed, line.tries
        self._database.add(card)
        self._database.add(
            EscrowedKey(
                card_id=card.id,
                generation=0,
                wrapped=line.wrapped,
                kind=line.cipher,
                mutual=line.mutual,
            )
        )
        self._database.flush()

    # ------------------------------------------------------------ grants

    def _merge_grants(self, lines: list[GrantLine]) -> None:
        last = {line.session: line.grant for line in lines if self._may_be_lost(line)}
        for line in lines:
            used, outcome = self._grant(line, last)
            self._count(line, outcome, used=used)

    def _grant(self, line: GrantLine, last: dict[UUID, UUID]) -> tuple[bool, str]:
        """Return whether the line is of no further use, and its outcome."""
        if self._database.get(GrantRow, line.grant) is not None:
            return True, "grants there already"
        if not self._may_be_lost(line):
            return True, _NEVER
        session = select(GrantRow.id).where(GrantRow.session_id == line.session)
        if last[line.session] != line.grant or self._database.exec(session).first() is not None:
            return True, "grants that no kiosk got: their session has another one"
        return self._restore_grant(line)

    def _restore_grant(self, line: GrantLine) -> tuple[bool, str]:
        kiosk = self._database.exec(select(Kiosk).where(Kiosk.name == line.kiosk)).first()
        if kiosk is None:
            return False, "grants of kiosks that are not known: enrol them, and recover again"
        caller = Caller(kiosk.id, kiosk.organisation_id, kiosk.name)
        work = Work(self._services, caller, self._database, self._services.clock())
        received = GrantReceived(grant=line.grant, session=line.session, receipt=line.receipt)
        reason = epochs.restore(work, received, from_journal=True)
        if reason is not None:
            return False, f"grants refused: {reason}"
        restored = self._database.get_one(GrantRow, line.grant)
        if self._keys(self._database.get_one(Card, restored.card_id)) != line.card:
            return False, "grants recovered, but refused: the card has other keys by now"
        return True, "grants recovered"

    # ------------------------------------------------------------ what is missing

    def _look_for_missing_journals(self, found: list[Line]) -> None:
        """Name each journal that is not there to its end, or that has a gap."""
        rows = {row.id: row for row in self._database.exec(select(JournalRow))}
        for line in found:
            if line.journal not in rows:
                row = JournalRow(
                    id=line.journal, place="recovered", began_at=line.at or self._services.clock()
                )
                rows[line.journal] = row
        for identity, row in rows.items():
            row.missing = self._missing_of(row, self._there[identity])
            if row.missing and not row.lost:
                self.missing.append(f"journal {identity} of {row.place}: {row.missing}")
            elif self._there[identity] and identity not in self._unused:
                row.lines = max(row.lines, *self._there[identity])
            self._database.add(row)
        self._database.flush()

    def _missing_of(self, row: JournalRow, there: set[int]) -> str:
        known = self._known.get(row.id, 0)
        if not row.ended and max(there, default=0) < known:
            return f"line {known} and what followed"
        gap = set(range(known + 1, max(there, default=0))) - there
        return f"line {min(gap)}" if gap else ""

    def _look_for_missing_grants(self, lines: list[GrantLine]) -> None:
        """Name each organisation whose grants have a gap: their journal is not there at all."""
        for trust in self._database.exec(select(Organisation).order_by(col(Organisation.id))):
            rows = select(GrantRow.counter).where(GrantRow.organisation_id == trust.id)
            known = set(self._database.exec(rows))
            known.update(line.counter for line in lines if line.organisation == trust.id)
            gap = {counter for counter in epochs.gaps(known) if counter > trust.lost_grants}
            trust.missing_grants = bool(gap)
            if gap:
                self.missing.append(f"{len(gap)} grants of {trust.name}")
        self._database.flush()
