# SPDX-License-Identifier: Apache-2.0
"""How long what is kept of people is kept, and what goes when its time is over.

What says which key a card carries stays for as long as the card: without it no card could be
unlocked. It names nobody but by the card's row, which erasing a cardholder empties.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, delete, select

from kiosk.central.tables import (
    Attempt,
    AuditEntry,
    AuditPersonal,
    Card,
    Cardholder,
    CardStatus,
    ChangeRow,
    EmailedCode,
    EndRow,
    GrantRow,
    KioskEventRow,
    LoginSession,
    PackEventRow,
    PackRow,
    Position,
    QueuedNotice,
    Registration,
    SealedEnvelope,
    Table,
    UnlockSession,
)
from kiosk.rows import carry_out

_ERASED = "erased"


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """Rows of `table` whose `over` holds, at a moment so many `days` ago, go."""

    what: str
    days: int
    table: type[Table]
    over: Callable[[datetime], ColumnElement[bool]]


def _came_to_nothing(at: datetime) -> ColumnElement[bool]:
    granted = select(GrantRow.id).where(GrantRow.session_id == UnlockSession.id)
    return (col(UnlockSession.opened_at) < at) & ~granted.exists()


RULES = (
    RetentionRule("e-mailed codes", 1, EmailedCode, lambda at: col(EmailedCode.sent_at) < at),
    RetentionRule("log-ins", 90, LoginSession, lambda at: col(LoginSession.opened_at) < at),
    RetentionRule("attempts at answers", 90, Attempt, lambda at: col(Attempt.at) < at),
    RetentionRule(
        "changes of passcodes", 365, ChangeRow, lambda at: col(ChangeRow.received_at) < at
    ),
    RetentionRule(
        "kiosks' own events", 365, KioskEventRow, lambda at: col(KioskEventRow.received_at) < at
    ),
    RetentionRule(
        "what was done with packs",
        90,
        PackEventRow,
        lambda at: col(PackEventRow.pack_id).in_(
            select(PackRow.id).where(col(PackRow.ended_at) < at)
        ),
    ),
    RetentionRule("packs", 90, PackRow, lambda at: col(PackRow.ended_at) < at),
    RetentionRule(
        "ends of unlocks that came to nothing",
        90,
        EndRow,
        lambda at: col(EndRow.session_id).in_(select(UnlockSession.id).where(_came_to_nothing(at))),
    ),
    RetentionRule("unlocks that came to nothing", 90, UnlockSession, _came_to_nothing),
    RetentionRule(
        "whom the audit is about",
        730,
        AuditPersonal,
        lambda at: col(AuditPersonal.sequence).in_(
            select(AuditEntry.sequence).where(col(AuditEntry.at) < at)
        ),
    ),
)


def apply(database: Session, now: datetime, days: dict[str, int] | None = None) -> dict[str, int]:
    """Delete what is over: how many rows of what. `days` may name another time for a rule."""
    deleted = {}
    for rule in RULES:
        at = now - timedelta(days=(days or {}).get(rule.what, rule.days))
        done = carry_out(database, delete(rule.table).where(rule.over(at)))
        deleted[rule.what] = done
    return deleted


def erase(database: Session, holder: Cardholder) -> int:
    """Nothing names the cardholder any more, and her cards are those of a leaver; how many."""
    cards = list(database.exec(select(Card).where(Card.cardholder_id == holder.id)))
    for card in cards:
        registration = database.exec(
            select(Registration).where(Registration.card_id == card.id)
        ).first()
        if registration is not None:
            carry_out(
                database,
                delete(SealedEnvelope).where(
                    col(SealedEnvelope.registration_id) == registration.id
                ),
            )
            database.delete(registration)
        card.status, card.authentication_certificate = CardStatus.LEAVER, None
    carry_out(database, delete(Position).where(col(Position.cardholder_id) == holder.id))
    carry_out(database, delete(QueuedNotice).where(col(QueuedNotice.address) == holder.email))
    carry_out(database, delete(EmailedCode).where(col(EmailedCode.address) == holder.email))
    for told in database.exec(select(AuditPersonal)):
        if told.fields.get("cardholder") == holder.id:
            database.delete(told)
    holder.name, holder.email, holder.uuid = _ERASED, "", ""
    return len(cards)
