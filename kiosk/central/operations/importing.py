# SPDX-License-Identifier: Apache-2.0
"""Cardholders, positions, cards and keys from files: all of it, or nothing.

An import updates existing rows, and doubles nothing. Three things are never changed: the
unblocking key of a card that grants were issued for (what it carries now follows from it), the
holder of a registered card, and an address that its holder confirmed by a code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from nacl.utils import random as random_bytes
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from sqlmodel import Session, col, delete, select

from kiosk.central import addresses
from kiosk.central.addresses import EmailAddress
from kiosk.central.keys import signatures
from kiosk.central.keys.escrow import Escrow
from kiosk.central.keys.sealing import CardKey, RowError, flaws_of, read_rows
from kiosk.central.tables import (
    Card,
    Cardholder,
    EscrowedKey,
    GrantRow,
    Organisation,
    Position,
    Registration,
)
from kiosk.contract.message import Serial
from kiosk.contract.registration import Line
from kiosk.rows import carry_out
from kiosk.values import Family

_SEED_BYTES = 32
_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Identity = tuple[Family, str]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ImportedHolder(_Row):
    """A line of the cardholders' file. `uuid`: the twelve digits of the Care Identity Service."""

    uuid: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    name: _Name
    email: EmailAddress
    organisation: _Name
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "en"


class ImportedPosition(_Row):
    """A line of the positions' file: those of a cardholder replace what she had."""

    uuid: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    code: _Name
    name: _Name
    source: Line = ""
    organisation_code: Line = ""
    organisation_name: Line = ""
    start: date | None = None
    end: date | None = None


class ImportedCard(_Row):
    """A line of the cards' file. `certificate`: for authentication; DER in base64, or PEM."""

    family: Family
    serial: Serial
    holder: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    manufacturer: Line = ""
    issued: date | None = None
    expires: date | None = None
    certificate: str | None = None

    @field_validator("certificate")
    @classmethod
    def _certificate(cls, text: str | None) -> str | None:
        if text is not None:
            try:
                signatures.public_key(_der(text))
            except ValueError:
                raise ValueError("not a certificate") from None
        return text

    @property
    def der(self) -> bytes | None:
        """The certificate in DER."""
        return None if self.certificate is None else _der(self.certificate)


_R = TypeVar("_R", bound=_Row)


@dataclass(frozen=True, slots=True)
class Source:
    """A file: its name, and its text."""

    name: str
    text: str


@dataclass
class Outcome:
    """The outcome of an import: the number of rows of each kind, and the rejected rows."""

    counts: Counter[str] = field(default_factory=Counter)
    flaws: list[RowError] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows that are right in themselves, each with its line."""

    holders: Sequence[tuple[RowError, ImportedHolder]]
    positions: Sequence[tuple[RowError, ImportedPosition]]
    cards: Sequence[tuple[RowError, ImportedCard]]
    keys: Mapping[_Identity, CardKey]
    keys_file: str


def read(
    holders: Source | None,
    positions: Source | None,
    cards: Source | None,
    keys: Sequence[CardKey],
    keys_file: str,
) -> tuple[Batch, Outcome]:
    """Read the files. Raises Unsealable for what is no CSV with these columns."""
    outcome = Outcome()
    batch = Batch(
        _rows(holders, ImportedHolder, ("uuid",), outcome),
        _rows(positions, ImportedPosition, ("uuid", "code"), outcome),
        _rows(cards, ImportedCard, ("family", "serial"), outcome),
        {(key.family, key.serial): key for key in keys},
        keys_file,
    )
    return batch, outcome


def _rows(
    source: Source | None, kind: type[_R], unique: Sequence[str], outcome: Outcome
) -> list[tuple[RowError, _R]]:
    if source is None:
        return []
    columns = list(kind.model_fields)
    required = [name for name, about in kind.model_fields.items() if about.is_required()]
    good: list[tuple[RowError, _R]] = []
    lines: dict[tuple[object, ...], int] = {}
    for line, cells in read_rows(source.name, source.text, required, columns):
        try:
            row = kind.model_validate(cells)
        except ValidationError as error:
            outcome.flaws += flaws_of(source.name, line, error)
            continue
        first = lines.setdefault(tuple(getattr(row, name) for name in unique), line)
        if first == line:
            good.append((RowError(source.name, line, unique[-1], ""), row))
        else:
            reason = f"is in line {first} already"
            outcome.flaws.append(RowError(source.name, line, unique[-1], reason))
    return good


class Importer:
    """One import, in the caller's transaction. `progress` is told how many rows are done.

    `mail_domains` are those that cardholders may have their addresses at, or below.
    """

    def __init__(
        self,
        database: Session,
        escrow: Escrow,
        now: datetime,
        outcome: Outcome,
        progress: Callable[[int], None],
        *,
        mail_domains: Sequence[str],
    ) -> None:
        self._database = database
        self._escrow = escrow
        self._mail_domains = mail_domains
        self._now = now
        self._outcome = outcome
        self._progress = progress
        self._done = 0
        self._holders = {each.uuid: each for each in database.exec(select(Cardholder)) if each.uuid}
        self._cards = {
            (Family(each.family), each.serial): each for each in database.exec(select(Card))
        }
        self._registered = set(database.exec(select(Registration.card_id)))
        self._granted = set(database.exec(select(GrantRow.card_id)))
        self._keyed = {each.card_id: each for each in database.exec(select(EscrowedKey))}

    def run(self, batch: Batch) -> None:
        """Store what can be stored; the rest is in the outcome's flaws."""
        self._store_holders(batch.holders)
        self._store_positions(batch.positions)
        self._store_cards(batch.cards, batch.keys)
        for place, identity in enumerate(batch.keys, 1):
            if identity in self._cards:
                self._store_key(batch, place, self._cards[identity], batch.keys[identity])
            else:
                self._reject(RowError(batch.keys_file, place, "serial", ""), "no such card")
            self._step()

    def _store_holders(self, rows: Iterable[tuple[RowError, ImportedHolder]]) -> None:
        trusts = {each.name: each.id for each in self._database.exec(select(Organisation))}
        confirmed = {
            card.cardholder_id for card in self._cards.values() if card.id in self._registered
        }
        for at, row in rows:
            self._step()
            try:
                addresses.accepted(row.email, self._mail_domains)
            except ValueError as error:
                self._reject(at, str(error), "email")
                continue
            if row.organisation not in trusts:
                self._reject(at, "no such organisation: `organisations add`", "organisation")
                continue
            holder = self._holders.get(row.uuid)
            if holder is None:
                holder = Cardholder(
                    organisation_id=trusts[row.organisation],
                    **row.model_dump(exclude={"organisation"}),
                )
                self._holders[row.uuid] = holder
                self._database.add(holder)
                self._outcome.counts["cardholders added"] += 1
                continue
            if holder.organisation_id != trusts[row.organisation]:
                self._reject(at, "belongs to another organisation", "organisation")
                continue
            holder.name, holder.language = row.name, row.language
            if holder.id not in confirmed:
                holder.email = row.email
            elif holder.email != row.email:
                self._outcome.counts["confirmed addresses kept"] += 1
            self._outcome.counts["cardholders there already"] += 1
        self._database.flush()

    def _store_positions(self, rows: Iterable[tuple[RowError, ImportedPosition]]) -> None:
        emptied = set()
        for at, row in rows:
            self._step()
            holder = self._holders.get(row.uuid)
            if holder is None:
                self._reject(at, "no such cardholder", "uuid")
                continue
            if holder.id not in emptied:
                carry_out(
                    self._database, delete(Position).where(col(Position.cardholder_id) == holder.id)
                )
                emptied.add(holder.id)
            told = row.model_dump(exclude={"uuid"})
            self._database.add(Position(cardholder_id=holder.id, modified_at=self._now, **told))
            self._outcome.counts["positions"] += 1

    def _store_cards(
        self, rows: Iterable[tuple[RowError, ImportedCard]], keys: Mapping[_Identity, CardKey]
    ) -> None:
        for at, row in rows:
            self._step()
            holder = self._holders.get(row.holder)
            if holder is None:
                self._reject(at, "no such cardholder", "holder")
                continue
            identity = (row.family, row.serial)
            card = self._cards.get(identity)
            if card is None and identity not in keys:
                self._reject(at, "its key is not among the sealed ones")
                continue
            if card is None:
                card = Card(
                    organisation_id=holder.organisation_id,
                    cardholder_id=holder.id,
                    family=row.family,
                    serial=row.serial,
                    seed=random_bytes(_SEED_BYTES),
                )
                self._cards[identity] = card
                self._outcome.counts["cards added"] += 1
            elif card.cardholder_id != holder.id and card.id in self._registered:
                self._reject(at, "is registered to another cardholder", "holder")
                continue
            else:
                self._outcome.counts["cards there already"] += 1
            card.cardholder_id, card.organisation_id = holder.id, holder.organisation_id
            card.manufacturer = row.manufacturer
            card.issued_on, card.expires_on = row.issued, row.expires
            card.authentication_certificate = row.der or card.authentication_certificate
            card.modified_at = self._now
            self._database.add(card)
        self._database.flush()

    def _store_key(self, batch: Batch, place: int, card: Card, given: CardKey) -> None:
        kept = self._keyed.get(card.id)
        if kept is not None:
            same = self._escrow.key(self._database, card, 0).same_as(given.secret)
            if same and (kept.kind, kept.mutual) == (given.cipher, given.mutual):
                return
            if card.id in self._granted:
                at = RowError(batch.keys_file, place, "key", "")
                self._reject(at, f"{card.serial} was given out with another key already", "key")
                return
            self._database.delete(kept)
            self._database.flush()
        card.unblocking_maximum = given.tries
        self._database.add(card)
        self._escrow.add(self._database, card, given.secret, given.cipher, mutual=given.mutual)
        self._outcome.counts["keys"] += 1

    def _reject(self, at: RowError, reason: str, name: str | None = None) -> None:
        self._outcome.flaws.append(RowError(at.file, at.line, name or at.field, reason))

    def _step(self) -> None:
        self._done += 1
        self._progress(self._done)


def _der(text: str) -> bytes:
    """A certificate's DER, of base64 or PEM. ValueError if it is neither."""
    if not text.startswith("-----BEGIN"):
        body = "".join(text.split())
        text = f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
    return x509.load_pem_x509_certificate(text.encode()).public_bytes(Encoding.DER)
