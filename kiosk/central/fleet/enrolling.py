# SPDX-License-Identifier: Apache-2.0
"""Enrolment: a device becomes a kiosk with a one-time token from the RA and a key of its own."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from uuid import uuid4

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from sqlmodel import Session, col, delete, or_, select

from kiosk.central.audit import trail
from kiosk.central.fleet import kiosks, nonces, rejected_callers
from kiosk.central.keys import signing
from kiosk.central.refusal import RequestRefused
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import new_token, token_hash
from kiosk.central.tables import EnrolmentRow, FormerKey, Kiosk, Organisation
from kiosk.contract.enrolment import (
    EnrolmentRequest,
    EnrolmentResponse,
    possession,
    sync_possession,
)
from kiosk.contract.messages import ProblemType
from kiosk.rows import carry_out

TOKEN_LIFE = timedelta(hours=24)


def make_token(
    database: Session, organisation: Organisation, kiosk_name: str, expires_at: datetime
) -> str:
    """Return a token for one enrolment of this kiosk; an earlier token for it becomes void."""
    carry_out(database, delete(EnrolmentRow).where(col(EnrolmentRow.kiosk_name) == kiosk_name))
    token = new_token()
    database.add(
        EnrolmentRow(
            token_hash=token_hash(token),
            organisation_id=organisation.id,
            kiosk_name=kiosk_name,
            expires_at=expires_at,
        )
    )
    return token


def enrol(services: Services, request: EnrolmentRequest) -> EnrolmentResponse:
    """Enrol the device, or refuse; a retry with the same token and key gets the same answer."""
    fault, kiosk_name = _fault(services, request), ""
    if not fault:
        with services.database.transaction() as database:
            row = database.get(EnrolmentRow, token_hash(request.token))
            kiosk_name = row.kiosk_name if row else ""
            kiosk = row and _enrolled(services, database, row, request)
            if kiosk:
                organisation = database.get_one(Organisation, kiosk.organisation_id)
                return EnrolmentResponse(
                    kiosk=kiosk.subject,
                    name=kiosk.name,
                    organisation=organisation.name,
                    central=services.name,
                    verify_keys=signing.verify_keys(services.master),
                )
        fault = "token used or over, or another kiosk's key"
    rejected_callers.record(services, "enrolment.refused", kiosk_name, fault)
    raise RequestRefused(ProblemType.ENROLMENT_REFUSED)


def _fault(services: Services, request: EnrolmentRequest) -> str:
    """Return what is wrong, as far as it shows without a transaction; empty if nothing is."""
    with services.database.reading() as database:
        if database.get(EnrolmentRow, token_hash(request.token)) is None:
            return "no such token"
    if nonces.issued_at(services, request.nonce) is None:
        return "nonce foreign or too old"
    keys = request.public_key, request.sync.public_key
    signed = possession(services.name, request.token, *keys, request.nonce)
    try:
        # This refuses keys of small order, for which anybody could sign.
        VerifyKey(keys[0]).verify(signed, request.signature)
        VerifyKey(keys[1]).verify(sync_possession(keys[1]), request.sync.signature)
    except BadSignatureError:
        return "the key was not shown"
    return "one key for both services" if keys[0] == keys[1] else ""


def _enrolled(
    services: Services, database: Session, row: EnrolmentRow, request: EnrolmentRequest
) -> Kiosk | None:
    """Return the kiosk that the device becomes, or None if it may not become one."""
    now, keys = services.clock(), (request.public_key, request.sync.public_key)
    kiosk = kiosks.named(database, row.kiosk_name)
    if row.expires_at <= now:
        return None
    if kiosk is not None and kiosk.organisation_id != row.organisation_id:
        return None
    if row.public_key is not None:  # a retry: the first answer may have been lost
        again = kiosk is not None and keys == (kiosk.public_key, kiosk.sync_key)
        return kiosk if again and row.public_key == keys[0] else None
    if _known_elsewhere(database, row.kiosk_name, keys):
        return None
    row.public_key = keys[0]
    kind = "kiosk.enrolled" if kiosk is None else "kiosk.enrolled-again"
    if kiosk is None:
        kiosk = Kiosk(
            organisation_id=row.organisation_id,
            name=row.kiosk_name,
            subject=uuid4(),
            public_key=keys[0],
            sync_key=keys[1],
        )
        database.add(kiosk)
        database.flush()
    else:
        kiosks.cut_off(database, kiosk)
        _replace(database, kiosk, keys, now)
        (kiosk.public_key, kiosk.sync_key), kiosk.copied_at = keys, None
        kiosk.revoked = kiosk.retiring = False
    details: dict[str, trail.Detail] = {
        "kiosk": kiosk.name,
        "organisation": database.get_one(Organisation, kiosk.organisation_id).name,
        "key": hashlib.sha256(keys[0]).hexdigest()[:16],
        "sync_key": hashlib.sha256(keys[1]).hexdigest()[:16],
    }
    trail.append(database, now, kind, details, {})
    return kiosk


def _replace(database: Session, kiosk: Kiosk, keys: tuple[bytes, bytes], now: datetime) -> None:
    """Note the keys that become void: a device that still uses one is a copy, or a former one."""
    carry_out(database, delete(FormerKey).where(col(FormerKey.public_key).in_(keys)))
    for key in (kiosk.public_key, kiosk.sync_key):
        if key is not None and key not in keys:
            database.merge(FormerKey(public_key=key, kiosk_id=kiosk.id, replaced_at=now))


def _known_elsewhere(database: Session, name: str, keys: tuple[bytes, bytes]) -> bool:
    """Return whether another device has one of the keys, or the kiosk has it for the other service.

    A kiosk may keep its keys, unless its identity was copied.
    """
    owners = select(Kiosk).where(
        or_(col(Kiosk.public_key).in_(keys), col(Kiosk.sync_key).in_(keys))
    )
    return any(
        owner.name != name
        or owner.copied_at is not None
        or owner.public_key == keys[1]
        or owner.sync_key == keys[0]
        for owner in database.exec(owners)
    )
