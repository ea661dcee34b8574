# SPDX-License-Identifier: Apache-2.0
"""The services, put together once from the settings."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from kiosk.central import addresses
from kiosk.central.keys import master_key, pkcs11_key
from kiosk.central.keys.escrow import Escrow
from kiosk.central.keys.master_key import MasterKey
from kiosk.central.mail.code_letters import CodeLetters
from kiosk.central.mail.transport import MailTransport, NoMailTransport, open_transport
from kiosk.central.settings import Settings
from kiosk.central.storage.database import Database

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def _evaluations() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(max(2, os.cpu_count() or 1))


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a request uses.

    `evaluations` limits how many answers are evaluated at once, because each takes 19 MiB.
    """

    name: str
    database: Database
    master: MasterKey
    escrow: Escrow
    clock: Clock = wall_clock
    mail_transport: MailTransport = field(default_factory=NoMailTransport)
    mail_domains: tuple[str, ...] = ()
    alerts_to: str = ""
    evaluations: threading.BoundedSemaphore = field(default_factory=_evaluations)
    code_letters: CodeLetters = field(default_factory=CodeLetters)

    def accepted_address(self, text: str) -> str:
        """Return the one form of an address that cardholders may have. Raises ValueError."""
        return addresses.accepted(text, self.mail_domains)

    def accepts_address(self, text: str) -> bool:
        """Return whether a cardholder may be written to at an address."""
        try:
            return bool(self.accepted_address(text))
        except ValueError:
            return False


def open_master_key(settings: Settings) -> MasterKey:
    """Return the master key of these settings. Raises SettingsError or MasterKeyAway."""
    if settings.master_key_file is not None:
        return master_key.load(settings.master_key_file)
    return pkcs11_key.load(settings)


def assemble(settings: Settings, clock: Clock = wall_clock) -> Services:
    """Return the services of these settings, with the database prepared.

    Raises SettingsError or MasterKeyAway.
    """
    key = open_master_key(settings)
    database = Database(settings.database, settings.journal)
    database.prepare(key)
    mail_transport = (
        open_transport(settings.mail, settings.mail_from) if settings.mail else NoMailTransport()
    )
    return Services(
        settings.name,
        database,
        key,
        Escrow(key),
        clock,
        mail_transport,
        settings.mail_domains,
        settings.alerts_to,
    )
