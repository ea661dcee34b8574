# SPDX-License-Identifier: Apache-2.0
"""The tables for the access of kiosks. Tokens are stored as hashes only."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import String
from sqlmodel import Field

from kiosk.central.tables.base import Instant, Table
from kiosk.contract.enrolment import Role


class EnrolmentRow(Table, table=True):
    """A one-time enrolment token, by its hash, for a kiosk that may not exist yet.

    `public_key` is the screen's key that the token was used with: only its owner is answered again.
    """

    __tablename__ = "enrolment"

    token_hash: bytes = Field(primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id")
    kiosk_name: str = Field(unique=True)
    expires_at: datetime = Field(sa_type=Instant)
    public_key: bytes | None = None


class AccessRow(Table, table=True):
    """An access token, by its hash, of the service whose key signed the assertion.

    `nonce_at`: when the nonce of the assertion was issued.
    """

    __tablename__ = "access_token"

    token_hash: bytes = Field(primary_key=True)
    kiosk_id: int = Field(foreign_key="kiosk.id", index=True)
    expires_at: datetime = Field(sa_type=Instant, index=True)
    nonce_at: datetime = Field(sa_type=Instant)
    role: Role = Field(default=Role.SCREEN, sa_type=String)


class FormerKey(Table, table=True):
    """A key that a kiosk had until it was enrolled with another one.

    `used_at`: when an assertion was last signed with it whose nonce was issued after that.
    """

    __tablename__ = "former_key"

    public_key: bytes = Field(primary_key=True)
    kiosk_id: int = Field(foreign_key="kiosk.id", index=True)
    replaced_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class UsedAssertion(Table, table=True):
    """An accepted assertion, kept until its nonce is too old for the assertion to be used again."""

    __tablename__ = "used_assertion"

    kiosk_id: int = Field(foreign_key="kiosk.id", primary_key=True)
    jti: UUID = Field(primary_key=True)
    expires_at: datetime = Field(sa_type=Instant, index=True)


class RefusalTold(Table, table=True):
    """When a rejection of this kind was last audited, so that not every one is."""

    __tablename__ = "refusal_told"

    kind: str = Field(primary_key=True)
    kiosk: str = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
