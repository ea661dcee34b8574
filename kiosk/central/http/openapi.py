# SPDX-License-Identifier: Apache-2.0
"""The contract as an OpenAPI document, made from the messages and the routes by `make contract`.

The document is kept in `docs/contract`; the service does not serve it.
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

TITLE = "Smartcard kiosk: the requests of kiosks to central"
DESCRIPTION = """\
Bytes are encoded as base64 (standard alphabet, padded), UUIDs and times in their usual text forms.
Both sides refuse unknown fields. Central refuses a request with a problem document (RFC 9457),
whose type says why; it repeats nothing of the request.\
"""

_Json = dict[str, Any]


def document() -> _Json:
    """Return the document; it depends on messages and routes, not on the libraries' versions."""
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
        _require_discriminators(schema, schemas)
    return made


def text() -> str:
    """Return the document as the text that is kept in `docs/contract`."""
    return json.dumps(document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _operations(made: _Json) -> Iterator[_Json]:
    for path in made["paths"].values():
        yield from path.values()


def _shared(response: _Json) -> _Json:
    """Replace a response that stands for one problem by a reference to the shared response."""
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


def _require_discriminators(schema: _Json, schemas: _Json) -> None:
    """Require the property that discriminates variants, even if it has a default."""
    discriminator = schema.get("discriminator", {})
    for variant in discriminator.get("mapping", {}).values():
        required = schemas[variant.rpartition("/")[2]].setdefault("required", [])
        required.append(discriminator["propertyName"])


def _count_characters(schema: _Json) -> None:
    """Convert the bounds of bytes fields to lengths of their base64 text."""
    if schema.get("contentEncoding") == "base64":
        for bound in {"minLength", "maxLength"} & schema.keys():
            schema[bound] = -(-schema[bound] // 3) * 4


if __name__ == "__main__":
    sys.stdout.write(text())
