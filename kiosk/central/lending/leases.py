# SPDX-License-Identifier: Apache-2.0
"""Leases: which packs are lent, for how long, how often they were tried, and when they end.

A lease ends when its time is over, and never earlier: a thief who has a kiosk's key can say
anything in its name. A kiosk's report that a pack has ended only closes a lease that is over.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, func, select

from kiosk.central.tables import Card, GrantRow, Kiosk, PackEventRow, PackRow

ATTEMPT, ANSWERS, END = "pack attempt", "pack answers", "pack end"


def unaccounted(database: Session, card: Card) -> list[PackRow]:
    """Return the card's packs whose lease runs or that no kiosk reported, by their numbers."""
    lent = select(PackRow).where(PackRow.card_id == card.id, col(PackRow.accounted).is_(False))
    return list(database.exec(lent.order_by(col(PackRow.number))))


def account(database: Session, card: Card, now: datetime) -> None:
    """Account for the card's packs whose lease is over and whose end was reported.

    Call it before the evidence about the card is read.
    """
    over = select(PackRow).where(
        PackRow.card_id == card.id,
        col(PackRow.accounted).is_(False),
        col(PackRow.ended_at).is_not(None),
        PackRow.lent_until <= now,
    )
    for row in database.exec(over):
        row.accounted = True
    database.flush()


def runs(row: PackRow, now: datetime) -> bool:
    """Return whether a kiosk may unlock with the pack now."""
    return row.lent_until > now


def forbids_renewal(database: Session, card: Card, now: datetime) -> bool:
    """Return whether the card's key may not be renewed, because a pack would become stale.

    The packs of a kiosk that is not trusted may become stale: their keys are to become worthless.
    """
    return any(runs(row, now) and not row.abandoned for row in unaccounted(database, card))


def attempts(database: Session, row: PackRow) -> int:
    """Return the number of attempts that were reported for a pack."""
    count = select(func.count()).where(PackEventRow.pack_id == row.id, PackEventRow.kind == ATTEMPT)
    return database.exec(count).one()


def cards_lent(database: Session, kiosk_id: int, now: datetime) -> set[int]:
    """Return the ids of the cards that the kiosk may have a pack of, whatever keys it showed."""
    lent = select(PackRow.card_id).where(
        PackRow.kiosk_id == kiosk_id,
        PackRow.lent_until > now,
        col(PackRow.abandoned).is_(False),
    )
    return set(database.exec(lent))


def end_all(database: Session, kiosk: Kiosk, now: datetime) -> None:
    """Record that a kiosk says that it has wiped and reported everything; their leases go on."""
    wiped = select(PackRow).where(PackRow.kiosk_id == kiosk.id, col(PackRow.ended_at).is_(None))
    for row in database.exec(wiped):
        row.ended_at = now


def known_keys(database: Session, kiosk: Kiosk) -> list[tuple[PackRow, Card]]:
    """Return the packs that the kiosk was ever lent and whose key their card may still carry.

    A later grant of a newer generation shows that the key was renewed. Neither the end of a lease
    nor the kiosk's word does: a thief keeps what is sealed to a key of his own.
    """
    renewed = (
        select(GrantRow.number)
        .where(GrantRow.card_id == PackRow.card_id, GrantRow.current > PackRow.generation)
        .exists()
    )
    lent = (
        select(PackRow, Card)
        .join(Card, col(Card.id) == col(PackRow.card_id))
        .where(PackRow.kiosk_id == kiosk.id, ~renewed)
    )
    return list(database.exec(lent.order_by(col(PackRow.number))))


def abandon(database: Session, kiosk: Kiosk) -> list[Card]:
    """Mark the packs of a kiosk that is not trusted any more; return the cards, sorted by serial.

    The keys of these cards are to be renewed, and no lease of the kiosk delays that.
    """
    cards: dict[int, Card] = {}
    for row, card in known_keys(database, kiosk):
        if not row.abandoned:
            row.abandoned = card.renewal_due = True
            cards[card.id] = card
    return sorted(cards.values(), key=lambda card: card.serial)
