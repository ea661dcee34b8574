# SPDX-License-Identifier: Apache-2.0
"""Leases: which packs are lent, for how long, how often they were tried, and when they end."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, func, select

from kiosk.central.service.sessions import Work
from kiosk.central.tables import Card, Kiosk, PackEventRow, PackRow

ATTEMPT, ANSWERS, END = "pack attempt", "pack answers", "pack end"


def unended(database: Session, card: Card) -> list[PackRow]:
    """Return the card's packs that no kiosk has accounted for, in the order of their numbers."""
    lent = select(PackRow).where(PackRow.card_id == card.id, col(PackRow.ended_at).is_(None))
    return list(database.exec(lent.order_by(col(PackRow.number))))


def runs(row: PackRow, now: datetime) -> bool:
    """Return whether a kiosk may unlock with the pack now."""
    return row.ended_at is None and row.lent_until > now


def forbids_renewal(database: Session, card: Card, now: datetime) -> bool:
    """Return whether the card's key may not be renewed, because a pack would become stale.

    The packs of a kiosk that was cut off may become stale: their keys are to become worthless.
    """
    return any(runs(row, now) and not row.abandoned for row in unended(database, card))


def attempts(database: Session, row: PackRow) -> int:
    """Return the number of attempts that were reported for a pack."""
    count = select(func.count()).where(PackEventRow.pack_id == row.id, PackEventRow.kind == ATTEMPT)
    return database.exec(count).one()


def earlier(work: Work, sealing_key: bytes) -> list[PackRow]:
    """Return the caller's packs from earlier starts that it has not accounted for."""
    lost = select(PackRow).where(
        PackRow.kiosk_id == work.caller.id,
        PackRow.sealing_key != sealing_key,
        col(PackRow.ended_at).is_(None),
        col(PackRow.abandoned).is_(False),
    )
    return list(work.session.exec(lost))


def end_earlier(work: Work, sealing_key: bytes) -> None:
    """End the caller's packs from earlier starts.

    The kiosk was restarted: it has lost what was sealed to earlier keys, and has reported
    everything.
    """
    for row in earlier(work, sealing_key):
        row.ended_at = work.now


def end_all(database: Session, kiosk: Kiosk, now: datetime) -> None:
    """End all packs of a kiosk that has wiped everything and reported before."""
    for row in database.exec(_of_kiosk(kiosk)):
        row.ended_at = now


def abandon(database: Session, kiosk: Kiosk) -> list[Card]:
    """Mark the packs of a kiosk that is not trusted any more; return the cards, sorted by serial.

    The keys of these cards are to be renewed, and the packs are void when their lease is over.
    """
    cards: dict[int, Card] = {}
    for row in database.exec(_of_kiosk(kiosk)):
        row.abandoned = True
        card = database.get_one(Card, row.card_id)
        card.renewal_due = True
        cards[card.id] = card
    return sorted(cards.values(), key=lambda card: card.serial)


def _of_kiosk(kiosk: Kiosk):  # type: ignore[no-untyped-def]
    return select(PackRow).where(
        PackRow.kiosk_id == kiosk.id,
        col(PackRow.ended_at).is_(None),
        col(PackRow.abandoned).is_(False),
    )
