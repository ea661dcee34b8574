# SPDX-License-Identifier: Apache-2.0
"""The audit trail: entries that are only appended, each chained to the one before by its hash.

The personal part of an entry is outside the chain, which holds a salted commitment to it; so it can
be erased without breaking the chain. Entries never contain passcodes, answers or keys.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from nacl.utils import random as random_bytes
from sqlmodel import Session, col, select

from kiosk.central.tables import AuditEntry, AuditHead, AuditPersonal, Card

Detail = str | int | bool | None

_LABEL = b"smartcard-kiosk audit 1"
_SALT_BYTES = 32
_BATCH = 1000  # entries


def append(
    database: Session,
    now: datetime,
    kind: str,
    details: Mapping[str, Detail],
    personal: Mapping[str, Detail],
) -> None:
    """Append an entry in the caller's transaction: both are committed, or neither.

    `details` are hashed into the chain; `personal` is the part that can be erased.
    """
    head = database.exec(select(AuditHead).with_for_update()).one()
    salt = random_bytes(_SALT_BYTES)
    entry = AuditEntry(
        sequence=head.sequence + 1,
        at=now,
        kind=kind,
        details=dict(details),
        commitment=_commitment(salt, personal),
        previous=head.hash,
        hash=b"",
    )
    entry.hash = _hash(entry)
    database.add(entry)
    database.flush()
    database.add(AuditPersonal(sequence=entry.sequence, salt=salt, fields=dict(personal)))
    head.sequence, head.hash = entry.sequence, entry.hash
    database.add(head)


def of_card(card: Card) -> dict[str, Detail]:
    """Return the personal part of an entry about `card`."""
    return {"cardholder": card.cardholder_id, "family": card.family, "serial": card.serial}


def first_break(
    database: Session, progress: Callable[[int], None] = lambda _done: None
) -> int | None:
    """Return the sequence number at which the chain is broken, or None if it is intact.

    Entries are read in batches of 1,000. `progress` is called with the number of entries checked.
    """
    previous, expected = bytes(32), 1
    whole = (
        select(AuditEntry, AuditPersonal)
        .join(AuditPersonal, col(AuditPersonal.sequence) == AuditEntry.sequence, isouter=True)
        .order_by(col(AuditEntry.sequence))
        .execution_options(yield_per=_BATCH)
    )
    with database.exec(whole) as rows:
        for entry, about in rows:
            if (
                entry.sequence != expected
                or entry.previous != previous
                or entry.hash != _hash(entry)
                or (about and entry.commitment != _commitment(about.salt, about.fields))
            ):
                return expected
            progress(entry.sequence)
            previous, expected = entry.hash, expected + 1
    head = database.exec(select(AuditHead)).one()
    return None if (head.sequence, head.hash) == (expected - 1, previous) else expected


def _commitment(salt: bytes, personal: Mapping[str, Detail]) -> bytes:
    return hashlib.sha256(salt + _canonical(personal)).digest()


def _hash(entry: AuditEntry) -> bytes:
    fields = (
        _LABEL,
        entry.previous,
        entry.sequence.to_bytes(8, "big"),
        entry.at.astimezone(UTC).isoformat(timespec="microseconds").encode(),
        entry.kind.encode(),
        _canonical(entry.details),
        entry.commitment,
    )
    hashed = hashlib.sha256()
    for field in fields:
        hashed.update(len(field).to_bytes(4, "big") + field)
    return hashed.digest()


def _canonical(fields: Mapping[str, Detail]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
