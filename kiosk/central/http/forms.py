# SPDX-License-Identifier: Apache-2.0
"""The contract's only form: the token request (RFC 6749), parsed and described for OpenAPI."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import ValidationError

from kiosk.central.refusal import RequestRefused
from kiosk.contract.enrolment import TokenRequest
from kiosk.contract.messages import ProblemType

MEDIA_TYPE = "application/x-www-form-urlencoded"

DESCRIPTION: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/TokenRequest"}}},
    }
}
"""The form's part of the OpenAPI document; `openapi` adds the schema."""


async def ask_token(request: Request) -> TokenRequest:
    """Return the form in the body; refuse a body that is none, or names a field twice."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != MEDIA_TYPE:
        raise RequestRefused(ProblemType.INVALID_REQUEST)
    try:
        text = (await request.body()).decode("ascii")
        fields = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=8)
        if len(fields) != len(dict(fields)):
            raise RequestRefused(ProblemType.INVALID_REQUEST)
        return TokenRequest.model_validate(dict(fields))
    except (ValueError, ValidationError):
        raise RequestRefused(ProblemType.INVALID_REQUEST) from None
