# SPDX-License-Identifier: Apache-2.0
"""The FastAPI application, made of the routes, the problem documents and the budgets."""

from __future__ import annotations

from fastapi import FastAPI

from kiosk.central.feed.watch import Watch
from kiosk.central.http import problems, routes
from kiosk.central.http.budgets import Budgets
from kiosk.central.service.assembly import Services


def create_app(services: Services) -> FastAPI:
    """Return the application, which serves the contract and no documentation pages."""
    app = FastAPI(
        title="Smartcard kiosk: central service",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        routes=routes.every_route(),  # not by include_router, which would build them again
    )
    app.state.services = services
    app.state.budgets = Budgets()
    app.state.watch = Watch(services.database)
    problems.install(app)
    return app
