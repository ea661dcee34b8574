# SPDX-License-Identifier: Apache-2.0
"""Recovery: replays the escrow journal into a database that was restored from a backup.

It restores the keys and grants that the backup does not have. It never removes or overwrites what
the database knows better than the journal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlmodel import Session, select

from kiosk.central.evidence import epochs
from kiosk.central.keys.escrow_journal import CardLine, GrantLine
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.central.service.sessions import Work
from kiosk.central.tables import Card, EscrowedKey, GrantRow, Kiosk
from kiosk.contract.messages import GrantReceived


class RecoveryOutcome:
    """One replay in the caller's transaction; `counts` are the numbers of lines by outcome."""

    def __init__(self, services: Services, database: Session) -> None:
        self._services, self._database = services, database
        self.counts: Counter[str] = Counter()

    def replay(self, lines: Iterable[CardLine | GrantLine]) -> None:
        """Apply the lines in their order."""
        for line in lines:
            self.counts["lines"] += 1
            outcome = self._card(line) if isinstance(line, CardLine) else self._grant(line)
            self.counts[outcome] += 1

    def _card(self, line: CardLine) -> str:
        card = self._database.exec(
            select(Card).where(Card.family == line.family, Card.serial == line.serial)
        ).first()
        if card is None:
            return "cards not known: import them, and replay again"
        kept = self._database.get(EscrowedKey, (card.id, 0))
        if kept is not None and (card.seed, kept.wrapped) == (line.seed, line.wrapped):
            return "keys there already"
        if self._database.exec(select(GrantRow).where(GrantRow.card_id == card.id)).first():
            return "keys of cards that were granted: kept as they are"
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
        return "keys recovered"

    def _grant(self, line: GrantLine) -> str:
        if self._database.exec(select(GrantRow).where(GrantRow.id == line.grant)).first():
            return "grants there already"
        kiosk = self._database.exec(select(Kiosk).where(Kiosk.name == line.kiosk)).first()
        if kiosk is None:
            return "grants of kiosks that are not known: enrol them, and replay again"
        caller = Caller(kiosk.id, kiosk.organisation_id, kiosk.name)
        work = Work(self._services, caller, self._database, self._services.clock())
        received = GrantReceived(grant=line.grant, session=line.session, receipt=line.receipt)
        reason = epochs.restore(work, received)
        return "grants recovered" if reason is None else f"grants refused: {reason}"
