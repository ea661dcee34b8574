"""Which kiosk is asking: by a bearer token, of which central keeps the hash alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlmodel import Session, select

from kiosk.central.refusal import Refusal
from kiosk.central.tables import Kiosk
from kiosk.contract.messages import ProblemType


@dataclass(frozen=True, slots=True)
class Caller:
    """The kiosk that is asking."""

    id: int
    organisation_id: int
    name: str


def token_hash(token: str) -> bytes:
    """What is stored of a token. Tokens are long and random: no salt, no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def caller(database: Session, authorization: str | None) -> Caller:
    """The kiosk behind an Authorization header. Refuses unknown and revoked ones alike."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() == "bearer" and token:
        kiosk = database.exec(select(Kiosk).where(Kiosk.token_hash == token_hash(token))).first()
        if kiosk is not None and not kiosk.revoked:
            return Caller(kiosk.id, kiosk.organisation_id, kiosk.name)
    raise Refusal(ProblemType.NOT_AUTHENTICATED)
