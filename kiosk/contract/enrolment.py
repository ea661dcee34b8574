# SPDX-License-Identifier: Apache-2.0
"""The messages by which a kiosk is enrolled, says who it is, and goes out of service.

A kiosk has no clock at boot: whatever has to be recent carries central's nonce and central's time.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field

from kiosk.contract.message import Base64, Message, Moment

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
"""RFC 7523, section 2.1."""
ASSERTION_TYPE = "kiosk-assertion+jwt"
"""The `typ` of an assertion: what is signed for anything else is none (RFC 8725, section 3.11)."""
ALGORITHM = "EdDSA"
LONGEST_ASSERTION = 4096

_LABEL = b"smartcard-kiosk statement 1"

NonceBytes = Annotated[Base64, Field(min_length=16, max_length=64)]
Ed25519Key = Annotated[Base64, Field(min_length=32, max_length=32)]
Ed25519Signature = Annotated[Base64, Field(min_length=64, max_length=64)]
EnrolmentToken = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
Seconds = Annotated[int, Field(ge=1)]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class StatementPurpose(StrEnum):
    """What a statement is signed for: by a kiosk's device key, or by central's own key."""

    ENROL = "enrol"
    PACK = "pack"
    AUDIT = "audit head"


def statement(purpose: StatementPurpose, *fields: bytes) -> bytes:
    """What is signed with an Ed25519 key: no statement is also another, whatever is in them."""
    return b"".join(
        len(field).to_bytes(4, "big") + field for field in (_LABEL, purpose.encode(), *fields)
    )


class Nonce(Message):
    """GET /v1/nonce: good for `valid_seconds` from `now`, which is central's time."""

    nonce: NonceBytes
    now: Moment
    valid_seconds: Seconds


# ---------------------------------------------------------------- enrolment


class EnrolmentRequest(Message):
    """POST /v1/enrolments: the one-time token, and the public half of the device's Ed25519 key.

    `signature` is the device key's, over `possession(...)`. Sent again, it is answered alike.
    """

    token: Annotated[EnrolmentToken, Field(repr=False)]
    public_key: Ed25519Key
    nonce: NonceBytes
    signature: Ed25519Signature


def possession(central: str, token: str, public_key: bytes, nonce: bytes) -> bytes:
    """What a device signs to show that the key is its own."""
    hashed = hashlib.sha256(token.encode()).digest()
    return statement(StatementPurpose.ENROL, central.encode(), hashed, public_key, nonce)


class EnrolmentResponse(Message):
    """Which kiosk the device is from now on, and by which keys central signs."""

    kiosk: UUID
    name: Name
    organisation: str
    central: str
    verify_keys: Annotated[tuple[Ed25519Key, ...], Field(min_length=1, max_length=8)]


# ---------------------------------------------------------------- access tokens


class Claims(Message):
    """An assertion's claims, all of them required. Times are central's: `iat` is the nonce's.

    The audience is central's name, `jti` is used once.
    """

    iss: UUID
    sub: UUID
    aud: str
    jti: UUID
    nonce: NonceBytes
    iat: int
    exp: int


class TokenRequest(Message):
    """POST /v1/token, as a form (RFC 7523): the assertion is a JWS of `Claims`, with EdDSA."""

    grant_type: Literal["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assertion: Annotated[str, Field(max_length=LONGEST_ASSERTION, repr=False)]


class AccessToken(Message):
    """RFC 6749, section 5.1. `retiring`: the kiosk is to hand over what it has, and to go."""

    access_token: Annotated[str, Field(repr=False)]
    token_type: Literal["Bearer"]
    expires_in: Seconds
    retiring: bool


# ---------------------------------------------------------------- going


class RetirementResponse(Message):
    """POST /v1/retirement: the kiosk has nothing left, and is refused from now on."""

    kiosk: UUID
