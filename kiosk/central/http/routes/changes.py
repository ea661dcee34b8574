# SPDX-License-Identifier: Apache-2.0
"""The route that a kiosk's replication follows."""

from __future__ import annotations

import gzip
from typing import Annotated

from anyio import to_thread
from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from kiosk.central.feed import change_page
from kiosk.central.feed.watch import Watch
from kiosk.central.http.budgets import Errand
from kiosk.central.http.problems import refusals
from kiosk.central.http.routes.dependencies import (
    Authenticated,
    Central,
    Spending,
    authenticated_router,
)
from kiosk.contract.enrolment import Role
from kiosk.contract.messages import (
    ProblemType,
)
from kiosk.contract.replication import (
    LARGEST_PAGE,
    LONGEST_WAIT_SECONDS,
    ChangePage,
    Cursor,
    CursorText,
)

router = authenticated_router(Errand.CHANGES, tuple(Role))
_P = ProblemType


class ChangesQuery(BaseModel):
    """The cursor to go on from, the largest page, and how many seconds to wait for a change."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cursor: CursorText | None = None
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = 500
    wait: Annotated[int, Field(ge=0, le=LONGEST_WAIT_SECONDS)] = 0


@router.get("/changes", response_model=ChangePage, responses=refusals(_P.CURSOR_VOID))
async def follow_changes(
    request: Request,
    services: Central,
    caller: Authenticated,
    budgets: Spending,
    query: Annotated[ChangesQuery, Query()],
) -> Response:
    """Return the changes since the cursor, or everything if there is no cursor.

    If nothing has changed, wait up to `wait` seconds for a change. The response is compressed with
    gzip if the client accepts that.
    """
    after = None if query.cursor is None else Cursor.parse(query.cursor)
    threads = budgets.threads(Errand.CHANGES)

    async def read() -> ChangePage:
        return await to_thread.run_sync(
            change_page.page, services, caller, after, query.limit, limiter=threads
        )

    found = await read()
    if query.wait and found.next == query.cursor:
        watch: Watch = request.app.state.watch
        await watch.wait(caller.organisation_id, found.head, found.epoch, query.wait)
        found = await read()
    compressed = "gzip" in request.headers.get("Accept-Encoding", "")
    return await to_thread.run_sync(_response, found, compressed, limiter=threads)


def _response(page: ChangePage, compressed: bool) -> Response:
    body = page.model_dump_json().encode()
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if compressed:
        # The caller chooses nothing of the content, so the compressed length reveals nothing.
        body = gzip.compress(body, compresslevel=6, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, headers=headers, media_type="application/json")
