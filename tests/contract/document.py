# SPDX-License-Identifier: Apache-2.0
"""The contract's document, as it is kept, and whether an answer of central's is one of it."""

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
    """The document."""
    kept: dict[str, Any] = json.loads(PATH.read_text())
    return kept


def operation(method: str, path: str) -> dict[str, Any] | None:
    """The operation that a request is for, if it is for one."""
    for template, operations in document()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            found: dict[str, Any] | None = operations.get(method.lower())
            return found
    return None


def responses(described: dict[str, Any]) -> dict[str, Any]:
    """The responses of an operation, by status."""
    shared = document()["components"]["responses"]
    return {
        status: shared[response["$ref"].rpartition("/")[2]] if "$ref" in response else response
        for status, response in described["responses"].items()
    }


def assert_conforms(answer: requests.Response) -> None:
    """The answer is one that the document has for what was asked."""
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
