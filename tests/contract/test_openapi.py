# SPDX-License-Identifier: Apache-2.0
"""The contract's document is up to date and complete, and covers the kiosk's client."""

from __future__ import annotations

import inspect
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from kiosk.central.http import openapi, problems
from kiosk.contract.messages import Problem, ProblemType
from kiosk.errors import CentralRefused
from kiosk.link.client import CentralClient
from tests.contract.document import PATH, document, operation, responses
from tests.link.server import Standing, answering

OPERATIONS = [
    (path, described)
    for path, operations in document()["paths"].items()
    for described in operations.values()
]
each_operation = pytest.mark.parametrize(
    ("path", "described"), OPERATIONS, ids=[described["operationId"] for _, described in OPERATIONS]
)


def refusals(described: dict[str, Any]) -> dict[str, list[str]]:
    """Return the problem types with which an operation may refuse, by status."""
    found = {}
    for status, response in responses(described).items():
        if not status.startswith("2"):
            assert list(response["content"]) == ["application/problem+json"]
            problem, narrowed = response["content"]["application/problem+json"]["schema"]["allOf"]
            assert problem == {"$ref": "#/components/schemas/Problem"}
            assert narrowed["properties"]["status"] == {"const": int(status)}
            found[status] = [
                kind.rpartition(":")[2] for kind in narrowed["properties"]["type"]["enum"]
            ]
    return found


def test_the_document_is_generated_from_messages_and_routes() -> None:
    """If this fails, run `make contract`."""
    assert PATH.read_text() == openapi.text()


def test_the_document_is_openapi_with_unique_operation_names() -> None:
    assert document()["openapi"].startswith("3.1.")
    names = [described["operationId"] for _, described in OPERATIONS]
    assert len(names) == len(set(names)) > 5


@each_operation
def test_every_operation_is_described_and_requires_the_token(
    path: str, described: dict[str, Any]
) -> None:
    assert described["description"]
    if path in {"/v1/health", "/v1/nonce", "/v1/enrolments", "/v1/token"}:
        assert "security" not in described
        return
    ((name,),) = described["security"]
    assert document()["components"]["securitySchemes"][name]["scheme"] == "bearer"
    assert "401" in described["responses"]


@each_operation
def test_every_refusal_is_a_problem_document(path: str, described: dict[str, Any]) -> None:
    found = refusals(described)
    assert {"413", "422", "500", "503"} <= found.keys()
    for status, kinds in found.items():
        assert {problems.status(ProblemType(kind)) for kind in kinds} == {int(status)}


def test_every_problem_belongs_to_an_operation() -> None:
    documented = {
        kind
        for _, described in OPERATIONS
        for kinds in refusals(described).values()
        for kind in kinds
    }
    assert documented == set(ProblemType)


def test_base64_fields_are_limited_in_characters() -> None:
    schemas = document()["components"]["schemas"]
    nonce = schemas["UnlockResponse"]["properties"]["nonce"]
    assert (nonce["contentEncoding"], nonce["minLength"], nonce["maxLength"]) == ("base64", 24, 88)


def test_an_unknown_path_has_no_operation() -> None:
    assert operation("GET", "/v1/unlocks") is None
    assert operation("POST", f"/v1/unlocks/{uuid4()}/planted") is None


# ---------------------------------------------------------------- the kiosk's client

REQUESTS = sorted(
    name for name, _ in inspect.getmembers(CentralClient, inspect.isfunction) if name[0] != "_"
)


def sample(annotation: Any) -> Any:
    """Return a value for a parameter of the client; its content does not matter."""
    if annotation is UUID:
        return uuid4()
    if issubclass(annotation, BaseModel):
        return annotation.model_construct()
    return annotation(1)


@pytest.mark.parametrize("name", REQUESTS)
def test_the_client_requests_only_documented_operations(name: str) -> None:
    problem = Problem(type="x", title="x", status=403).model_dump_json().encode()
    with answering(403, problem) as server:
        asking = getattr(CentralClient(server.url, Standing()), name)
        wanted = inspect.signature(asking, eval_str=True).parameters.values()
        with pytest.raises(CentralRefused):
            asking(*(sample(parameter.annotation) for parameter in wanted))
    ((method, path, _headers, body),) = server.requests
    described = operation(method, path.partition("?")[0])
    assert described is not None
    assert ("requestBody" in described) is bool(body)
