# SPDX-License-Identifier: Apache-2.0
"""The size limits: no request body is larger than the largest that is of use there."""

from __future__ import annotations

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import Message

from kiosk.central.refusal import RequestRefused
from kiosk.contract.messages import ProblemType

# A report of a hundred signed facts is about 170 kB.
LARGEST_BODY = 256 * 1024
LARGEST_OPEN_BODY = 16 * 1024
"""Of a request that needs no authentication: a token request is about 1 kB."""


async def whole(request: Request, largest: int) -> Request:
    """Return the request with its body, read within the limit; refuse one that is too large."""
    body = bytearray()
    more = True
    while more:
        message = await request.receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > largest:
            raise RequestRefused(ProblemType.TOO_LARGE)
    kept: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def again() -> Message:
        return kept.pop() if kept else await request.receive()

    return Request(request.scope, again)
