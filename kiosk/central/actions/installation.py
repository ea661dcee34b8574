# SPDX-License-Identifier: Apache-2.0
"""The installation: its master key, the tables of its version, and demonstration data.

These come before there is an audit, or without an operator of its own: they are IT's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from kiosk.central.actions.context import Declined, said_plainly
from kiosk.central.keys import master_key, pkcs11_key
from kiosk.central.operations import seed
from kiosk.central.service import assembly
from kiosk.central.settings import Settings
from kiosk.central.storage.database import Database
from kiosk.errors import SettingsError, reason_of


@dataclass(frozen=True, slots=True)
class MasterKeyMade:
    """A new master key, with the place where it was made: a token or a file."""

    in_token: bool


@dataclass(frozen=True, slots=True)
class NewMasterKey:
    """A new master key that is kept nowhere: 32 bytes in base64."""

    key: str


@dataclass(frozen=True, slots=True)
class Migrated:
    """Whether the tables were of an older version before."""

    changed: bool


@dataclass(frozen=True, slots=True)
class Seeded:
    """The number of documents that were stored, or existed."""

    documents: int


def new_master_key() -> NewMasterKey:
    """Make a master key for a credential of systemd's; keep it nowhere."""
    return NewMasterKey(master_key.new().decode())


def create_master_key(settings: Settings) -> MasterKeyMade:
    """Make the master key, in the file or the token of the settings; never over another.

    Raises SettingsError, MasterKeyAway, Declined.
    """
    if settings.master_key_file is None:
        pkcs11_key.create(settings)
        return MasterKeyMade(in_token=True)
    try:
        master_key.create(settings.master_key_file)
    except OSError as error:
        raise Declined(f"{settings.master_key_file}: {error.strerror}") from None
    return MasterKeyMade(in_token=False)


def migrate(settings: Settings) -> Migrated:
    """Bring the database up to this version, wholly or not at all. Raises SettingsError."""
    database = Database(settings.database)
    try:
        return Migrated(database.migrate())
    finally:
        database.close()


def seed_demo(settings: Settings, documents: Sequence[bytes]) -> Seeded:
    """Store personalisation documents (JSON), and make a master key file if there is none.

    Raises SettingsError for a document that is wrong, without showing it.
    """
    read = [_personalisation(each, number) for number, each in enumerate(documents, 1)]
    if settings.master_key_file is not None:
        seed.ensure_master_key(settings.master_key_file)
    with said_plainly():
        services = assembly.assemble(settings)
        try:
            for document in read:
                seed.sow(services, document)
        finally:
            services.database.close()
    return Seeded(len(read))


def _personalisation(document: bytes, number: int) -> seed.Personalisation:
    try:
        return seed.Personalisation.model_validate_json(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        reason = reason_of(first["type"], first["msg"])
        raise SettingsError(f"personalisation document {number}, {place}", reason) from None
