# SPDX-License-Identifier: Apache-2.0
"""Routes for the kiosk's outbox, and for packs for offline unlocks."""

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
def report(services: Central, caller: Authenticated, body: Report) -> ReportOutcome:
    """Take over the items of the outbox: each one is answered, and applied once."""
    return facts.apply_report(services, caller, body)


@router.post("/packs")
def lend_packs(services: Central, caller: Authenticated, body: PacksRequest) -> PackPage:
    """Lend the kiosk packs, with which it can unlock cards while central is unreachable."""
    return pack_issue.give_packs(services, caller, body)
