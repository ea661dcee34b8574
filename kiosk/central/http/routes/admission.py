# SPDX-License-Identifier: Apache-2.0
"""The way of a request to its route: authentication, budgets, and only then its body."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from kiosk.central.fleet import rejected_callers
from kiosk.central.http import limit
from kiosk.central.http.budgets import Budgets, Errand
from kiosk.central.refusal import RequestRefused
from kiosk.central.service import authentication
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.central.storage import turns
from kiosk.central.unlocking import facts
from kiosk.contract.enrolment import Role
from kiosk.contract.messages import ProblemType

_RETRY_SECONDS = 5
_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def route_for(errand: Errand | None, roles: Collection[Role] = (Role.SCREEN,)) -> type[APIRoute]:
    """Return the class of routes for an errand, which callers in other roles than these get 401 of.

    None: for requests that need no authentication.
    """

    class Route(APIRoute):
        def get_route_handler(self) -> _Handler:
            handle = super().get_route_handler()

            async def handler(request: Request) -> Response:
                if errand is None:
                    return await handle(await limit.whole(request, limit.LARGEST_OPEN_BODY))
                if errand is Errand.SCREEN:
                    return await _admitted(request, errand, roles, handle)
                with turns.behind():
                    return await _admitted(request, errand, roles, handle)

            return handler

    return Route


async def _admitted(
    request: Request,
    errand: Errand,
    roles: Collection[Role],
    handle: Callable[[Request], Awaitable[Response]],
) -> Response:
    services: Services = request.app.state.services
    budgets: Budgets = request.app.state.budgets
    authorization = request.headers.get("Authorization")
    caller = await run_in_threadpool(_authenticated, services, authorization)
    if caller.role not in roles:
        told = (services, "kiosk.refused", caller.name, f"{request.url.path}: not for its sync")
        await run_in_threadpool(rejected_callers.record, *told)
        raise RequestRefused(ProblemType.NOT_AUTHENTICATED)
    request.state.caller, request.state.retry_after = caller, None
    if errand is not Errand.SCREEN:
        await _consider(request, services, budgets, errand)
    async with budgets.place(caller, errand):
        return await handle(await limit.whole(request, limit.LARGEST_BODY))


def _authenticated(services: Services, authorization: str | None) -> Caller:
    with services.database.reading() as database:
        caller = authentication.caller(database, authorization, services.clock())
    return authentication.hear(services, caller)


async def _consider(request: Request, services: Services, budgets: Budgets, errand: Errand) -> None:
    """Refuse a request beyond its budget before its body is read.

    A report of a kiosk with a live grant is read nevertheless: it may be of that grant's card.
    """
    caller: Caller = request.state.caller
    wait = budgets.wait_of(caller, errand)
    if wait is None and (budgets.place(caller, errand).locked() or budgets.is_full(errand)):
        wait = _RETRY_SECONDS
    if wait is None:
        return
    if errand is Errand.REPORTS and await run_in_threadpool(facts.has_live_grant, services, caller):
        request.state.retry_after = wait
        return
    await budgets.refuse(wait)
