# SPDX-License-Identifier: Apache-2.0
"""The tables of trusted authorities and their revocation lists."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from kiosk.central.tables.base import Instant, Table


class Issuer(Table, table=True):
    """A trusted authority; if it is no `anchor`, it must chain to one."""

    id: int = Field(default=None, primary_key=True)
    name: bytes = Field(index=True)
    der: bytes
    anchor: bool
    imported_at: datetime = Field(sa_type=Instant)


class RevocationList(Table, table=True):
    """The newest revocation list of an issuer."""

    __tablename__ = "revocation_list"

    issuer: bytes = Field(primary_key=True)
    der: bytes
    imported_at: datetime = Field(sa_type=Instant)
    next_update: datetime = Field(sa_type=Instant)
