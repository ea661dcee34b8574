# SPDX-License-Identifier: Apache-2.0
"""The rows of imported files: their columns, and what makes a row wrong in itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)

from kiosk.central.addresses import EmailAddress
from kiosk.central.keys import signatures
from kiosk.central.keys.sealing import CardKey, RowError, flaws_of, read_rows
from kiosk.contract.message import Serial
from kiosk.values import Family


def _printable(text: str) -> str:
    """Refuse control characters, and those that hide text or turn it round: names are displayed."""
    if not text.isprintable():
        raise ValueError("has a character that cannot be displayed")
    return text


_Text = Annotated[str, Field(max_length=200), AfterValidator(_printable)]
_Name = Annotated[_Text, Field(min_length=1)]
CardName = tuple[Family, str]


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
    source: _Text = ""
    organisation_code: _Text = ""
    organisation_name: _Text = ""
    start: date | None = None
    end: date | None = None


class ImportedCard(_Row):
    """A line of the cards' file. `certificate`: for authentication; DER in base64, or PEM."""

    family: Family
    serial: Serial
    holder: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    manufacturer: _Text = ""
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
_Item = TypeVar("_Item")


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
    """The rows that are right in themselves, each with its line; keys with their number."""

    holders: Sequence[tuple[RowError, ImportedHolder]]
    positions: Sequence[tuple[RowError, ImportedPosition]]
    cards: Sequence[tuple[RowError, ImportedCard]]
    keys: Mapping[CardName, tuple[int, CardKey]]
    keys_file: str

    @property
    def size(self) -> int:
        """The number of rows and keys."""
        return sum(map(len, (self.holders, self.positions, self.cards, self.keys)))

    def parts(self, most: int) -> Iterator[Batch]:
        """Yield batches of about `most` rows, of which each needs only those before it.

        A cardholder's positions are in one part, and a card with its key.
        """
        for holders in _slices(self.holders, most):
            yield Batch(holders, (), (), {}, self.keys_file)
        positions: dict[str, list[tuple[RowError, ImportedPosition]]] = defaultdict(list)
        for each in self.positions:
            positions[each[1].uuid].append(each)
        part: list[tuple[RowError, ImportedPosition]] = []
        for rows in positions.values():
            part += rows
            if len(part) >= most:
                yield Batch((), part, (), {}, self.keys_file)
                part = []
        if part:
            yield Batch((), part, (), {}, self.keys_file)
        keys = dict(self.keys)
        for cards in _slices(self.cards, most // 2):
            names = [(row.family, row.serial) for _, row in cards]
            own = {name: keys.pop(name) for name in names if name in keys}
            yield Batch((), (), cards, own, self.keys_file)
        for others in _slices(list(keys.items()), most):
            yield Batch((), (), (), dict(others), self.keys_file)


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
        {(key.family, key.serial): (number, key) for number, key in enumerate(keys, 1)},
        keys_file,
    )
    return batch, outcome


def _slices(rows: Sequence[_Item], most: int) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(rows), max(1, most)):
        yield rows[start : start + max(1, most)]


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


def _der(text: str) -> bytes:
    """A certificate's DER, of base64 or PEM. ValueError if it is neither."""
    if not text.startswith("-----BEGIN"):
        body = "".join(text.split())
        text = f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
    return x509.load_pem_x509_certificate(text.encode()).public_bytes(Encoding.DER)
