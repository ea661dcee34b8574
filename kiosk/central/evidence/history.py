# SPDX-License-Identifier: Apache-2.0
"""A card's grants and facts, as `evidence` wants them, and the freezing that follows from it."""

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
    """The card's visits in the order of their grants."""
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
            told=told(session),
            second_needs=grant.second_needs,
            facts=tuple(facts.get(grant.id, ())),
            ends=frozenset(ends.get(session.id, ())),
        )
        for grant, session in granted
    }
    numbered = {**_unheard(database, card), **_found(database, card), **numbered}
    return [numbered[number] for number in sorted(numbered)]


def _unheard(database: Session, card: Card) -> dict[int, Visit]:
    """What a kiosk may have done with a pack that it has yet to account for: one visit at most.

    One that was refused, or never heard of, spends a pack whose key had not opened the card.
    """
    lent = select(PackRow).where(PackRow.card_id == card.id, col(PackRow.ended_at).is_(None))
    return {pack.number: _unheard_visit(pack.generation) for pack in database.exec(lent)}


def _unheard_visit(generation: int) -> Visit:
    return Visit(
        current=generation,
        first=generation,
        second_allowed=False,
        renew=False,
        told=ReportedTries(),
    )


def _found(database: Session, card: Card) -> dict[int, Visit]:
    """What the RA found when she looked at the card."""
    findings = select(CardFinding).where(CardFinding.card_id == card.id)
    return {
        finding.number: Visit(
            current=finding.carries or 0,
            first=finding.carries or 0,
            second_allowed=False,
            renew=False,
            told=ReportedTries(unblocking=finding.tries),
            ends=frozenset({0}),
            found=True,
            carries=finding.carries,
        )
        for finding in database.exec(findings)
    }


def told(session: UnlockSession) -> ReportedTries:
    """The counters that the card told when `session` was opened."""
    return ReportedTries(session.passcode_tries, session.unblocking_tries)


def outlook(
    database: Session, card: Card, *, lent_once_more: bool = False
) -> tuple[Decision, bool]:
    """What a grant would offer now, of which nothing follows; and whether a key opened the card.

    `lent_once_more`: if another kiosk could use the card's key unheard.
    """
    known = visits(database, card)
    opened, generation = worlds.opened(known), worlds.proven(known)
    if lent_once_more:
        known = [*known, _unheard_visit(generation)]
    return worlds.decide(known, ReportedTries(), card.unblocking_maximum), opened


def evaluate_and_freeze(work: Work, card: Card, now_told: ReportedTries) -> Decision:
    """What the evidence says of `card`. It is frozen, or thawed, by that, and the audit told."""
    return settle(work.session, work.now, card, now_told)


def settle(database: Session, now: datetime, card: Card, now_told: ReportedTries) -> Decision:
    """The same, for whoever is no kiosk."""
    decision = worlds.decide(visits(database, card), now_told, card.unblocking_maximum)
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
    """The number of the card's latest grant, 0 if it has none."""
    newest = select(GrantRow.number).where(GrantRow.card_id == card.id)
    return database.exec(newest.order_by(col(GrantRow.number).desc())).first() or 0


_GIDS_REFUSED = 0x6982
_REFUSED = 0x6300


def _fact(row: FactRow, family: Family) -> Fact:
    status = None if row.status is None else int(row.status, 16)
    command = row.command
    if family is Family.GIDS:
        # The response is what compares the key: to `evidence` that is the unblock, and the command
        # that only sets the passcode says no more of the key than VERIFY does.
        if command is CardCommand.AUTHENTICATE:
            command = CardCommand.UNBLOCK
            status = _REFUSED if status == _GIDS_REFUSED else status
        elif command is CardCommand.UNBLOCK:
            command = CardCommand.VERIFY
        return Fact(row.sequence, command, row.generation, status, row.genuine)
    return Fact(row.sequence, row.command, row.generation, status, row.genuine)
