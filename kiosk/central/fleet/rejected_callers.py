# SPDX-License-Identifier: Apache-2.0
"""Audit entries for rejected callers, at a rate that nobody can use to flood the audit."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import Session

from kiosk.central.audit import trail
from kiosk.central.service.assembly import Services
from kiosk.central.tables import RefusalTold

RECORD_EVERY = timedelta(hours=1)
"""The least time between two entries of the same kind for the same kiosk, or for no kiosk."""


def record(services: Services, kind: str, kiosk: str, reason: str) -> None:
    """Audit a rejection, unless one of its kind was audited lately: then nothing is written.

    `kiosk` is the name of the kiosk that the caller claimed to be, empty if there is none.
    """
    with services.database.reading() as database:
        if _recorded_lately(services, database, kind, kiosk):
            return
    with services.database.transaction() as database:
        if _recorded_lately(services, database, kind, kiosk):
            return
        now = services.clock()
        database.merge(RefusalTold(kind=kind, kiosk=kiosk, at=now))
        details: dict[str, trail.Detail] = {"kiosk": kiosk or None, "reason": reason}
        trail.append(database, now, kind, details, {})


def _recorded_lately(services: Services, database: Session, kind: str, kiosk: str) -> bool:
    last = database.get(RefusalTold, (kind, kiosk))
    return last is not None and last.at + RECORD_EVERY > services.clock()
