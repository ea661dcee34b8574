# SPDX-License-Identifier: Apache-2.0
"""The tables of the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field

from kiosk.central.tables.base import Instant, Table


class AuditHead(Table, table=True):
    """The last entry of the chain, in a single row, which is locked to append an entry."""

    __tablename__ = "audit_head"

    id: int = Field(default=1, primary_key=True)
    sequence: int
    hash: bytes


class AuditEntry(Table, table=True):
    """An entry of the chain. `commitment` stands for the personal part, which can be erased."""

    __tablename__ = "audit_entry"

    sequence: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
    kind: str = Field(index=True)
    details: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    commitment: bytes
    previous: bytes
    hash: bytes


class AuditSignature(Table, table=True):
    """A checkpoint that central signed: see `contract.replication.AuditCheckpoint`."""

    __tablename__ = "audit_signature"

    sequence: int = Field(primary_key=True)
    hash: bytes
    at: datetime = Field(sa_type=Instant)
    signature: bytes


class AuditPersonal(Table, table=True):
    """The personal part of an entry; deleting this row erases it and leaves the chain intact."""

    __tablename__ = "audit_personal"

    sequence: int = Field(foreign_key="audit_entry.sequence", primary_key=True)
    salt: bytes
    fields: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
