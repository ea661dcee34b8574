# SPDX-License-Identifier: Apache-2.0
"""The contract's document: true, whole, and all that the kiosk's client asks for."""

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
    """The types of the problems that an operation may refuse with, by status."""
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


def test_the_document_is_what_messages_and_routes_make() -> None:
    """If not: make contract."""
    assert PATH.read_text() == openapi.text()


def test_it_is_openapi_and_every_operation_has_a_name_of_its_own() -> None:
    assert document()["openapi"].startswith("3.1.")
    names = [described["operationId"] for _, described in OPERATIONS]
    assert len(names) == len(set(names)) > 5


@each_operation
def test_every_operation_says_what_it_does_and_asks_for_the_token(
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


def test_every_problem_is_some_operations() -> None:
    documented = {
        kind
        for _, described in OPERATIONS
        for kinds in refusals(described).values()
        for kind in kinds
    }
    assert documented == set(ProblemType)


def test_bytes_are_bounded_by_the_characters_that_carry_them() -> None:
    schemas = document()["components"]["schemas"]
    nonce = schemas["UnlockResponse"]["properties"]["nonce"]
    assert (nonce["contentEncoding"], nonce["minLength"], nonce["maxLength"]) == ("base64", 24, 88)


def test_there_is_no_operation_where_there_is_none() -> None:
    assert operation("GET", "/v1/unlocks") is None
    assert operation("POST", f"/v1/unlocks/{uuid4()}/planted") is None


# ---------------------------------------------------------------- the kiosk's client

REQUESTS = sorted(
    name for name, _ in inspect.getmembers(CentralClient, inspect.isfunction) if name[0] != "_"
)


def sample(annotation: Any) -> Any:
    """An argument of the client's: what it says does not matter here."""
    if annotation is UUID:
        return uuid4()
    if issubclass(annotation, BaseModel):
        return annotation.model_construct()
    return annotation(1)


@pytest.mark.parametrize("name", REQUESTS)
def test_the_client_asks_for_nothing_but_what_the_document_has(name: str) -> None:
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
