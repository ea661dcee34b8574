# SPDX-License-Identifier: Apache-2.0
"""Enrolment: a device becomes a kiosk with a one-time token from the RA and a key of its own."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from uuid import uuid4

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from sqlmodel import Session, col, delete, select

from kiosk.central.audit import trail
from kiosk.central.fleet import kiosks, nonces, rejected_callers
from kiosk.central.keys import signing
from kiosk.central.refusal import RequestRefused
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import new_token, token_hash
from kiosk.central.tables import EnrolmentRow, Kiosk, Organisation
from kiosk.contract.enrolment import EnrolmentRequest, EnrolmentResponse, possession
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
            kiosk = row and _enrolled(services, database, row, request.public_key)
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
    signed = possession(services.name, request.token, request.public_key, request.nonce)
    try:
        # This refuses keys of small order, for which anybody could sign.
        VerifyKey(request.public_key).verify(signed, request.signature)
    except BadSignatureError:
        return "the key was not shown"
    return ""


def _enrolled(
    services: Services, database: Session, row: EnrolmentRow, public_key: bytes
) -> Kiosk | None:
    """Return the kiosk that the device becomes, or None if it may not become one."""
    now = services.clock()
    kiosk = kiosks.named(database, row.kiosk_name)
    if row.expires_at <= now:
        return None
    if kiosk is not None and kiosk.organisation_id != row.organisation_id:
        return None
    if row.public_key is not None:  # a retry: the first answer may have been lost
        again = kiosk is not None and row.public_key == public_key == kiosk.public_key
        return kiosk if again else None
    if kiosk is not None and kiosk.copied_at is not None and public_key == kiosk.public_key:
        return None  # another device has this key
    owner = database.exec(select(Kiosk).where(Kiosk.public_key == public_key)).first()
    if owner is not None and owner.name != row.kiosk_name:
        return None
    row.public_key = public_key
    kind = "kiosk.enrolled" if kiosk is None else "kiosk.enrolled-again"
    if kiosk is None:
        kiosk = Kiosk(
            organisation_id=row.organisation_id,
            name=row.kiosk_name,
            subject=uuid4(),
            public_key=public_key,
        )
        database.add(kiosk)
        database.flush()
    else:
        kiosks.cut_off(database, kiosk)
        kiosk.public_key, kiosk.copied_at = public_key, None
        kiosk.revoked = kiosk.retiring = False
    details: dict[str, trail.Detail] = {
        "kiosk": kiosk.name,
        "organisation": database.get_one(Organisation, kiosk.organisation_id).name,
        "key": hashlib.sha256(public_key).hexdigest()[:16],
    }
    trail.append(database, now, kind, details, {})
    return kiosk
