# SPDX-License-Identifier: Apache-2.0
"""The dependencies of all routes: the services, the caller, and the problems common to all."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.security import HTTPBearer

from kiosk.central.http.budgets import Budgets, Errand
from kiosk.central.http.problems import refusals
from kiosk.central.http.routes.admission import route_for
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.contract.enrolment import Role
from kiosk.contract.messages import ProblemType

SESSION = (ProblemType.NOT_FOUND, ProblemType.EXPIRED, ProblemType.CARD_STOPPED)
CODE = (ProblemType.CODE_WRONG, ProblemType.CODE_VOID)
ANSWERS = (ProblemType.ANSWERS_WRONG, ProblemType.LOCKED_OUT, ProblemType.WAIT)
_ALWAYS = (
    ProblemType.INVALID_REQUEST,
    ProblemType.TOO_LARGE,
    ProblemType.INTERNAL,
    ProblemType.UNAVAILABLE,
)


async def _unstored(response: Response) -> None:
    """Forbid caches to store a response: some contain keys."""
    response.headers["Cache-Control"] = "no-store"


def open_router() -> APIRouter:
    """Return a router for requests that need no authentication."""
    return APIRouter(
        prefix="/v1",
        route_class=route_for(None),
        dependencies=[Depends(_unstored)],
        generate_unique_id_function=lambda route: route.name,
        responses=refusals(*_ALWAYS),
    )


def authenticated_router(
    errand: Errand = Errand.SCREEN, roles: Collection[Role] = (Role.SCREEN,)
) -> APIRouter:
    """Return a router for requests that need an access token of a kiosk in one of these roles."""
    busy = () if errand is Errand.SCREEN else (ProblemType.BUSY,)
    return APIRouter(
        prefix="/v1",
        route_class=route_for(errand, roles),
        dependencies=[Depends(_unstored)],
        generate_unique_id_function=lambda route: route.name,
        responses=refusals(*_ALWAYS, ProblemType.NOT_AUTHENTICATED, *busy),
    )


# Dependencies are coroutines: for a function, FastAPI would take a thread each time.
async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def _budgets(request: Request) -> Budgets:
    budgets: Budgets = request.app.state.budgets
    return budgets


Central = Annotated[Services, Depends(_services)]
Spending = Annotated[Budgets, Depends(_budgets)]

# This only documents the scheme: `admission` does the check and refuses with its own problem.
_token = HTTPBearer(auto_error=False, scheme_name="kiosk", description="An access token.")


async def _authenticated(
    request: Request, _documented: Annotated[object, Depends(_token)]
) -> Caller:
    caller: Caller = request.state.caller
    return caller


Authenticated = Annotated[Caller, Depends(_authenticated)]
Language = Annotated[str, Query(pattern=r"^[a-z]{2}$")]
Dialogue = Annotated[int, Path(ge=1, le=2)]
