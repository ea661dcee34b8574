# SPDX-License-Identifier: Apache-2.0
"""The operator context: who acts, and one transaction for each action."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from kiosk.central.audit import trail
from kiosk.central.service import assembly
from kiosk.central.service.assembly import Services
from kiosk.central.settings import Settings
from kiosk.central.storage.database import first_line
from kiosk.errors import KioskError, StoreFailed, sentence

_LONGEST_NAME = 100


@dataclass(eq=False)
class Declined(KioskError):
    """An action that cannot be carried out; nothing was changed. `reason` is a sentence."""

    reason: str

    def __str__(self) -> str:
        return sentence(self.reason)


@dataclass(eq=False)
class DatabaseFailed(StoreFailed):
    """The database failed, and nothing was changed. `reason` shows nothing of what is in it."""

    def __str__(self) -> str:
        return sentence(f"The database failed: {self.reason}")


class UnauditedChangeError(RuntimeError):
    """An action ended without an audit entry: a mistake in this program."""


class Channel(StrEnum):
    """The way by which an operator came."""

    COMMAND_LINE = "command line"


@dataclass(slots=True)
class Change:
    """One action's transaction. It commits with an audit entry, or not at all."""

    session: Session
    now: datetime
    operator: str
    channel: Channel
    recorded: int = field(default=0, init=False)

    def record(
        self,
        kind: str,
        details: Mapping[str, trail.Detail],
        personal: Mapping[str, trail.Detail] | None = None,
    ) -> None:
        """Audit what the operator does, in the transaction that does it."""
        named = {"operator": self.operator, "channel": self.channel.value, **details}
        trail.append(self.session, self.now, kind, named, personal or {})
        self.recorded += 1


@dataclass(frozen=True, slots=True)
class OperatorContext:
    """An operator at work: the services, who it is, and how they came.

    Raises Declined for a name that cannot stand in the audit.
    """

    services: Services
    operator: str
    channel: Channel = Channel.COMMAND_LINE

    def __post_init__(self) -> None:
        _refuse_unnamed(self.operator)

    @contextmanager
    def changing(self) -> Iterator[Change]:
        """Open a transaction: all of it and its audit entries, or nothing. Raises DatabaseFailed.

        Raises UnauditedChangeError, and rolls back, if the block recorded nothing.
        """
        with said_plainly(), self.services.database.transaction() as session:
            change = Change(session, self.now, self.operator, self.channel)
            yield change
            if not change.recorded:
                raise UnauditedChangeError

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open the database as it is at one moment. Raises DatabaseFailed."""
        with said_plainly(), self.services.database.reading() as session:
            yield session

    @property
    def now(self) -> datetime:
        """The service's time."""
        return self.services.clock()


@contextmanager
def opened(settings: Settings, operator: str, channel: Channel) -> Iterator[OperatorContext]:
    """Open the service of these settings for an operator.

    Raises SettingsError, MasterKeyAway, DatabaseFailed, Declined.
    """
    _refuse_unnamed(operator)
    with said_plainly():
        services = assembly.assemble(settings)
    try:
        yield OperatorContext(services, operator, channel)
    finally:
        services.database.close()


def _refuse_unnamed(name: str) -> None:
    if name != name.strip() or not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
        raise Declined(
            "The audit needs the operator's name: 1 to 100 characters on one line, without "
            "control characters"
        )


@contextmanager
def said_plainly() -> Iterator[None]:
    """Raise DatabaseFailed for what the database's library raises."""
    try:
        yield
    except SQLAlchemyError as error:
        raise DatabaseFailed(first_line(error)) from None
