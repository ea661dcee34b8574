# SPDX-License-Identifier: Apache-2.0
"""Cards, their escrowed keys, and their registrations."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field

from kiosk.card.cryptogram import KeyKind
from kiosk.central.tables.base import Instant, Table, Throttled
from kiosk.values import CardIdentity, Family


class CardStatus(StrEnum):
    """All but `active` get plain help at the kiosk, and no unlock."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    LOST = "lost"
    REPLACED = "replaced"
    LEAVER = "leaver"
    EXPIRED = "expired"


class Card(Throttled, Table, table=True):
    """A smartcard.

    `frozen` mirrors what `evidence` last said, for the RA to find. `proved_session` is the unlock
    session in which the card last proved itself: that is where it is. `closed`: its holder ended
    self service, and only the RA opens it again: else the passcode alone would replace the answers.
    `position` is that of its last change among those of its organisation: see `numbering`.
    `renewal_due`: its unblocking key was used without central, or may be known elsewhere, as when a
    kiosk that held a pack was lost; the next unlock renews it.
    """

    __table_args__ = (
        UniqueConstraint("family", "serial"),
        Index("ix_card_changes", "organisation_id", "position"),
    )

    id: int = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id")
    cardholder_id: int = Field(foreign_key="cardholder.id", index=True)
    family: Family
    serial: str
    status: CardStatus = CardStatus.ACTIVE
    seed: bytes
    authentication_certificate: bytes | None = None
    manufacturer: str = ""
    issued_on: date | None = None
    expires_on: date | None = None
    modified_at: datetime | None = Field(default=None, sa_type=Instant)
    unblocking_maximum: int = 3
    frozen: bool = False
    closed: bool = False
    renewal_due: bool = False
    proved_session: UUID | None = None
    position: int = 0

    @property
    def identity(self) -> CardIdentity:
        """The card as the rest of the kiosk knows it."""
        return CardIdentity(Family(self.family), self.serial)


class EscrowedKey(Table, table=True):
    """An imported unblocking key, wrapped by the master key.

    `kind` goes with administrator keys, and `mutual` says that the card has the mutual form.
    """

    __tablename__ = "escrowed_key"

    card_id: int = Field(foreign_key="card.id", primary_key=True)
    generation: int = Field(primary_key=True)
    wrapped: bytes
    kind: KeyKind | None = None
    mutual: bool = True


class CardFinding(Table, table=True):
    """What the RA found when she looked at a card, among its grants by `number`."""

    __tablename__ = "card_finding"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    card_id: int = Field(foreign_key="card.id", index=True)
    tries: int
    carries: int | None = None
    at: datetime = Field(sa_type=Instant)


class Registration(Throttled, Table, table=True):
    """A cardholder's enrolment for self service with one card.

    A card without a card authentication key cannot prove itself: then a code is always e-mailed.
    """

    id: UUID = Field(primary_key=True)
    card_id: int = Field(foreign_key="card.id", unique=True)
    recovery_public_key: bytes
    normaliser: int
    card_authentication_key: bytes | None = None
    questions: list[str] = Field(sa_column=Column(JSON, nullable=False))
    registered_at: datetime | None = Field(default=None, sa_type=Instant)
    made_in: UUID | None = None  # the login session
    locked: bool = False


class SealedEnvelope(Table, table=True):
    """One envelope of a registration; `sealed` is wrapped by the master key on top."""

    __tablename__ = "envelope"

    registration_id: UUID = Field(foreign_key="registration.id", primary_key=True)
    position: int = Field(primary_key=True)
    answers: list[int] = Field(sa_column=Column(JSON, nullable=False))
    salt: bytes
    operations: int
    memory: int
    nonce: bytes
    wrapped: bytes
