"""Central's tables. Nothing in a column is secret in the clear: see `master` and `vault`.

Where a primary key defaults to None, the database gives it when the row is flushed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, DateTime, Dialect, MetaData, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from kiosk.card.cryptogram import KeyKind
from kiosk.contract.messages import CardCommand
from kiosk.values import CardIdentity, Family

metadata = MetaData()


class Instant(TypeDecorator[datetime]):
    """A moment, stored as UTC without a zone, aware when it is read (SQLite has no zones)."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """To the database. A moment without a zone is taken for UTC."""
        if value is None or value.tzinfo is None:
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else value.replace(tzinfo=UTC)


class Table(SQLModel, registry=registry(metadata=metadata)):
    """Tables of the central service, in a metadata of their own."""


class Installation(Table, table=True):
    """One row: which master key this database belongs to, and whether all unlocking is stopped."""

    id: int = Field(default=1, primary_key=True)
    key_check: bytes
    stopped: bool = False


class Organisation(Table, table=True):
    """A trust. Everything a kiosk may do is scoped to its own. `stopped`: no unlocking there."""

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    stopped: bool = False


class Throttled(SQLModel):
    """Failures since the last success, and when the next attempt may be made."""

    failures: int = 0
    not_before: datetime | None = Field(default=None, sa_type=Instant)


class Kiosk(Throttled, Table, table=True):
    """A kiosk, known by a bearer token of which only the hash is kept.

    `heard_at` is when it last asked for anything, to within `authentication.HEARD_EVERY`.
    """

    id: int = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    name: str = Field(unique=True)
    token_hash: bytes = Field(unique=True)
    revoked: bool = False
    heard_at: datetime | None = Field(default=None, sa_type=Instant)


class Cardholder(Table, table=True):
    """A person. Only the audit's erasable part and this row name them.

    `uuid` is the twelve digits of the Care Identity Service; `language` is the one to write in.
    """

    id: int = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    name: str
    email: str
    uuid: str = ""
    language: str = "en"


class Position(Table, table=True):
    """What a cardholder is assigned to do, and for whom: shown to her, and used for nothing."""

    id: int = Field(default=None, primary_key=True)
    cardholder_id: int = Field(foreign_key="cardholder.id", index=True)
    code: str
    name: str
    source: str = ""
    organisation_code: str = ""
    organisation_name: str = ""
    start: date | None = None
    end: date | None = None
    modified_at: datetime | None = Field(default=None, sa_type=Instant)


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
    """

    __table_args__ = (UniqueConstraint("family", "serial"),)

    id: int = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
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
    proved_session: UUID | None = None

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


class UnlockSession(Table, table=True):
    """An unlock that a kiosk opened, with the counters as the card told them then.

    `last_grant` is the number of the card's latest grant at that time, 0 if it had none. A code
    `code_due` may be e-mailed; `code_confirmed` it was entered.
    """

    __tablename__ = "unlock_session"

    id: UUID = Field(primary_key=True)
    kiosk_id: int = Field(foreign_key="kiosk.id", index=True)
    card_id: int = Field(foreign_key="card.id", index=True)
    registration_id: UUID  # which may since have been replaced
    reason: str
    passcode_tries: int | None
    unblocking_tries: int | None
    nonce: bytes
    last_grant: int
    opened_at: datetime = Field(sa_type=Instant)
    code_due: bool = False
    code_confirmed: bool = False
    accepted_at: datetime | None = Field(default=None, sa_type=Instant)


class LoginSession(Table, table=True):
    """A cardholder at a kiosk, with her card: proved once the card has signed for the session.

    `card_key` is the certificate of the key that needs no passcode, as it was presented.
    """

    __tablename__ = "login_session"

    id: UUID = Field(primary_key=True)
    kiosk_id: int = Field(foreign_key="kiosk.id", index=True)
    card_id: int = Field(foreign_key="card.id", index=True)
    nonce: bytes
    language: str
    card_key: bytes | None = None
    code_confirmed: bool = False
    opened_at: datetime = Field(sa_type=Instant)
    proved_at: datetime | None = Field(default=None, sa_type=Instant)


class EmailedCode(Table, table=True):
    """A code that was sent for a session. Only what the master key makes of it is kept.

    `address` is where it went.
    """

    __tablename__ = "emailed_code"

    id: int = Field(default=None, primary_key=True)
    session_id: UUID = Field(index=True)  # of an unlock or of a login
    address: str
    verifier: bytes
    sent_at: datetime = Field(sa_type=Instant)
    tries: int = 0


class AttemptOutcome(StrEnum):
    """`counted` until the envelopes were tried; it stays so when the service stops meanwhile."""

    COUNTED = "counted"
    FAILED = "failed"
    ACCEPTED = "accepted"


class Attempt(Table, table=True):
    """Answers that were given, committed before they were evaluated. Not the answers."""

    id: int = Field(default=None, primary_key=True)
    session_id: UUID = Field(index=True)  # of an unlock or of a login
    at: datetime = Field(sa_type=Instant)
    outcome: AttemptOutcome = AttemptOutcome.COUNTED


class GrantRow(Table, table=True):
    """A pair that was released: what `evidence` decided, and the ledger's charge for it.

    `number` is the order in which grants were issued.
    """

    __tablename__ = "grant"

    number: int = Field(default=None, primary_key=True)
    id: UUID = Field(unique=True)
    session_id: UUID = Field(foreign_key="unlock_session.id", unique=True)
    card_id: int = Field(foreign_key="card.id", index=True)
    kiosk_id: int = Field(foreign_key="kiosk.id")
    current: int
    first: int
    second_allowed: bool
    second_needs: int
    renew: bool
    charged: bool
    issued_at: datetime = Field(sa_type=Instant)


class Challenge(Table, table=True):
    """A dialogue between an administrator key and a card: see `challenge`.

    `opening` is ours, empty in the external form; `asked` is the card's. Neither is secret.
    `genuine`: what came of the card's reply, None before it.
    """

    __table_args__ = (UniqueConstraint("grant_id", "number"),)

    id: int = Field(default=None, primary_key=True)
    grant_id: UUID = Field(foreign_key="grant.id", index=True)
    number: int
    opening: bytes
    asked: bytes | None = None
    genuine: bool | None = None


class FactRow(Table, table=True):
    """A kiosk's fact, under the id the kiosk made. `genuine`: an attest's signature was right."""

    __tablename__ = "fact"

    id: UUID = Field(primary_key=True)
    grant_id: UUID = Field(foreign_key="grant.id", index=True)
    sequence: int
    command: CardCommand
    generation: int
    status: str | None
    signature: bytes | None
    genuine: bool = False
    recorded_at: datetime = Field(sa_type=Instant)
    received_at: datetime = Field(sa_type=Instant)


class EndRow(Table, table=True):
    """A kiosk's word, under the id it made, that a session is over: so many facts are all."""

    __tablename__ = "visit_end"

    id: UUID = Field(primary_key=True)
    session_id: UUID = Field(foreign_key="unlock_session.id", index=True)
    facts: int
    recorded_at: datetime = Field(sa_type=Instant)
    received_at: datetime = Field(sa_type=Instant)


class ChangeRow(Table, table=True):
    """A kiosk's word, under the id it made, that a cardholder changed her passcode."""

    __tablename__ = "passcode_change"

    id: UUID = Field(primary_key=True)
    card_id: int = Field(foreign_key="card.id", index=True)
    recorded_at: datetime = Field(sa_type=Instant)
    received_at: datetime = Field(sa_type=Instant)


class Notice(Table, table=True):
    """A letter to a cardholder that is to be delivered; gone once it is."""

    id: int = Field(default=None, primary_key=True)
    address: str
    subject: str
    paragraphs: list[str] = Field(sa_column=Column(JSON, nullable=False))
    written_at: datetime = Field(sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant, index=True)
    attempts: int = 0


class Issuer(Table, table=True):
    """An authority whose certificates are believed; one that is no `anchor` has to chain to one."""

    id: int = Field(default=None, primary_key=True)
    name: bytes = Field(index=True)
    der: bytes
    anchor: bool
    imported_at: datetime = Field(sa_type=Instant)


class RevocationList(Table, table=True):
    """The newest list of an issuer."""

    __tablename__ = "revocation_list"

    issuer: bytes = Field(primary_key=True)
    der: bytes
    imported_at: datetime = Field(sa_type=Instant)
    next_update: datetime = Field(sa_type=Instant)


class AuditHead(Table, table=True):
    """One row: the last entry of the chain. Locked by whoever appends."""

    __tablename__ = "audit_head"

    id: int = Field(default=1, primary_key=True)
    sequence: int
    hash: bytes


class AuditEntry(Table, table=True):
    """A link of the chain. `commitment` stands for the personal part, which can be erased."""

    __tablename__ = "audit_entry"

    sequence: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
    kind: str = Field(index=True)
    details: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    commitment: bytes
    previous: bytes
    hash: bytes


class AuditPersonal(Table, table=True):
    """Who an entry is about; deleting the row erases it and leaves the chain whole."""

    __tablename__ = "audit_personal"

    sequence: int = Field(foreign_key="audit_entry.sequence", primary_key=True)
    salt: bytes
    fields: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
