# SPDX-License-Identifier: Apache-2.0
"""Audit checkpoints: signed copies of the chain's newest entry, one a day.

Central keeps each checkpoint, writes it to its log, and sends it to the kiosks. An attacker who can
change the database could build another valid chain, but could neither sign it nor change the
checkpoints in logs and kiosks.
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
_PLACEHOLDER = bytes(64)


def newest(database: Session) -> replication.AuditCheckpoint | None:
    """Return the newest checkpoint, or None if there is none yet."""
    last: int | None = database.exec(select(func.max(AuditSignature.sequence))).one()
    row = None if last is None else database.get(AuditSignature, last)
    return None if row is None else _checkpoint(row)


def sign(
    database: Session, master: MasterKey, now: datetime, *, even_if_early: bool = False
) -> replication.AuditCheckpoint | None:
    """Sign and return a checkpoint of the chain's newest entry.

    Return None if nothing was appended since the last checkpoint, or if that is less than a day old
    and `even_if_early` is false.
    """
    last = newest(database)
    head = database.exec(select(AuditHead)).one()
    early = last is not None and last.at + EVERY > now
    if head.sequence == 0 or (last is not None and last.sequence == head.sequence):
        return None
    if early and not even_if_early:
        return None
    bare = replication.AuditCheckpoint(
        sequence=head.sequence, hash=head.hash, at=now, signature=_PLACEHOLDER
    )
    signature = signing.sign_statement(master, bare.signed)
    row = AuditSignature(sequence=head.sequence, hash=head.hash, at=now, signature=signature)
    database.add(row)
    database.flush()
    return _checkpoint(row)


def kept(database: Session) -> list[replication.AuditCheckpoint]:
    """Return all checkpoints in the database, the oldest first."""
    rows = database.exec(select(AuditSignature).order_by(col(AuditSignature.sequence)))
    return [_checkpoint(row) for row in rows]


def read(lines: Iterable[str]) -> list[replication.AuditCheckpoint]:
    """Return the checkpoints in the lines of a central or kiosk log; malformed ones are skipped."""
    found = []
    for line in lines:
        _, marker, document = line.partition("audit head {")
        try:
            if marker:
                found.append(
                    replication.AuditCheckpoint.model_validate_json("{" + document.strip())
                )
        except ValidationError:
            continue
    return found


def first_contradiction(
    database: Session, master: MasterKey, heads: Iterable[replication.AuditCheckpoint]
) -> int | None:
    """Return the sequence number of the first checkpoint that contradicts the chain, or None.

    Checkpoints that central did not sign are ignored.
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


def _checkpoint(row: AuditSignature) -> replication.AuditCheckpoint:
    return replication.AuditCheckpoint(
        sequence=row.sequence, hash=row.hash, at=row.at, signature=row.signature
    )
