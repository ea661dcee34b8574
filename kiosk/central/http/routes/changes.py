# SPDX-License-Identifier: Apache-2.0
"""The pages of changes that a kiosk follows."""

from __future__ import annotations

import gzip
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from kiosk.central.feed import change_page
from kiosk.central.feed.watch import Watch
from kiosk.central.http.problems import refusals
from kiosk.central.http.routes.dependencies import (
    Authenticated,
    Central,
    authenticated_router,
)
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

router = authenticated_router()
_P = ProblemType


class ChangesQuery(BaseModel):
    """From where on, at most how much, and how long to wait where there is nothing yet."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cursor: CursorText | None = None
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = 500
    wait: Annotated[int, Field(ge=0, le=LONGEST_WAIT_SECONDS)] = 0


@router.get("/changes", response_model=ChangePage, responses=refusals(_P.CURSOR_VOID))
async def follow_changes(
    request: Request,
    services: Central,
    caller: Authenticated,
    asked: Annotated[ChangesQuery, Query()],
) -> Response:
    """What changed since the cursor; without one, all there is.

    Where nothing has changed, it waits for so long for something. Compressed with gzip where that
    is accepted.
    """
    after = None if asked.cursor is None else Cursor.parse(asked.cursor)
    found = await run_in_threadpool(change_page.page, services, caller, after, asked.limit)
    if asked.wait and found.next == asked.cursor:
        watch: Watch = request.app.state.watch
        await watch.wait(caller.organisation_id, found.head, found.epoch, asked.wait)
        found = await run_in_threadpool(change_page.page, services, caller, after, asked.limit)
    compressed = "gzip" in request.headers.get("Accept-Encoding", "")
    return await run_in_threadpool(_written, found, compressed=compressed)


def _written(page: ChangePage, *, compressed: bool) -> Response:
    body = page.model_dump_json().encode()
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if compressed:
        # Nothing that whoever asks has chosen is in it, so its length tells nothing.
        body = gzip.compress(body, compresslevel=6, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, headers=headers, media_type="application/json")
