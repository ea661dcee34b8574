"""Which kiosk is asking: by a bearer token, of which central keeps the hash alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, select

from kiosk.central.parts import Parts
from kiosk.central.refusal import Refusal
from kiosk.central.tables import Kiosk
from kiosk.contract.messages import ProblemType

HEARD_EVERY = timedelta(minutes=5)
"""How old what is kept of a kiosk's last request may be: a write for each would hold others up."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The kiosk that is asking."""

    id: int
    organisation_id: int
    name: str
    heard_at: datetime | None = None


def token_hash(token: str) -> bytes:
    """What is stored of a token. Tokens are long and random: no salt, no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def caller(database: Session, authorization: str | None) -> Caller:
    """The kiosk behind an Authorization header. Refuses unknown and revoked ones alike."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() == "bearer" and token:
        kiosk = database.exec(select(Kiosk).where(Kiosk.token_hash == token_hash(token))).first()
        if kiosk is not None and not kiosk.revoked:
            return Caller(kiosk.id, kiosk.organisation_id, kiosk.name, kiosk.heard_at)
    raise Refusal(ProblemType.NOT_AUTHENTICATED)


def hear(parts: Parts, heard: Caller) -> Caller:
    """The same, once it is kept that the kiosk was heard of."""
    now = parts.clock()
    if heard.heard_at is None or heard.heard_at + HEARD_EVERY <= now:
        with parts.database.transaction() as database:
            database.get_one(Kiosk, heard.id).heard_at = now
    return heard
