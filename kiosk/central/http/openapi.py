# SPDX-License-Identifier: Apache-2.0
"""The contract as an OpenAPI document, made from its messages and routes: `make contract`.

It is kept in `docs/contract`; the service does not serve it.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
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
_P = ProblemType
_SESSION = (_P.NOT_FOUND, _P.EXPIRED, _P.CARD_STOPPED)
_UNLOCK = (*_SESSION, _P.NOT_REGISTERED)
_DIALOGUE = (*_UNLOCK, _P.OUT_OF_ORDER)
_LOGIN = (*_SESSION, _P.OUT_OF_ORDER)
_CODE = (_P.CODE_WRONG, _P.CODE_VOID)
_ANSWERS = (_P.ANSWERS_WRONG, _P.LOCKED_OUT, _P.WAIT)
_ALWAYS = (_P.INVALID_REQUEST, _P.TOO_LARGE, _P.INTERNAL, _P.UNAVAILABLE)
_PROBLEMS: Mapping[str, Sequence[ProblemType]] = {
    "health": (),
    "nonce": (),
    "enrol": (_P.ENROLMENT_REFUSED,),
    "token": (_P.NOT_AUTHENTICATED,),
    "retire": (_P.OUT_OF_ORDER,),
    "open_unlock": (
        *(_P.CARD_NOT_KNOWN, _P.CARD_STOPPED, _P.NOT_REGISTERED, _P.LOCKED_OUT, _P.CARD_FROZEN),
        *(_P.WAIT, _P.OUT_OF_ORDER, _P.EXPIRED, _P.UNSETTLED),
    ),
    "give_answers": (*_UNLOCK, _P.CARD_NOT_GENUINE, _P.CODE_REQUIRED, *_CODE, *_ANSWERS),
    "send_code": (*_UNLOCK, _P.OUT_OF_ORDER, _P.LOCKED_OUT, _P.NO_MORE_CODES, _P.MAIL_FAILED),
    "issue_grant": (*_UNLOCK, _P.OUT_OF_ORDER, _P.CARD_FROZEN, _P.UNSETTLED),
    "open_challenge": _DIALOGUE,
    "respond": _DIALOGUE,
    "judge": (*_DIALOGUE, _P.CARD_NOT_GENUINE),
    "question_list": (),
    "open_login": (
        *(_P.CARD_NOT_KNOWN, _P.CARD_STOPPED, _P.UNLOCK_ONLY, _P.NOT_TRUSTED),
        *(_P.NOT_FOUND, _P.EXPIRED),
    ),
    "prove_login": (*_SESSION, _P.CARD_NOT_GENUINE),
    "registration_requirements": _LOGIN,
    "send_registration_code": (*_LOGIN, _P.EMAIL_REFUSED, _P.NO_MORE_CODES, _P.MAIL_FAILED),
    "register": (*_LOGIN, _P.CARD_NOT_GENUINE, *_CODE, _P.ANSWERS_UNFIT, *_ANSWERS),
    "remove_registration": (*_LOGIN, _P.CARD_NOT_GENUINE, _P.LOCKED_OUT),
    "report": (),
    "lend_packs": (),
    "follow_changes": (_P.CURSOR_VOID,),
}


def document() -> _Json:
    """The document. The same for the same messages and routes, whatever the libraries' versions."""
    app = FastAPI(generate_unique_id_function=lambda route: route.name)
    app.include_router(routes.router)
    made = get_openapi(title=TITLE, version="1", description=DESCRIPTION, routes=app.routes)
    schemas: _Json = made["components"]["schemas"]
    for foreign in ("HTTPValidationError", "ValidationError"):
        schemas.pop(foreign, None)
    schemas["Problem"] = Problem.model_json_schema()
    schemas["TokenRequest"] = TokenRequest.model_json_schema()
    made["components"]["responses"] = {problem: _refusal([problem]) for problem in ProblemType}
    for operation in _operations(made):
        operation.pop("summary")
        operation["responses"].pop("422", None)
        operation["responses"] |= _refusals(operation)
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


def _refusals(operation: _Json) -> _Json:
    """The problem responses of an operation, by status."""
    known = [_P.NOT_AUTHENTICATED] if "security" in operation else []
    by_status: dict[HTTPStatus, list[ProblemType]] = defaultdict(list)
    for problem in (*_ALWAYS, *known, *_PROBLEMS[operation["operationId"]]):
        by_status[problems.status(problem)].append(problem)
    return {
        str(status.value): (
            {"$ref": f"#/components/responses/{of[0]}"} if len(of) == 1 else _refusal(of)
        )
        for status, of in by_status.items()
    }


def _refusal(of: Sequence[ProblemType]) -> _Json:
    """The response that is one of these problems, which have one status."""
    status = problems.status(of[0])
    types = sorted(PROBLEM_PREFIX + problem for problem in of)
    narrowed = {"properties": {"status": {"const": status.value}, "type": {"enum": types}}}
    schema = {"allOf": [{"$ref": "#/components/schemas/Problem"}, narrowed]}
    return {
        "description": "; ".join(f"`{each}`: {problems.title(each)}" for each in sorted(of)),
        "content": {problems.MEDIA_TYPE: {"schema": schema}},
    }


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
