"""The application: routes, problems, limits."""

from __future__ import annotations

from fastapi import FastAPI

from kiosk.central.feed.watch import Watch
from kiosk.central.http import problems, routes
from kiosk.central.http.limit import LimitBody
from kiosk.central.service.services import Parts


def create_app(parts: Parts) -> FastAPI:
    """The service made of `parts`. It serves nothing but the contract: no documentation pages."""
    app = FastAPI(
        title="Smartcard kiosk: central service",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        routes=list(routes.router.routes),  # as they are: to include them would make them anew
    )
    app.state.parts = parts
    app.state.watch = Watch(parts.database)
    problems.install(app)
    app.add_middleware(LimitBody)
    return app
