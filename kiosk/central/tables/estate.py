"""Where kiosks stand, and which installation this is."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from kiosk.central.tables.base import Instant, Table, Throttled


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


class Kiosk(Throttled, Table, table=True):
    """A kiosk, known by the Ed25519 key that its device made, as `subject` of its assertions.

    `heard_at` is when it last asked for anything, to within `authentication.HEARD_EVERY`.
    `retiring`: it is to hand over what it has; then it is `revoked`, and so refused.
    """

    id: int = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    name: str = Field(unique=True)
    subject: UUID = Field(unique=True)
    public_key: bytes = Field(unique=True)
    retiring: bool = False
    revoked: bool = False
    heard_at: datetime | None = Field(default=None, sa_type=Instant)
