# SPDX-License-Identifier: Apache-2.0
"""The contract's document as stored, and checks of central's answers against it."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import requests

PATH = Path(__file__).parents[2] / "docs" / "contract" / "openapi.json"


@cache
def document() -> dict[str, Any]:
    """Return the document."""
    kept: dict[str, Any] = json.loads(PATH.read_text())
    return kept


def operation(method: str, path: str) -> dict[str, Any] | None:
    """Return the operation that a request is for, or None."""
    for template, operations in document()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            found: dict[str, Any] | None = operations.get(method.lower())
            return found
    return None


def responses(described: dict[str, Any]) -> dict[str, Any]:
    """Return the responses of an operation, by status."""
    shared = document()["components"]["responses"]
    return {
        status: shared[response["$ref"].rpartition("/")[2]] if "$ref" in response else response
        for status, response in described["responses"].items()
    }


def assert_conforms(answer: requests.Response) -> None:
    """Raise AssertionError unless the document allows this answer to this request."""
    method, path = answer.request.method or "", answer.request.path_url.partition("?")[0]
    described = operation(method, path)
    assert described is not None, f"{method} {path} is not in the contract"
    status = str(answer.status_code)
    known = responses(described)
    assert status in known, f"{path}: {status} {answer.text}"
    assert list(known[status]["content"]) == [answer.headers["Content-Type"]]
    _validator(described["operationId"], status).validate(answer.json())


@cache
def _validator(operation_id: str, status: str) -> jsonschema_rs.Draft202012Validator:
    (described,) = (
        operation
        for path in document()["paths"].values()
        for operation in path.values()
        if operation["operationId"] == operation_id
    )
    (content,) = responses(described)[status]["content"].values()
    components = {"components": document()["components"]}
    return jsonschema_rs.Draft202012Validator(content["schema"] | components)
