# SPDX-License-Identifier: Apache-2.0
"""The chain of the audit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field

from kiosk.central.tables.base import Instant, Table


class AuditHead(Table, table=True):
    """One row: the last entry of the chain. Locked by whoever appends."""

    __tablename__ = "audit_head"

    id: int = Field(default=1, primary_key=True)
    sequence: int
    hash: bytes


class AuditEntry(Table, table=True):
    """A link of the chain. `commitment` stands for the personal part, which can be erased."""

    __tablename__ = "audit_entry"

    sequence: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
    kind: str = Field(index=True)
    details: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    commitment: bytes
    previous: bytes
    hash: bytes


class AuditSignature(Table, table=True):
    """A head of the chain that central signed: see `contract.changes.AuditHead`."""

    __tablename__ = "audit_signature"

    sequence: int = Field(primary_key=True)
    hash: bytes
    at: datetime = Field(sa_type=Instant)
    signature: bytes


class AuditPersonal(Table, table=True):
    """Who an entry is about; deleting the row erases it and leaves the chain whole."""

    __tablename__ = "audit_personal"

    sequence: int = Field(foreign_key="audit_entry.sequence", primary_key=True)
    salt: bytes
    fields: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
