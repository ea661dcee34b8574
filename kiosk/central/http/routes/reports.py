# SPDX-License-Identifier: Apache-2.0
"""Reports from the outbox, and packs for offline unlocks."""

from __future__ import annotations

from kiosk.central.http.routes.dependencies import (
    Authenticated,
    Central,
    authenticated_router,
)
from kiosk.central.lending import pack_issue
from kiosk.central.unlocking import facts
from kiosk.contract.messages import (
    Report,
    ReportOutcome,
)
from kiosk.contract.packs import PackPage, PacksRequest

router = authenticated_router()


@router.post("/reports")
def report(services: Central, caller: Authenticated, sent: Report) -> ReportOutcome:
    """Hand over what the outbox holds: every item is answered, and applied once."""
    return facts.apply_report(services, caller, sent)


@router.post("/packs")
def lend_packs(services: Central, caller: Authenticated, asked: PacksRequest) -> PackPage:
    """Be lent what it takes to unlock cards while central is out of reach."""
    return pack_issue.give_packs(services, caller, asked)
