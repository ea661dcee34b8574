# SPDX-License-Identifier: Apache-2.0
"""Housekeeping: sign the audit checkpoint, delete rows that are over, and email alerts to IT.

Several processes may run it: each checks first whether another has done the work.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import Session

from kiosk.central.audit import checkpoints, trail
from kiosk.central.operations import import_staging, reporting, retention
from kiosk.central.service.assembly import Services
from kiosk.central.service.periodic_task import PeriodicTask
from kiosk.central.tables import Installation, QueuedNotice

_log = logging.getLogger(__name__)
_INTERVAL_SECONDS = 600.0
_EVERY = timedelta(days=1)
SILENT_FOR = timedelta(hours=24)


def keep_house(services: Services) -> None:
    """Do everything that is due."""
    with services.database.transaction() as database:
        signed = checkpoints.sign(database, services.master, services.clock())
    if signed is not None:
        _log.info("%s", signed)  # so that the trust's log has a copy of the checkpoint
    import_staging.sweep(services.database, services.clock())
    if _tidy(services):
        _log_addresses(services)
    _send_alerts(services)


def _tidy(services: Services) -> bool:
    """Delete the rows whose retention time is over, once a day; return whether it was due."""
    with services.database.transaction() as database:
        installation, now = database.get_one(Installation, 1), services.clock()
        last = installation.tidied_at
        if last is not None and last + _EVERY > now:
            return False
        installation.tidied_at = now
        deleted = {what: count for what, count in retention.apply(database, now).items() if count}
        if deleted:
            counts = {what.replace(" ", "_"): count for what, count in deleted.items()}
            trail.append(database, now, "retention.applied", counts, {})
    return True


def _send_alerts(services: Services) -> None:
    with services.database.transaction() as database:
        installation = database.get_one(Installation, 1)
        now = services.clock()
        last = installation.alerted_at
        if last is not None and last + _EVERY > now:
            return
        found = [f"{kind}: {what}" for kind, what in reporting.alerts(database, now, SILENT_FOR)]
        if not found:
            return
        installation.alerted_at = now
        _write(services, database, found)
    _log_alerts(found)


def _log_addresses(services: Services) -> None:
    """Tell of cardholders that are not written to, once a day: all addresses are looked at."""
    with services.database.reading() as database:
        unusable = reporting.unusable_addresses(database, services.accepts_address)
        found = [f"{kind}: {what}" for kind, what in unusable]
    if found:
        with services.database.transaction() as database:
            _write(services, database, found)
    _log_alerts(found)


def _write(services: Services, database: Session, found: Sequence[str]) -> None:
    """Queue a letter to IT's address, where there is one."""
    if services.alerts_to:
        database.add(
            QueuedNotice(
                address=services.alerts_to,
                subject=f"Smartcard kiosks: {len(found)} alerts",
                paragraphs=[*found, "`kiosk-central alerts` shows how it is now."],
                due_at=services.clock(),
                written_at=services.clock(),
            )
        )


def _log_alerts(found: Sequence[str]) -> None:
    for each in found:
        _log.warning("alert: %s", each)


def housekeeper(services: Services) -> PeriodicTask:
    """Return the periodic task that runs the housekeeping."""
    return PeriodicTask("housekeeper", lambda: keep_house(services), _INTERVAL_SECONDS)
