# SPDX-License-Identifier: Apache-2.0
"""Sealed files, in which unblocking keys travel from the RA to central.

A sealed file is a line that identifies it, and one libsodium sealed box (X25519, XSalsa20-Poly1305)
for central's import key. Anybody who has the public half can seal. Only the owner of the private
half can open, so not even the one who sealed it can.
"""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from kiosk.card.cryptogram import KeyKind
from kiosk.central.keys.escrow import FORMATS
from kiosk.contract.message import Serial
from kiosk.errors import KioskError, reason_of, sentence
from kiosk.values import Family, Secret

_MAGIC = b"smartcard-kiosk sealed keys 1\n"
_KEY_BYTES = 32
_COLUMNS = ("family", "serial", "key", "cipher", "mutual", "tries")
_REQUIRED = ("family", "serial", "key")


@dataclass(eq=False)
class UnreadableRows(KioskError):
    """The file is not what it should be; `reason` says why, without its content."""

    reason: str

    def __str__(self) -> str:
        return sentence(self.reason)


@dataclass(frozen=True, slots=True)
class RowError:
    """The reason why a row was rejected, without the row's content."""

    file: str
    line: int
    field: str
    reason: str


class CardKey(BaseModel):
    """A card's unblocking key: text, or an administrator key in hexadecimal, with its cipher.

    `mutual`: the card has the mutual form. `tries`: the tries of the unblocking key when none was
    wasted.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    family: Family
    serial: Serial
    key: SecretStr
    cipher: KeyKind | None = None
    mutual: bool = True
    tries: Annotated[int, Field(ge=1, le=15)] = 3

    @property
    def secret(self) -> Secret:
        """Return the key as the card has it."""
        text = self.key.get_secret_value()
        return Secret(text.encode() if FORMATS[self.family].leaves else bytes.fromhex(text))

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        try:
            secret = self.secret
        except ValueError:
            raise ValueError("the key is not in hexadecimal") from None
        if not FORMATS[self.family].fits(secret.reveal()):
            raise ValueError("no card of this family has such a key")
        if (self.cipher is None) != FORMATS[self.family].leaves:
            raise ValueError("a cipher goes with administrator keys, and with them alone")
        return self


_Keys = TypeAdapter(tuple[CardKey, ...], config=ConfigDict(hide_input_in_errors=True))


def create_import_key(path: Path) -> str:
    """Create the import key: write the private half to a new file, and return the public half.

    The file is readable by its owner only.
    """
    private = PrivateKey.generate()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(b64encode(bytes(private)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return public_half(private)


def load_import_key(path: Path) -> PrivateKey:
    """Return the private half of the import key.

    Raises UnreadableRows if others may read the file, or it has no such key.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_bytes()
    except OSError as error:
        raise UnreadableRows(f"{path}: {error.strerror}") from None
    if mode & (stat.S_IWGRP | stat.S_IRWXO):
        raise UnreadableRows(f"{path}: others can read or change the file: chmod 600")
    return PrivateKey(_key(text, f"{path}: not an import key"))


def public_half(private: PrivateKey) -> str:
    """Return the public half as text, to be given to the RA."""
    return b64encode(bytes(private.public_key)).decode()


def load_public_half(text: str) -> PublicKey:
    """Return the public half from its text. Raises UnreadableRows."""
    return PublicKey(_key(text.encode(), "not the public half of an import key"))


def _key(text: bytes, reason: str) -> bytes:
    try:
        key = b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise UnreadableRows(reason)
    return key


def seal(keys: Sequence[CardKey], recipient: PublicKey) -> bytes:
    """Return the sealed file of `keys`."""
    rows = [{**each.model_dump(mode="json"), "key": each.key.get_secret_value()} for each in keys]
    try:
        return _MAGIC + SealedBox(recipient).encrypt(json.dumps(rows).encode())
    except CryptoError:  # a point of low order, which no key has
        raise UnreadableRows("not the public half of an import key") from None


def unseal(content: bytes, private: PrivateKey) -> tuple[CardKey, ...]:
    """Return the keys of a sealed file. Raises UnreadableRows."""
    if not content.startswith(_MAGIC):
        raise UnreadableRows(
            "not a sealed file. Keys are not taken in the clear: `kiosk-central keys seal` seals"
            " them where they are known; then destroy the file that is not sealed"
        )
    try:
        plain = SealedBox(private).decrypt(content[len(_MAGIC) :])
    except (CryptoError, ValueError, TypeError):
        raise UnreadableRows("damaged, or sealed to another import key") from None
    try:
        return _Keys.validate_json(plain)
    except ValidationError:
        raise UnreadableRows("sealed, but not by this version of `keys seal`") from None


def read_keys(file: str, text: str) -> tuple[list[CardKey], list[RowError]]:
    """Return the keys of a CSV, and the errors of its rows.

    Columns: family, serial, key; and cipher, mutual, tries if they are needed. Raises
    UnreadableRows if the text is no CSV.
    """
    rows = read_rows(file, text, _REQUIRED, _COLUMNS)
    keys: list[CardKey] = []
    flaws: list[RowError] = []
    lines: dict[tuple[Family, str], int] = {}
    for line, row in rows:
        try:
            key = CardKey.model_validate(row)
        except ValidationError as error:
            flaws += flaws_of(file, line, error)
            continue
        if (first := lines.setdefault((key.family, key.serial), line)) != line:
            flaws.append(RowError(file, line, "serial", f"is in line {first} already"))
        else:
            keys.append(key)
    return keys, flaws


def read_rows(
    file: str, text: str, required: Sequence[str], columns: Sequence[str]
) -> list[tuple[int, Mapping[str, str]]]:
    """Return the rows of a CSV with their line numbers, without empty cells. Raises UnreadableRows.

    If the first line has other columns, the whole file is refused. The line is not shown, because
    it may be a row.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        named = reader.fieldnames or ()
        if not set(required) <= set(named) <= set(columns) or len(set(named)) != len(named):
            raise UnreadableRows(
                f"{file}: the first line must name the columns: {', '.join(required)}; and may: "
                + ", ".join(each for each in columns if each not in required)
            )
        return [
            # Cells beyond the last column are under None, and an unnamed column is refused.
            (reader.line_num, {k or "further cells": str(v).strip() for k, v in row.items() if v})
            for row in reader
        ]
    except csv.Error:
        raise UnreadableRows(
            f"{file}: not comma-separated, from line {reader.line_num} on"
        ) from None


def flaws_of(file: str, line: int, error: ValidationError) -> list[RowError]:
    """Return the errors of a row, without its content."""
    return [
        RowError(
            file,
            line,
            ".".join(map(str, each["loc"])) or "row",
            reason_of(each["type"], each["msg"]),
        )
        for each in error.errors(include_input=False, include_url=False, include_context=False)
    ]
