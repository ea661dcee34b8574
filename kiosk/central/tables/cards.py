# SPDX-License-Identifier: Apache-2.0
"""The tables of cards, their escrowed keys, and their registrations."""

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
    """The status of a card; a card that is not `active` gets help at the kiosk, but no unlock."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    LOST = "lost"
    REPLACED = "replaced"
    LEAVER = "leaver"
    EXPIRED = "expired"


class Card(Throttled, Table, table=True):
    """A smartcard.

    `frozen`: the last decision of `evidence`, stored so that the RA can find the card.
    `proved_session`: the unlock session in which the card last proved itself, which shows where it
    is. `closed`: the cardholder ended self service, and only the RA can open it again. Otherwise
    the passcode alone would be enough to replace the answers. `position`: that of the card's last
    change in its organisation's feed (see `storage.change_feed`). `renewal_due`: the next unlock
    renews the unblocking key, because it was used without central or may be known elsewhere, as
    when a kiosk that held a pack was lost. `visits` is the number of the card's latest visit.
    `login_after`: the number of the visit before the last log-in, at which the holder's key
    verified; None if there was none.
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
    visits: int = 0
    login_after: int | None = None
    position: int = 0

    @property
    def identity(self) -> CardIdentity:
        """Return the card's identity as the contract has it."""
        return CardIdentity(Family(self.family), self.serial)


class EscrowedKey(Table, table=True):
    """An imported unblocking key, wrapped by the master key.

    `kind` is the cipher of an administrator key; `mutual`: the card has the mutual form.
    """

    __tablename__ = "escrowed_key"

    card_id: int = Field(foreign_key="card.id", primary_key=True)
    generation: int = Field(primary_key=True)
    wrapped: bytes
    kind: KeyKind | None = None
    mutual: bool = True


class CardFinding(Table, table=True):
    """The RA's finding about a card; `number` places it among the card's visits."""

    __tablename__ = "card_finding"

    id: int = Field(default=None, primary_key=True)
    number: int
    card_id: int = Field(foreign_key="card.id", index=True)
    tries: int
    carries: int | None = None
    at: datetime = Field(sa_type=Instant)


class Registration(Throttled, Table, table=True):
    """A cardholder's registration for self service with one card.

    A card without a card authentication key cannot prove itself, so every unlock requires an
    emailed code.
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
    """One envelope of a registration; `wrapped` is its sealed part, wrapped by the master key."""

    __tablename__ = "envelope"

    registration_id: UUID = Field(foreign_key="registration.id", primary_key=True)
    position: int = Field(primary_key=True)
    answers: list[int] = Field(sa_column=Column(JSON, nullable=False))
    salt: bytes
    operations: int
    memory: int
    nonce: bytes
    wrapped: bytes
