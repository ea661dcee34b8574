# SPDX-License-Identifier: Apache-2.0
"""The routes: the requests of the contract, one module for each resource."""

from __future__ import annotations

from starlette.routing import BaseRoute

from kiosk.central.http.routes import changes, kiosks, logins, reports, unlocks

_ROUTERS = (
    kiosks.anybody,
    kiosks.router,
    unlocks.router,
    logins.router,
    reports.reports,
    reports.packs,
    changes.router,
)


def every_route() -> list[BaseRoute]:
    """Return the routes of all resources."""
    return [route for router in _ROUTERS for route in router.routes]
