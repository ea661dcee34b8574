# SPDX-License-Identifier: Apache-2.0
"""The messages with which a kiosk enrols, authenticates, and goes out of service.

A kiosk has no clock at boot. So everything that must be recent carries central's nonce and time.
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
"""The `typ` of an assertion; a token with another one is refused (RFC 8725, section 3.11)."""
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
    """The purposes of a signed statement: by a kiosk's device key, or by central's own key."""

    ENROL = "enrol"
    SYNC = "sync"
    PACK = "pack"
    AUDIT = "audit head"


def statement(purpose: StatementPurpose, *fields: bytes) -> bytes:
    """Return the bytes that an Ed25519 key signs; statements of two purposes are never equal.

    Each field is prefixed with its length, so that no two lists of fields give the same bytes.
    """
    return b"".join(
        len(field).to_bytes(4, "big") + field for field in (_LABEL, purpose.encode(), *fields)
    )


class Role(StrEnum):
    """The two services of a kiosk, each with a key of its own.

    The sync may follow changes and report; everything else is for the screen alone.
    """

    SCREEN = "screen"
    SYNC = "sync"


class Nonce(Message):
    """GET /v1/nonce: valid for `valid_seconds` from `now`, which is central's time."""

    nonce: NonceBytes
    now: Moment
    valid_seconds: Seconds


# ---------------------------------------------------------------- enrolment


class SyncKey(Message):
    """The public half of the sync's key; `signature` is that key's, over `sync_possession(...)`."""

    public_key: Ed25519Key
    signature: Ed25519Signature


class EnrolmentRequest(Message):
    """POST /v1/enrolments: the one-time token, and the public halves of the kiosk's two keys.

    `public_key` is the screen's. `signature` is that key's, over `possession(...)`. A repeated
    request gets the same answer.
    """

    token: Annotated[EnrolmentToken, Field(repr=False)]
    public_key: Ed25519Key
    sync: SyncKey
    nonce: NonceBytes
    signature: Ed25519Signature


def possession(central: str, token: str, public_key: bytes, sync_key: bytes, nonce: bytes) -> bytes:
    """Return the bytes that the screen signs to prove that it owns the private key.

    They name the sync's key too, so that nobody can replace it on its way.
    """
    hashed = hashlib.sha256(token.encode()).digest()
    return statement(StatementPurpose.ENROL, central.encode(), hashed, public_key, sync_key, nonce)


def sync_possession(sync_key: bytes) -> bytes:
    """Return the bytes that the sync signs to prove that it owns the private key.

    The sync has neither the token nor a nonce: it only leaves its key for the screen.
    """
    return statement(StatementPurpose.SYNC, sync_key)


class EnrolmentResponse(Message):
    """The kiosk that the device now is, and the keys with which central signs."""

    kiosk: UUID
    name: Name
    organisation: str
    central: str
    verify_keys: Annotated[tuple[Ed25519Key, ...], Field(min_length=1, max_length=8)]


# ---------------------------------------------------------------- access tokens


class Claims(Message):
    """The claims of an assertion; all are required.

    Times are central's: `iat` is the nonce's. The audience is central's name, `jti` is used once.
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
    """RFC 6749, section 5.1; `retiring`: the kiosk hands over its data and goes out of service."""

    access_token: Annotated[str, Field(repr=False)]
    token_type: Literal["Bearer"]
    expires_in: Seconds
    retiring: bool


# ---------------------------------------------------------------- retirement


class RetirementResponse(Message):
    """POST /v1/retirement: the kiosk has no data left; central refuses it from now on."""

    kiosk: UUID
