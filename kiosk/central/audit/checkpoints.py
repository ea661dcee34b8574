# SPDX-License-Identifier: Apache-2.0
"""Heads of the audit's chain, signed once a day: kept here, by kiosks, and in the log.

Whoever changes the database can make a chain that holds. He cannot sign it anew, nor take back what
kiosks and the log keep.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from pydantic import ValidationError
from sqlmodel import Session, col, func, select

from kiosk.central.keys import signing
from kiosk.central.keys.master_key import MasterKey
from kiosk.central.tables import AuditEntry, AuditHead, AuditSignature
from kiosk.contract import replication

EVERY = timedelta(days=1)
_ANY = bytes(64)


def newest(database: Session) -> replication.AuditCheckpoint | None:
    """The head that was signed last."""
    last: int | None = database.exec(select(func.max(AuditSignature.sequence))).one()
    row = None if last is None else database.get(AuditSignature, last)
    return None if row is None else _told(row)


def sign(
    database: Session, master: MasterKey, now: datetime, *, even_if_early: bool = False
) -> replication.AuditCheckpoint | None:
    """Sign the head if that is due and there is anything new; what was signed."""
    last = newest(database)
    head = database.exec(select(AuditHead)).one()
    early = last is not None and last.at + EVERY > now
    if head.sequence == 0 or (last is not None and last.sequence == head.sequence):
        return None
    if early and not even_if_early:
        return None
    bare = replication.AuditCheckpoint(
        sequence=head.sequence, hash=head.hash, at=now, signature=_ANY
    )
    signature = signing.sign_statement(master, bare.signed)
    row = AuditSignature(sequence=head.sequence, hash=head.hash, at=now, signature=signature)
    database.add(row)
    database.flush()
    return _told(row)


def kept(database: Session) -> list[replication.AuditCheckpoint]:
    """All that were signed."""
    rows = database.exec(select(AuditSignature).order_by(col(AuditSignature.sequence)))
    return [_told(row) for row in rows]


def read(lines: Iterable[str]) -> list[replication.AuditCheckpoint]:
    """The heads in a log, of central's or of a kiosk's. What is none is passed over."""
    found = []
    for line in lines:
        _, said, document = line.partition("audit head {")
        try:
            if said:
                found.append(
                    replication.AuditCheckpoint.model_validate_json("{" + document.strip())
                )
        except ValidationError:
            continue
    return found


def first_contradiction(
    database: Session, master: MasterKey, heads: Iterable[replication.AuditCheckpoint]
) -> int | None:
    """The first signed head that the chain does not agree with; None if it does with all.

    A head that central did not sign says nothing, and is passed over.
    """
    keys = [VerifyKey(key) for key in signing.verify_keys(master)]
    for head in sorted(heads, key=lambda each: each.sequence):
        if not any(_signed_by(key, head) for key in keys):
            continue
        entry = database.get(AuditEntry, head.sequence)
        if entry is None or entry.hash != head.hash:
            return head.sequence
    return None


def _signed_by(key: VerifyKey, head: replication.AuditCheckpoint) -> bool:
    try:
        key.verify(head.signed, head.signature)
    except BadSignatureError:
        return False
    return True


def _told(row: AuditSignature) -> replication.AuditCheckpoint:
    return replication.AuditCheckpoint(
        sequence=row.sequence, hash=row.hash, at=row.at, signature=row.signature
    )
