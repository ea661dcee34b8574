# SPDX-License-Identifier: Apache-2.0
"""The messages of card login, of the cardholder's profile, and of registration."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from kiosk.contract.message import Answer, Base64, Code, LanguageName, Message, Serial
from kiosk.contract.messages import PresentedCard, Question

Line = Annotated[str, Field(max_length=200)]
Email = Annotated[str, Field(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
Signature = Annotated[Base64, Field(max_length=1024)]
MailDomain = Annotated[
    str,
    Field(
        max_length=254,
        pattern=r"^\.?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$",
        description="with a leading dot: addresses are in its subdomains",
    ),
]
MailDomains = Annotated[tuple[MailDomain, ...], Field(max_length=32)]
QuestionId = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
Answers = Annotated[tuple[Answer, ...], Field(min_length=4, max_length=4, repr=False)]

# ---------------------------------------------------------------- log in


class LoginRequest(Message):
    """POST /v1/logins. The kiosk makes `session`: a repeated request opens no second session."""

    session: UUID
    card: PresentedCard


class LoginResponse(Message):
    """The nonce that the card signs after its passcode was verified (see `contract.proof`)."""

    session: UUID
    nonce: Annotated[Base64, Field(min_length=16, max_length=64)]


class LoginProof(Message):
    """POST /v1/logins/{session}/proof: the authentication key's signature, purpose "log in"."""

    signature: Signature


class OrganisationEntry(Message):
    """A trust that the cardholder works for, with their role there; the cardholder chooses one."""

    code: Line
    name: Line
    role: Line = ""


class SmartcardEntry(Message):
    """One of the cardholder's smartcards."""

    serial: Serial
    kind: Line = "Smartcard"
    manufacturer: Line = ""
    issued: date | None = None
    expires: date | None = None
    modified: datetime | None = None
    in_reader: bool = False


class PositionEntry(Message):
    """A position that the cardholder is assigned to."""

    code: Line
    name: Line
    source: Line = ""
    organisation: Line = ""
    start: date | None = None
    end: date | None = None
    modified: datetime | None = None


class SelfServiceStatus(StrEnum):
    """Whether the card in the reader can be unlocked at a kiosk."""

    REGISTERED = "registered"
    NOT_REGISTERED = "not registered"
    LOCKED_OUT = "locked out"


class CardholderProfile(Message):
    """The cardholder's name, and the data that they may see about themselves."""

    name: Line
    uuid: Line = ""
    email: str = ""
    organisations: tuple[OrganisationEntry, ...]
    smartcards: tuple[SmartcardEntry, ...]
    positions: tuple[PositionEntry, ...]
    certificate_expires: date
    self_service: SelfServiceStatus
    registered_at: datetime | None = None


# ---------------------------------------------------------------- register


class QuestionList(Message):
    """GET /v1/questions?language=…: the questions from which the cardholder chooses four."""

    questions: tuple[Question, ...]


class RegistrationCodeRequest(Message):
    """POST /v1/logins/{session}/code: the address for the code; the previous code is void.

    `language` is the cardholder's screen language. Emails to them use it from now on.
    """

    email: Email
    language: LanguageName = "en"


class RegistrationRequest(Message):
    """POST /v1/logins/{session}/registration: four questions and answers, in order, and the code.

    `signature` is the authentication key's, purpose "register": the passcode was entered again for
    it.
    `card_signature` is by the card authentication key of the certificate with which the session was
    opened, purpose "pin card key". Central pins that key only if the card signed with it; without
    it the cardholder needs an emailed code at each unlock.
    `former` are the answers to the questions of the registration that this one replaces, and
    `language` is as with the code.
    """

    signature: Signature
    questions: Annotated[tuple[QuestionId, ...], Field(min_length=4, max_length=4)]
    answers: Answers
    code: Annotated[Code, Field(repr=False)]
    card_signature: Signature | None = None
    former: Annotated[tuple[Answer | None, ...], Field(min_length=4, max_length=4)] | None = Field(
        None, repr=False
    )
    language: LanguageName = "en"


class RegistrationRequirements(Message):
    """GET /v1/logins/{session}/requirements: conditions of a registration, beside four new answers.

    `former_questions` are those of the present registration, empty if there is none. `mail_domains`
    are the domains that codes may be sent to, and their subdomains; the most used ones come first.
    """

    former_questions: Annotated[tuple[Question, ...], Field(max_length=4)]
    mail_domains: MailDomains


class RegistrationResponse(Message):
    """The card can be unlocked at a kiosk from now on."""

    registered_at: datetime


class RemovalRequest(Message):
    """POST /v1/logins/{session}/removal: the authentication key's signature.

    Its purpose is "remove registration".
    """

    signature: Signature


class RemovalResponse(Message):
    """The answers were deleted completely."""

    session: UUID
