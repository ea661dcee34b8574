# SPDX-License-Identifier: Apache-2.0
"""Access tokens: a kiosk proves its identity with an assertion that it signs (RFC 7523).

The key that signed it, the screen's or the sync's, decides which requests the token is good for.
The answer to a bad assertion is always the same; the audit records what was wrong.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError
from sqlmodel import col, delete, select

from kiosk.central.fleet import nonces, rejected_callers
from kiosk.central.refusal import RequestRefused
from kiosk.central.service import authentication
from kiosk.central.service.assembly import Services
from kiosk.central.tables import FormerKey, Kiosk, UsedAssertion
from kiosk.contract.enrolment import (
    ALGORITHM,
    ASSERTION_TYPE,
    AccessToken,
    Claims,
    Role,
    TokenRequest,
)
from kiosk.contract.messages import ProblemType
from kiosk.rows import carry_out

# A header is small: deep nesting would overflow a parser's stack.
_COMPACT = re.compile(r"[A-Za-z0-9_-]{1,128}(\.[A-Za-z0-9_-]+){2}", re.ASCII)
_HEADER = {"alg": ALGORITHM, "typ": ASSERTION_TYPE}
# PyJWT checks signatures and headers; we check claims and times, by central's clock.
_JWS = jwt.PyJWS(algorithms=[ALGORITHM])


def give_token(services: Services, request: TokenRequest) -> AccessToken:
    """Return an access token for a valid assertion, which is good once; refuse any other."""
    claims = _claims(request.assertion)
    kiosk = None if claims is None else _kiosk(services, claims)
    if claims is None or kiosk is None:
        fault = "no assertion of a kiosk's"
    elif (role := _role(kiosk, request.assertion)) is None:
        fault = _fault_of_key(services, claims, kiosk, request.assertion)
    else:
        fault = _fault(services, claims, kiosk)
        if not fault:
            token = _accept(services, claims, kiosk, role)
            if token is not None:
                return token
            fault = "used before"
    rejected_callers.record(services, "kiosk.refused", kiosk.name if kiosk else "", fault)
    raise RequestRefused(ProblemType.NOT_AUTHENTICATED)


def _claims(assertion: str) -> Claims | None:
    """Return the claims, none of which is verified yet; None if there are none."""
    if not _COMPACT.fullmatch(assertion):
        return None
    try:
        unverified = _JWS.decode_complete(assertion, options={"verify_signature": False})
        if unverified["header"] != _HEADER:
            return None
        return Claims.model_validate_json(unverified["payload"])
    except (jwt.InvalidTokenError, ValidationError):
        return None


def _kiosk(services: Services, claims: Claims) -> Kiosk | None:
    with services.database.reading() as database:
        return database.exec(select(Kiosk).where(Kiosk.subject == claims.iss)).first()


def _role(kiosk: Kiosk, assertion: str) -> Role | None:
    """Return the service of the kiosk whose key signed the assertion, None if neither did."""
    if _signed(assertion, kiosk.public_key):
        return Role.SCREEN
    if kiosk.sync_key is not None and _signed(assertion, kiosk.sync_key):
        return Role.SYNC
    return None


def _fault_of_key(services: Services, claims: Claims, kiosk: Kiosk, assertion: str) -> str:
    """Return whose key signed, for the audit; note it if it is a former one of the kiosk.

    An assertion whose nonce is older than the replacement shows nothing: it may have been under
    way.
    """
    nonce_issued_at = nonces.issued_at(services, claims.nonce)
    with services.database.reading() as database:
        former = database.exec(select(FormerKey).where(FormerKey.kiosk_id == kiosk.id)).all()
    used = next((each for each in former if _signed(assertion, each.public_key)), None)
    if used is None or nonce_issued_at is None or nonce_issued_at <= used.replaced_at:
        return "signed by another key"
    now = services.clock()
    if used.used_at is None or used.used_at + rejected_callers.RECORD_EVERY <= now:
        with services.database.transaction() as database:
            database.get_one(FormerKey, used.public_key).used_at = now
    return "signed by a former key"


def _signed(assertion: str, public_key: bytes) -> bool:
    key = Ed25519PublicKey.from_public_bytes(public_key)
    try:
        _JWS.decode_complete(assertion, key, algorithms=[ALGORITHM])
    except jwt.InvalidTokenError:
        return False
    return True


def _fault(services: Services, claims: Claims, kiosk: Kiosk) -> str:
    """Return what is wrong with the claims, for the audit; an empty string if nothing is."""
    nonce_issued_at = nonces.issued_at(services, claims.nonce)
    if kiosk.revoked:
        return "revoked"
    if claims.sub != claims.iss or claims.aud != services.name:
        return "for somebody else"
    if nonce_issued_at is None:
        return "nonce foreign or too old"
    issued = round(nonce_issued_at.timestamp())
    latest = issued + round(nonces.LIFE / timedelta(seconds=1))
    now = services.clock().timestamp()
    if claims.iat != issued or not max(issued, now) < claims.exp <= latest:
        return "not of the nonce's time"
    return ""


def _accept(services: Services, claims: Claims, seen: Kiosk, role: Role) -> AccessToken | None:
    """Return a token; None if the assertion was used before, or the kiosk was changed meanwhile."""
    with services.database.transaction() as database:
        now = services.clock()
        kiosk = database.get_one(Kiosk, seen.id)
        used = (kiosk.id, claims.jti)
        keys = kiosk.public_key, kiosk.sync_key
        if kiosk.revoked or keys != (seen.public_key, seen.sync_key):
            return None
        if database.get(UsedAssertion, used) is not None:
            return None
        carry_out(database, delete(UsedAssertion).where(col(UsedAssertion.expires_at) <= now))
        # A process whose clock is behind may accept the nonce for longer than ours does.
        until = now + nonces.LIFE + nonces.SKEW
        database.add(UsedAssertion(kiosk_id=kiosk.id, jti=claims.jti, expires_at=until))
        nonce_at = datetime.fromtimestamp(claims.iat, UTC)  # `_fault` has compared them
        token = authentication.give_access(database, kiosk, now, nonce_at, role)
        return AccessToken(
            access_token=token,
            token_type="Bearer",  # noqa: S106 - RFC 6750's name of the kind
            expires_in=round(authentication.ACCESS_LIFE.total_seconds()),
            retiring=kiosk.retiring,
        )
