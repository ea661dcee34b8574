# SPDX-License-Identifier: Apache-2.0
"""A personalised card with its registration as a document, for the demonstration.

In service, cards and keys are imported, sealed for central's import key, and users register
themselves.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from nacl.utils import random as random_bytes
from pydantic import (
    Base64Bytes,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from sqlmodel import Session, select

from kiosk.card import cryptogram
from kiosk.card.cryptogram import KeyKind
from kiosk.central.addresses import EmailAddress
from kiosk.central.keys import master_key, signatures, trust_store
from kiosk.central.keys.escrow import FORMATS
from kiosk.central.registration import registrations
from kiosk.central.service.assembly import Services
from kiosk.central.tables import Card, Cardholder, Organisation, Position
from kiosk.contract.message import Serial
from kiosk.errors import SettingsError
from kiosk.questions import SecurityQuestion
from kiosk.values import Family, Secret

_SEED_BYTES = 32


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class SeededHolder(_Document):
    """The cardholder."""

    name: str
    email: EmailAddress


class PersonalisedCard(_Document):
    """A card as it left personalisation, with its certificates in DER, base64, if it has any.

    The unblocking key is text; an administrator key is hexadecimal, with its cipher.
    """

    family: Family
    serial: Serial
    unblocking_key: SecretStr
    administrator_kind: KeyKind | None = None
    administrator_mutual: bool = True
    unblocking_maximum: Annotated[int, Field(ge=1, le=15)] = 3
    authentication_certificate: Base64Bytes | None = None
    card_authentication_certificate: Base64Bytes | None = None

    @property
    def key(self) -> Secret:
        """Return the unblocking key as the card has it."""
        text = self.unblocking_key.get_secret_value()
        leaves = FORMATS[self.family].leaves
        return Secret(text.encode() if leaves else bytes.fromhex(text))

    @field_validator("authentication_certificate", "card_authentication_certificate")
    @classmethod
    def _certificate(cls, der: bytes | None) -> bytes | None:
        if der is None:
            return None
        try:
            signatures.public_key(der)
        except ValueError:
            raise ValueError("not a certificate in DER") from None
        return der

    @model_validator(mode="after")
    def _fitting_key(self) -> Self:
        try:
            key = self.key
        except ValueError:
            raise ValueError("the unblocking key is not in hexadecimal") from None
        if not FORMATS[self.family].fits(key.reveal()):
            raise ValueError("no card of this family has such an unblocking key")
        if (self.administrator_kind is None) != FORMATS[self.family].leaves:
            raise ValueError("a cipher goes with administrator keys, and with them alone")
        if self.administrator_kind and not cryptogram.fits(key, self.administrator_kind):
            raise ValueError("an administrator key of that length is not for that cipher")
        return self


class RegisteredAnswer(_Document):
    """The id of a security question, and its answer."""

    question: str
    answer: SecretStr

    @field_validator("question")
    @classmethod
    def _catalogued(cls, question: str) -> str:
        if not SecurityQuestion(question).is_listed:
            raise ValueError("not in the catalogue of questions")
        return question


class HeldPosition(_Document):
    """A position of the cardholder: what they do, and for which organisation."""

    code: str
    name: str
    organisation_code: str
    organisation_name: str


class SeededAuthority(_Document):
    """The authority that issued the certificates, and its revocation list; DER, base64."""

    authority: Base64Bytes
    revocations: Base64Bytes


class Personalisation(_Document):
    """Everything that central knows about one card and its cardholder."""

    organisation: Annotated[str, Field(min_length=1, max_length=100)]
    cardholder: SeededHolder
    card: PersonalisedCard
    answers: Annotated[tuple[RegisteredAnswer, ...], Field(max_length=4)]
    """Four, or none for a cardholder who has not registered."""
    positions: tuple[HeldPosition, ...] = ()
    trust: SeededAuthority | None = None

    @field_validator("answers")
    @classmethod
    def _all_or_none(cls, answers: tuple[RegisteredAnswer, ...]) -> tuple[RegisteredAnswer, ...]:
        if len(answers) not in {0, 4}:
            raise ValueError("four answers make a registration")
        return answers


def ensure_master_key(path: Path) -> None:
    """Create the master key file if it is missing."""
    if not path.exists():
        master_key.create(path)


def sow(services: Services, document: Personalisation) -> None:
    """Store the contents of `document`; rows that exist are not changed. Raises SettingsError."""
    if not services.accepts_address(document.cardholder.email):
        raise SettingsError("cardholder.email", "not an address that codes may go to")
    with services.database.transaction() as database:
        organisation_id = _organisation(database, document.organisation)
        if document.trust is not None:
            now = services.clock()
            trust_store.add_issuer(database, document.trust.authority, now, anchor=True)
            trust_store.add_list(database, document.trust.revocations, now)
        known = select(Card).where(
            Card.family == document.card.family, Card.serial == document.card.serial
        )
        if database.exec(known).first() is None:
            _add_card(services, database, organisation_id, document)


def _organisation(database: Session, name: str) -> int:
    organisation = database.exec(select(Organisation).where(Organisation.name == name)).first()
    return _stored(database, organisation or Organisation(name=name))


def _add_card(
    services: Services, database: Session, organisation_id: int, document: Personalisation
) -> None:
    holder = Cardholder(organisation_id=organisation_id, **document.cardholder.model_dump())
    holder_id = _stored(database, holder)
    for position in document.positions:
        database.add(Position(cardholder_id=holder_id, **position.model_dump()))
    presented = document.card
    card = Card(
        organisation_id=organisation_id,
        cardholder_id=holder_id,
        family=presented.family,
        serial=presented.serial,
        seed=random_bytes(_SEED_BYTES),
        authentication_certificate=presented.authentication_certificate,
        unblocking_maximum=presented.unblocking_maximum,
    )
    _stored(database, card)
    services.escrow.add(
        database,
        card,
        presented.key,
        presented.administrator_kind,
        mutual=presented.administrator_mutual,
    )
    if not document.answers:
        return
    if card.authentication_certificate is not None:
        card.login_after = card.visits  # as if its holder had logged in to register
    registrations.add(
        database,
        services.master,
        card,
        [(given.question, _secret(given.answer)) for given in document.answers],
        signatures.public_key(own) if (own := presented.card_authentication_certificate) else None,
    )


def _stored(database: Session, row: Organisation | Cardholder | Card) -> int:
    """Store `row`, and return its id."""
    database.add(row)
    database.flush()
    return row.id


def _secret(text: SecretStr) -> Secret:
    return Secret(text.get_secret_value().encode())
