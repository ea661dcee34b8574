# SPDX-License-Identifier: Apache-2.0
"""The tables of visits: sessions, codes, attempts, grants, and the facts of card work."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from kiosk.central.tables.base import Instant, Table, Throttled
from kiosk.contract.messages import CardCommand


class UnlockSession(Table, table=True):
    """An unlock that a kiosk opened, with the counters that the card reported then.

    `last_grant` is the number of the card's latest grant at that time, 0 if it had none.
    `code_due`: a code may be emailed. `code_confirmed`: the code was entered.
    """

    __tablename__ = "unlock_session"

    id: UUID = Field(primary_key=True)
    kiosk_id: int = Field(foreign_key="kiosk.id", index=True)
    card_id: int = Field(foreign_key="card.id", index=True)
    registration_id: UUID  # it may have been replaced since
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
    """A login with a card, proved once the card has signed for the session.

    `card_key` is the certificate of the card's key that needs no passcode, as it was presented.
    """

    __tablename__ = "login_session"

    id: UUID = Field(primary_key=True)
    kiosk_id: int = Field(foreign_key="kiosk.id", index=True)
    card_id: int = Field(foreign_key="card.id", index=True)
    nonce: bytes
    card_key: bytes | None = None
    code_confirmed: bool = False
    opened_at: datetime = Field(sa_type=Instant)
    proved_at: datetime | None = Field(default=None, sa_type=Instant)


class EmailedCode(Table, table=True):
    """A code that was sent to `address` for a session; only a verifier of it is stored.

    The verifier needs the master key. It is empty if the mail server refused the recipient.
    """

    __tablename__ = "emailed_code"

    id: int = Field(default=None, primary_key=True)
    session_id: UUID = Field(index=True)  # of an unlock or of a login
    address: str
    verifier: bytes
    sent_at: datetime = Field(sa_type=Instant)
    tries: int = 0


class CodeGuesses(Throttled, Table, table=True):
    """The wrong guesses at emailed codes, over all codes and sessions of a cardholder or address.

    `subject` is a keyed hash of either.
    """

    __tablename__ = "code_guesses"

    subject: bytes = Field(primary_key=True)
    guessed_at: datetime = Field(sa_type=Instant)


class AttemptOutcome(StrEnum):
    """The outcome of an attempt; it stays `counted` if the service stops before the evaluation."""

    COUNTED = "counted"
    FAILED = "failed"
    ACCEPTED = "accepted"


class Attempt(Table, table=True):
    """An attempt at the answers, committed before it was evaluated; the answers are not stored."""

    id: int = Field(default=None, primary_key=True)
    session_id: UUID = Field(index=True)  # of an unlock or of a login
    at: datetime = Field(sa_type=Instant)
    outcome: AttemptOutcome = AttemptOutcome.COUNTED


class GrantRow(Table, table=True):
    """A released pair of keys: the decision of `evidence`, and the charge for it.

    `number` is its place among the card's visits: see `Card.visits`. Restored grants may share one;
    their times then tell their order. `tries_left`: the fewest that the decision counted with, None
    for the card work of a pack. `counter`: its number among the grants of the organisation that
    the card belonged to; 0 if it has none. `receipt` is the kiosk's copy: see `epochs`.
    `from_journal`: it came back from a journal, so it may never have been committed.
    """

    __tablename__ = "grant"

    id: UUID = Field(primary_key=True)
    number: int
    session_id: UUID = Field(foreign_key="unlock_session.id", unique=True)
    card_id: int = Field(foreign_key="card.id", index=True)
    kiosk_id: int = Field(foreign_key="kiosk.id")
    current: int
    first: int
    second_allowed: bool
    second_needs: int
    renew: bool
    charged: bool
    tries_left: int | None = None
    organisation_id: int | None = None
    counter: int = 0
    issued_at: datetime = Field(sa_type=Instant)
    receipt: bytes
    from_journal: bool = False


class Challenge(Table, table=True):
    """A dialogue between an administrator key and a card: see `unlocking.challenge`.

    `opening` is central's challenge, empty in the external form; `asked` is the card's. Neither is
    secret. `genuine`: whether the card's reply was right, None before it.
    """

    __table_args__ = (UniqueConstraint("grant_id", "number"),)

    id: int = Field(default=None, primary_key=True)
    grant_id: UUID = Field(foreign_key="grant.id", index=True)
    number: int
    opening: bytes
    asked: bytes | None = None
    genuine: bool | None = None


class Bearing(StrEnum):
    """The bearing of a report: it counts, or it is kept and changes nothing.

    `not-allowed`: the grant did not allow it. `too-late`: the visit was closed when it came.
    """

    COUNTS = "counts"
    NOT_ALLOWED = "not-allowed"
    TOO_LATE = "too-late"


class FactRow(Table, table=True):
    """A fact that a kiosk reported, under the id that the kiosk made.

    `genuine`: the signature of an attest was right. `bearing` is one of `Bearing`.
    """

    __tablename__ = "fact"

    id: UUID = Field(primary_key=True)
    grant_id: UUID = Field(foreign_key="grant.id", index=True)
    sequence: int
    command: CardCommand
    generation: int
    status: str | None
    signature: bytes | None
    genuine: bool = False
    bearing: str = Bearing.COUNTS
    recorded_at: datetime = Field(sa_type=Instant)
    received_at: datetime = Field(sa_type=Instant)


class EndRow(Table, table=True):
    """A kiosk's report that a session is over after so many facts; the kiosk made the id.

    `bearing` is one of `Bearing`.
    """

    __tablename__ = "visit_end"

    id: UUID = Field(primary_key=True)
    session_id: UUID = Field(foreign_key="unlock_session.id", index=True)
    facts: int
    bearing: str = Bearing.COUNTS
    recorded_at: datetime = Field(sa_type=Instant)
    received_at: datetime = Field(sa_type=Instant)


class ChangeRow(Table, table=True):
    """A kiosk's report that a cardholder changed their passcode; the kiosk made the id."""

    __tablename__ = "passcode_change"

    id: UUID = Field(primary_key=True)
    card_id: int = Field(foreign_key="card.id", index=True)
    recorded_at: datetime = Field(sa_type=Instant)
    received_at: datetime = Field(sa_type=Instant)
