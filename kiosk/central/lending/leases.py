# SPDX-License-Identifier: Apache-2.0
"""What is lent, as far as central knows: how long, how often it was tried, and when it is over."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, func, select

from kiosk.central.service.sessions import Work
from kiosk.central.tables import Card, Kiosk, PackEventRow, PackRow

ATTEMPT, ANSWERS, END = "pack attempt", "pack answers", "pack end"


def unended(database: Session, card: Card) -> list[PackRow]:
    """The packs of a card that no kiosk has accounted for."""
    lent = select(PackRow).where(PackRow.card_id == card.id, col(PackRow.ended_at).is_(None))
    return list(database.exec(lent.order_by(col(PackRow.number))))


def runs(row: PackRow, now: datetime) -> bool:
    """Whether a kiosk may unlock with it now."""
    return row.ended_at is None and row.lent_until > now


def forbids_renewal(database: Session, card: Card, now: datetime) -> bool:
    """Whether the card's key has to stay as it is, for a pack would go stale.

    One whose kiosk was cut off may: its key is to be worth nothing.
    """
    return any(runs(row, now) and not row.abandoned for row in unended(database, card))


def attempts(database: Session, row: PackRow) -> int:
    """How many attempts on a pack were reported."""
    told = select(func.count()).where(PackEventRow.pack_id == row.id, PackEventRow.kind == ATTEMPT)
    return database.exec(told).one()


def earlier(work: Work, sealing_key: bytes) -> list[PackRow]:
    """What the caller has not accounted for of its earlier starts."""
    gone = select(PackRow).where(
        PackRow.kiosk_id == work.caller.id,
        PackRow.sealing_key != sealing_key,
        col(PackRow.ended_at).is_(None),
        col(PackRow.abandoned).is_(False),
    )
    return list(work.session.exec(gone))


def end_earlier(work: Work, sealing_key: bytes) -> None:
    """The caller was started anew: what was sealed to earlier keys is gone, and all reported."""
    for row in earlier(work, sealing_key):
        row.ended_at = work.now


def end_all(database: Session, kiosk: Kiosk, now: datetime) -> None:
    """The kiosk has wiped everything, and reported before."""
    for row in database.exec(_of_kiosk(kiosk)):
        row.ended_at = now


def abandon(database: Session, kiosk: Kiosk) -> list[Card]:
    """The kiosk is not to be trusted any more: the cards whose keys it may hold are to be renewed.

    Its packs are void once their lease is over.
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
