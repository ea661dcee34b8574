# SPDX-License-Identifier: Apache-2.0
"""Routes for the kiosk's outbox, and for packs for offline unlocks."""

from __future__ import annotations

from anyio import to_thread
from fastapi import Request
from starlette.concurrency import run_in_threadpool

from kiosk.central.fleet import rejected_callers
from kiosk.central.http.budgets import Errand
from kiosk.central.http.problems import refusals
from kiosk.central.http.routes.dependencies import (
    Authenticated,
    Central,
    Spending,
    authenticated_router,
)
from kiosk.central.lending import pack_issue
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.central.unlocking import facts
from kiosk.contract.enrolment import Role
from kiosk.contract.messages import (
    ProblemType,
    Report,
    ReportOutcome,
)
from kiosk.contract.packs import PackPage, PacksRequest

reports = authenticated_router(Errand.REPORTS, tuple(Role))
packs = authenticated_router(Errand.PACKS)


@reports.post("/reports")
async def report(
    request: Request, services: Central, caller: Authenticated, budgets: Spending, body: Report
) -> ReportOutcome:
    """Take over the items of the outbox: each one is answered, and applied once."""
    granted = await run_in_threadpool(facts.concerns_live_grant, services, caller, body)
    if request.state.retry_after is not None and not granted:
        await budgets.refuse(request.state.retry_after)
    budgets.spend(caller, Errand.REPORTS, len(body.items))
    threads = budgets.threads(Errand.REPORTS, granted=granted)
    return await to_thread.run_sync(facts.apply_report, services, caller, body, limiter=threads)


@packs.post("/packs", responses=refusals(ProblemType.EXPIRED))
async def lend_packs(
    request: Request,
    services: Central,
    caller: Authenticated,
    budgets: Spending,
    body: PacksRequest,
) -> PackPage:
    """Lend the kiosk packs, with which it can unlock cards while central is unreachable."""
    budgets.spend(caller, Errand.PACKS, 1)
    address = "" if request.client is None else request.client.host
    threads = budgets.threads(Errand.PACKS)
    return await to_thread.run_sync(_lend, services, caller, body, address, limiter=threads)


def _lend(services: Services, caller: Caller, body: PacksRequest, address: str) -> PackPage:
    page = pack_issue.give_packs(services, caller, body, address)
    if page is not None:
        return page
    rejected_callers.record(services, "packs.elsewhere", caller.name, f"from {address}")
    return PackPage(packs=(), next=body.after, more=False)
