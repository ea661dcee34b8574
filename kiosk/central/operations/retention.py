# SPDX-License-Identifier: Apache-2.0
"""Retention: how long personal data is kept, and how it is deleted afterwards.

The rows that show which key a card carries are kept as long as the card, because without them it
could not be unlocked. They name a person only through the card's row, which erasing the cardholder
empties.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, delete, select

from kiosk.central.registration import registrations
from kiosk.central.tables import (
    Attempt,
    AuditEntry,
    AuditPersonal,
    Card,
    Cardholder,
    CardStatus,
    ChangeRow,
    CodeGuesses,
    EmailedCode,
    EndRow,
    GrantRow,
    KioskEventRow,
    LoginSession,
    PackEventRow,
    PackRow,
    Position,
    QueuedNotice,
    Table,
    UnlockSession,
)
from kiosk.rows import carry_out

_ERASED = "erased"


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """Rows of `table` are deleted if `over` holds for the moment `days` ago."""

    what: str
    days: int
    table: type[Table]
    over: Callable[[datetime], ColumnElement[bool]]


def _without_grant(at: datetime) -> ColumnElement[bool]:
    granted = select(GrantRow.id).where(GrantRow.session_id == UnlockSession.id)
    return (col(UnlockSession.opened_at) < at) & ~granted.exists()


def _pack_is_over(at: datetime) -> ColumnElement[bool]:
    """Return the condition that the lease is over, and that the kiosk reported what it did."""
    return col(PackRow.ended_at).is_not(None) & (col(PackRow.lent_until) < at)


RULES = (
    RetentionRule("e-mailed codes", 1, EmailedCode, lambda at: col(EmailedCode.sent_at) < at),
    RetentionRule(
        "guesses at e-mailed codes", 2, CodeGuesses, lambda at: col(CodeGuesses.guessed_at) < at
    ),
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
        lambda at: col(PackEventRow.pack_id).in_(select(PackRow.id).where(_pack_is_over(at))),
    ),
    RetentionRule("packs", 90, PackRow, _pack_is_over),
    RetentionRule(
        "ends of unlocks that came to nothing",
        90,
        EndRow,
        lambda at: col(EndRow.session_id).in_(select(UnlockSession.id).where(_without_grant(at))),
    ),
    RetentionRule("unlocks that came to nothing", 90, UnlockSession, _without_grant),
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
    """Delete the rows whose time is over; return the number of rows by rule.

    `days` may give another time for a rule, by its name.
    """
    deleted = {}
    for rule in RULES:
        at = now - timedelta(days=(days or {}).get(rule.what, rule.days))
        done = carry_out(database, delete(rule.table).where(rule.over(at)))
        deleted[rule.what] = done
    return deleted


def erase(database: Session, holder: Cardholder) -> int:
    """Remove everything that names the cardholder, and return the number of their cards.

    Their cards get the status of a leaver.
    """
    cards = list(database.exec(select(Card).where(Card.cardholder_id == holder.id)))
    for card in cards:
        registrations.remove(database, card)
        card.status, card.authentication_certificate = CardStatus.LEAVER, None
    carry_out(database, delete(Position).where(col(Position.cardholder_id) == holder.id))
    carry_out(database, delete(QueuedNotice).where(col(QueuedNotice.address) == holder.email))
    carry_out(database, delete(EmailedCode).where(col(EmailedCode.address) == holder.email))
    for personal in database.exec(select(AuditPersonal)):
        if personal.fields.get("cardholder") == holder.id:
            database.delete(personal)
    holder.name, holder.email, holder.uuid = _ERASED, "", ""
    return len(cards)
