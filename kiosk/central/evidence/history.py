# SPDX-License-Identifier: Apache-2.0
"""A card's grants and facts from the database, and the freezing that follows from them."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from kiosk.central.audit import trail
from kiosk.central.evidence import worlds
from kiosk.central.evidence.visit import Fact, ReportedTries, Visit
from kiosk.central.evidence.worlds import Decision
from kiosk.central.service.sessions import Work
from kiosk.central.tables import (
    Card,
    CardFinding,
    EndRow,
    FactRow,
    GrantRow,
    PackRow,
    UnlockSession,
)
from kiosk.contract.messages import CardCommand
from kiosk.values import Family


def visits(database: Session, card: Card) -> list[Visit]:
    """Return the card's visits in the order of their grants."""
    facts: dict[object, list[Fact]] = {}
    for row in database.exec(
        select(FactRow)
        .join(GrantRow, col(FactRow.grant_id) == col(GrantRow.id))
        .where(GrantRow.card_id == card.id)
    ):
        facts.setdefault(row.grant_id, []).append(_fact(row, card.family))
    ends: dict[object, set[int]] = {}
    for end in database.exec(
        select(EndRow)
        .join(UnlockSession, col(EndRow.session_id) == col(UnlockSession.id))
        .where(UnlockSession.card_id == card.id)
    ):
        ends.setdefault(end.session_id, set()).add(end.facts)
    granted = database.exec(
        select(GrantRow, UnlockSession)
        .join(UnlockSession, col(GrantRow.session_id) == col(UnlockSession.id))
        .where(GrantRow.card_id == card.id)
        .order_by(col(GrantRow.number))
    )
    numbered = {
        grant.number: Visit(
            current=grant.current,
            first=grant.first,
            second_allowed=grant.second_allowed,
            renew=grant.renew,
            reported=reported_tries(session),
            second_needs=grant.second_needs,
            facts=tuple(facts.get(grant.id, ())),
            ends=frozenset(ends.get(session.id, ())),
        )
        for grant, session in granted
    }
    numbered = {**_unreported(database, card), **_findings(database, card), **numbered}
    return [numbered[number] for number in sorted(numbered)]


def _unreported(database: Session, card: Card) -> dict[int, Visit]:
    """Return the visits that kiosks may have made with packs and have not yet accounted for.

    A pack allows one such visit at most. If its key has not opened the card before, a visit in
    which the card refuses the key, or does not answer, uses up the pack. A kiosk's packs of one
    card count once: it asks for another one when it has lost the former and reported everything.
    """
    lent = select(PackRow).where(PackRow.card_id == card.id, col(PackRow.accounted).is_(False))
    newest = {
        (pack.kiosk_id, pack.abandoned): pack
        for pack in database.exec(lent.order_by(col(PackRow.number)))
    }
    return {pack.number: _unreported_visit(pack.generation) for pack in newest.values()}


def _unreported_visit(generation: int) -> Visit:
    return Visit(
        current=generation,
        first=generation,
        second_allowed=False,
        renew=False,
        reported=ReportedTries(),
    )


def _findings(database: Session, card: Card) -> dict[int, Visit]:
    """Return the RA's findings about the card as visits, by their numbers."""
    findings = select(CardFinding).where(CardFinding.card_id == card.id)
    return {
        finding.number: Visit(
            current=finding.carries or 0,
            first=finding.carries or 0,
            second_allowed=False,
            renew=False,
            reported=ReportedTries(unblocking=finding.tries),
            ends=frozenset({0}),
            found=True,
            carries=finding.carries,
        )
        for finding in database.exec(findings)
    }


def reported_tries(session: UnlockSession) -> ReportedTries:
    """Return the counters that the card reported when `session` was opened."""
    return ReportedTries(session.passcode_tries, session.unblocking_tries)


def outlook(
    database: Session, card: Card, *, lent_once_more: bool = False
) -> tuple[Decision, bool]:
    """Return what a grant would offer now, and whether a key of ours has ever opened the card.

    Nothing is changed. `lent_once_more` assumes that one more kiosk could use the card's key
    without having reported it.
    """
    known = visits(database, card)
    opened, generation = worlds.opened(known), worlds.proven(known)
    if lent_once_more:
        known = [*known, _unreported_visit(generation)]
    return worlds.decide(known, ReportedTries(), card.unblocking_maximum), opened


def evaluate_and_freeze(work: Work, card: Card, reported: ReportedTries) -> Decision:
    """Evaluate the evidence for `card`; freeze or thaw the card accordingly, and audit that."""
    return settle(work.session, work.now, card, reported)


def settle(database: Session, now: datetime, card: Card, reported: ReportedTries) -> Decision:
    """Do the same as `evaluate_and_freeze` for a caller that is not a kiosk."""
    decision = worlds.decide(visits(database, card), reported, card.unblocking_maximum)
    if decision.frozen != card.frozen:
        card.frozen = decision.frozen
        kind = "card.frozen" if decision.frozen else "card.thawed"
        details: dict[str, trail.Detail] = {
            "generation": decision.current,
            "tries_left": decision.tries_left,
        }
        trail.append(database, now, kind, details, trail.of_card(card))
    return decision


def latest_grant(database: Session, card: Card) -> int:
    """Return the number of the card's latest grant, or 0 if it has none."""
    newest = select(GrantRow.number).where(GrantRow.card_id == card.id)
    return database.exec(newest.order_by(col(GrantRow.number).desc())).first() or 0


_GIDS_REFUSED = 0x6982
_REFUSED = 0x6300


def _fact(row: FactRow, family: Family) -> Fact:
    status = None if row.status is None else int(row.status, 16)
    command = row.command
    if family is Family.GIDS:
        # A GIDS card compares the key in the response to its challenge, so that command counts as
        # the unblock. The command that sets the passcode proves no more about the key than VERIFY.
        if command is CardCommand.AUTHENTICATE:
            command = CardCommand.UNBLOCK
            status = _REFUSED if status == _GIDS_REFUSED else status
        elif command is CardCommand.UNBLOCK:
            command = CardCommand.VERIFY
        return Fact(row.sequence, command, row.generation, status, row.genuine)
    return Fact(row.sequence, row.command, row.generation, status, row.genuine)
