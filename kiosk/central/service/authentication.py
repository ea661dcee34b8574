# SPDX-License-Identifier: Apache-2.0
"""Authentication of kiosks by access tokens, of which central stores only hashes."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select

from kiosk.central.refusal import RequestRefused
from kiosk.central.service.assembly import Services
from kiosk.central.tables import AccessRow, Kiosk
from kiosk.contract.enrolment import Role
from kiosk.contract.messages import ProblemType
from kiosk.rows import carry_out

HEARD_EVERY = timedelta(minutes=5)
"""The least time between two updates of `heard_at`: a write for each request would block others."""

ACCESS_LIFE = timedelta(minutes=10)
_TOKENS = 16
"""The most tokens that a kiosk's screen may have at once, and its sync as well; each needs one."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The kiosk that makes the request; `nonce_at`: its assertion was made after that moment.

    `nonce_at` is None where nobody makes a request, as in a recovery.
    """

    id: int
    organisation_id: int
    name: str
    heard_at: datetime | None = None
    nonce_at: datetime | None = None
    role: Role = Role.SCREEN


def new_token() -> str:
    """Return a token that cannot be guessed: 43 characters."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Return the hash that is stored of a token.

    Tokens are long and random, so the hash needs no salt and need not be slow.
    """
    return hashlib.sha256(token.encode()).digest()


def give_access(
    database: Session,
    kiosk: Kiosk,
    now: datetime,
    nonce_at: datetime,
    role: Role = Role.SCREEN,
) -> str:
    """Return a new access token for a service of the kiosk; delete all tokens that expired."""
    carry_out(database, delete(AccessRow).where(col(AccessRow.expires_at) <= now))
    newest_first = col(AccessRow.expires_at).desc()
    own = select(AccessRow).where(AccessRow.kiosk_id == kiosk.id, AccessRow.role == role)
    for surplus in database.exec(own.order_by(newest_first)).all()[_TOKENS - 1 :]:
        database.delete(surplus)
    token = new_token()
    database.add(
        AccessRow(
            token_hash=token_hash(token),
            kiosk_id=kiosk.id,
            expires_at=now + ACCESS_LIFE,
            nonce_at=nonce_at,
            role=role,
        )
    )
    kiosk.heard_at = now
    return token


def caller(database: Session, authorization: str | None, now: datetime) -> Caller:
    """Return the kiosk that an Authorization header identifies.

    Unknown and revoked kiosks are refused alike.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() == "bearer" and token:
        found = database.exec(
            select(Kiosk, AccessRow)
            .join(AccessRow, col(AccessRow.kiosk_id) == col(Kiosk.id))
            .where(AccessRow.token_hash == token_hash(token), AccessRow.expires_at > now)
        ).first()
        if found is not None and not found[0].revoked:
            kiosk, access = found
            return Caller(
                kiosk.id,
                kiosk.organisation_id,
                kiosk.name,
                kiosk.heard_at,
                access.nonce_at,
                Role(access.role),
            )
    raise RequestRefused(ProblemType.NOT_AUTHENTICATED)


def hear(services: Services, heard: Caller) -> Caller:
    """Record when the kiosk was last heard of, if that is due, and return the caller."""
    now = services.clock()
    if heard.heard_at is None or heard.heard_at + HEARD_EVERY <= now:
        with services.database.transaction() as database:
            database.get_one(Kiosk, heard.id).heard_at = now
    return heard
