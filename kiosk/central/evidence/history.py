# SPDX-License-Identifier: Apache-2.0
"""A card's grants and facts from the database, and the freezing that follows from them."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from kiosk.central.audit import trail
from kiosk.central.evidence import worlds
from kiosk.central.evidence.visit import Fact, ReportedTries, Visit
from kiosk.central.evidence.worlds import Decision
from kiosk.central.keys.escrow import FORMATS
from kiosk.central.service.sessions import Work
from kiosk.central.tables import (
    Bearing,
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
    """Return the card's visits in the order of their numbers, and of their times if these agree.

    Reports that do not count are left out: see `tables.visits.Bearing`.
    """
    facts: dict[object, list[Fact]] = {}
    for row in database.exec(
        select(FactRow)
        .join(GrantRow, col(FactRow.grant_id) == col(GrantRow.id))
        .where(GrantRow.card_id == card.id, FactRow.bearing == Bearing.COUNTS)
    ):
        facts.setdefault(row.grant_id, []).append(as_fact(row, card.family))
    ends: dict[object, set[int]] = {}
    for end in database.exec(
        select(EndRow)
        .join(UnlockSession, col(EndRow.session_id) == col(UnlockSession.id))
        .where(UnlockSession.card_id == card.id, EndRow.bearing == Bearing.COUNTS)
    ):
        ends.setdefault(end.session_id, set()).add(end.facts)
    granted = database.exec(
        select(GrantRow, UnlockSession)
        .join(UnlockSession, col(GrantRow.session_id) == col(UnlockSession.id))
        .where(GrantRow.card_id == card.id)
    ).all()
    numbers = {grant.number for grant, _ in granted}
    found = [
        (grant.issued_at, _visit(grant, session, facts.get(grant.id, []), ends.get(session.id)))
        for grant, session in granted
    ]
    found += [each for each in _unreported(database, card) if each[1].number not in numbers]
    found += _findings(database, card)
    return [visit for _, visit in sorted(found, key=lambda each: (each[1].number, each[0]))]


def _visit(
    grant: GrantRow, session: UnlockSession, facts: list[Fact], ends: set[int] | None
) -> Visit:
    return Visit(
        current=grant.current,
        first=grant.first,
        second_allowed=grant.second_allowed,
        renew=grant.renew,
        reported=reported_tries(session),
        second_needs=grant.second_needs,
        facts=tuple(facts),
        ends=frozenset(ends or ()),
        number=grant.number,
        tries_left=grant.tries_left,
    )


def bare_visit(grant: GrantRow, session: UnlockSession) -> Visit:
    """Return the visit as the grant allows it, without anything that was reported."""
    return _visit(grant, session, [], None)


def visit_of(database: Session, card: Card, grant: GrantRow, session: UnlockSession) -> Visit:
    """Return the visit of one grant, with everything of it that counts."""
    counted = select(FactRow).where(FactRow.grant_id == grant.id, FactRow.bearing == Bearing.COUNTS)
    ended = select(EndRow.facts).where(
        EndRow.session_id == session.id, EndRow.bearing == Bearing.COUNTS
    )
    facts = [as_fact(row, card.family) for row in database.exec(counted)]
    return _visit(grant, session, facts, set(database.exec(ended)))


def _unreported(database: Session, card: Card) -> list[tuple[datetime, Visit]]:
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
    return [
        (pack.lent_at, _unreported_visit(pack.generation, pack.number)) for pack in newest.values()
    ]


def _unreported_visit(generation: int, number: int) -> Visit:
    return Visit(
        current=generation,
        first=generation,
        second_allowed=False,
        renew=False,
        reported=ReportedTries(),
        number=number,
    )


def _findings(database: Session, card: Card) -> list[tuple[datetime, Visit]]:
    """Return the RA's findings about the card as visits."""
    findings = select(CardFinding).where(CardFinding.card_id == card.id)
    return [
        (
            finding.at,
            Visit(
                current=finding.carries or 0,
                first=finding.carries or 0,
                second_allowed=False,
                renew=False,
                reported=ReportedTries(unblocking=finding.tries),
                ends=frozenset({0}),
                found=True,
                carries=finding.carries,
                number=finding.number,
            ),
        )
        for finding in database.exec(findings)
    ]


def can_sign(card: Card) -> bool:
    """Return whether the card can sign what it carries, so that its kiosk's word is not needed.

    The keys of other cards are never renewed.
    """
    return FORMATS[card.family].renewed and card.authentication_certificate is not None


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
    signs = can_sign(card)
    opened, generation = worlds.opened(known, signs=signs), worlds.proven(known)
    if lent_once_more:
        known = [*known, _unreported_visit(generation, card.visits + 1)]
    return worlds.decide(known, ReportedTries(), card.unblocking_maximum, signs=signs), opened


def evaluate(database: Session, card: Card, reported: ReportedTries) -> Decision:
    """Evaluate the evidence for `card`, if it reports these counters; change nothing."""
    known = visits(database, card)
    return worlds.decide(known, reported, card.unblocking_maximum, signs=can_sign(card))


def evaluate_and_freeze(work: Work, card: Card, reported: ReportedTries) -> Decision:
    """Evaluate the evidence for `card`; freeze or thaw the card accordingly, and audit that.

    `reported` are the counters of a card that has proved itself.
    """
    return settle(work.session, work.now, card, reported)


def freeze_if_due(work: Work, card: Card) -> None:
    """Freeze the card if the evidence alone says so, whatever its counters are."""
    if evaluate(work.session, card, ReportedTries()).frozen:
        evaluate_and_freeze(work, card, ReportedTries())


def settle(database: Session, now: datetime, card: Card, reported: ReportedTries) -> Decision:
    """Do the same as `evaluate_and_freeze` for a caller that is not a kiosk."""
    decision = evaluate(database, card, reported)
    if decision.frozen != card.frozen:
        card.frozen = decision.frozen
        kind = "card.frozen" if decision.frozen else "card.thawed"
        details: dict[str, trail.Detail] = {
            "generation": decision.current,
            "tries_left": decision.tries_left,
            "refused": decision.refused,
        }
        trail.append(database, now, kind, details, trail.of_card(card))
    return decision


def renews(database: Session, card: Card) -> bool:
    """Return whether an unlock may renew the card's key.

    The card must be able to sign the new generation: its holder's key has signed at a log-in, and
    after each renewal that was reported complete without a signature it must do so again.
    """
    if card.login_after is None or not can_sign(card):
        return False
    return not worlds.renewed_unsigned(visits(database, card), card.login_after)


def highest_made(database: Session, card: Card) -> int:
    """Return the highest generation of which a key may have reached the card."""
    return worlds.ever_made(visits(database, card), renewed=FORMATS[card.family].renewed)


def latest_grant(database: Session, card: Card) -> int:
    """Return the number of the card's latest grant, or 0 if it has none."""
    newest = select(GrantRow.number).where(GrantRow.card_id == card.id)
    return database.exec(newest.order_by(col(GrantRow.number).desc())).first() or 0


_GIDS_REFUSED = 0x6982
_REFUSED = 0x6300


def as_fact(row: FactRow, family: Family) -> Fact:
    """Return the fact in the terms of `visit`."""
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
