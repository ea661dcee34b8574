# SPDX-License-Identifier: Apache-2.0
"""Who was not let in, told to the audit without letting anybody flood it."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import Session

from kiosk.central.audit import trail
from kiosk.central.service.assembly import Services
from kiosk.central.tables import RefusalTold

TOLD_EVERY = timedelta(hours=1)
"""How often the audit is told of the same kind of refusal, for the same kiosk or for none."""


def tell(services: Services, kind: str, kiosk: str, reason: str) -> None:
    """Audit a refusal, unless one like it was audited lately: then nothing is written at all.

    `kiosk` is the name of the kiosk that somebody claimed to be, empty where there is none.
    """
    with services.database.reading() as database:
        if _lately(services, database, kind, kiosk):
            return
    with services.database.transaction() as database:
        if _lately(services, database, kind, kiosk):
            return
        now = services.clock()
        database.merge(RefusalTold(kind=kind, kiosk=kiosk, at=now))
        details: dict[str, trail.Detail] = {"kiosk": kiosk or None, "reason": reason}
        trail.append(database, now, kind, details, {})


def _lately(services: Services, database: Session, kind: str, kiosk: str) -> bool:
    told = database.get(RefusalTold, (kind, kiosk))
    return told is not None and told.at + TOLD_EVERY > services.clock()
