# SPDX-License-Identifier: Apache-2.0
"""The contract as an OpenAPI document, made from its messages and routes: `make contract`.

It is kept in `docs/contract`; the service does not serve it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from fastapi.openapi.utils import get_openapi

from kiosk.central.http import problems, routes
from kiosk.contract.enrolment import TokenRequest
from kiosk.contract.messages import PROBLEM_PREFIX, Problem, ProblemType

TITLE = "Smartcard kiosk: what kiosks ask of central"
DESCRIPTION = """\
Bytes travel as base64 (standard alphabet, padded), UUIDs and times in their usual text forms.
Unknown fields are refused on both sides. Whatever central refuses, it refuses with a problem
document (RFC 9457), whose type says why; nothing that was sent is repeated in it.\
"""

_Json = dict[str, Any]


def document() -> _Json:
    """The document. The same for the same messages and routes, whatever the libraries' versions."""
    made = get_openapi(
        title=TITLE, version="1", description=DESCRIPTION, routes=routes.every_route()
    )
    schemas: _Json = made["components"]["schemas"]
    for foreign in ("HTTPValidationError", "ValidationError"):
        schemas.pop(foreign, None)
    schemas["Problem"] = Problem.model_json_schema()
    schemas["TokenRequest"] = TokenRequest.model_json_schema()
    made["components"]["responses"] = {
        problem: problems.refusal([problem]) for problem in ProblemType
    }
    for operation in _operations(made):
        operation.pop("summary")
        answers = operation["responses"]
        operation["responses"] = {status: _shared(each) for status, each in answers.items()}
    for schema in _walk(schemas):
        _count_characters(schema)
        _require_what_tells_apart(schema, schemas)
    return made


def text() -> str:
    """The document as it is kept."""
    return json.dumps(document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _operations(made: _Json) -> Iterator[_Json]:
    for path in made["paths"].values():
        yield from path.values()


def _shared(response: _Json) -> _Json:
    """Return a reference in place of a response that is one problem alone: the document has it."""
    types = [
        each
        for schema in _walk(response.get("content", {}).get(problems.MEDIA_TYPE, {}))
        for each in schema.get("enum", ())
    ]
    if len(types) != 1:
        return response
    return {"$ref": f"#/components/responses/{types[0].removeprefix(PROBLEM_PREFIX)}"}


def _walk(schema: Any) -> Iterator[_Json]:
    if isinstance(schema, dict):
        yield schema
        for inner in schema.values():
            yield from _walk(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _walk(inner)


def _require_what_tells_apart(schema: _Json, schemas: _Json) -> None:
    """The property that tells variants apart is never left out, whatever its default."""
    telling = schema.get("discriminator", {})
    for variant in telling.get("mapping", {}).values():
        required = schemas[variant.rpartition("/")[2]].setdefault("required", [])
        required.append(telling["propertyName"])


def _count_characters(schema: _Json) -> None:
    """Bounds that are declared for bytes are those of their base64 in the document."""
    if schema.get("contentEncoding") == "base64":
        for bound in {"minLength", "maxLength"} & schema.keys():
            schema[bound] = -(-schema[bound] // 3) * 4


if __name__ == "__main__":
    sys.stdout.write(text())
