# SPDX-License-Identifier: Apache-2.0
"""What central says when it says no: problem documents (RFC 9457) that never echo what was sent."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from kiosk.central.refusal import RequestRefused
from kiosk.central.storage.database import first_line
from kiosk.contract.messages import PROBLEM_PREFIX, Problem, ProblemType
from kiosk.errors import MasterKeyAway, StoreFailed

_MEANING = {
    ProblemType.NOT_AUTHENTICATED: (HTTPStatus.UNAUTHORIZED, "This kiosk is not known"),
    ProblemType.ENROLMENT_REFUSED: (HTTPStatus.FORBIDDEN, "No such kiosk is enrolled by that"),
    ProblemType.INVALID_REQUEST: (HTTPStatus.UNPROCESSABLE_ENTITY, "Not a request of the contract"),
    ProblemType.TOO_LARGE: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large"),
    ProblemType.NOT_FOUND: (HTTPStatus.NOT_FOUND, "There is nothing here"),
    ProblemType.CARD_NOT_KNOWN: (HTTPStatus.NOT_FOUND, "The card is not known here"),
    ProblemType.NOT_REGISTERED: (HTTPStatus.FORBIDDEN, "Not registered for self service"),
    ProblemType.CARD_STOPPED: (HTTPStatus.FORBIDDEN, "The card may not be unlocked"),
    ProblemType.CARD_FROZEN: (HTTPStatus.FORBIDDEN, "The card's last tries are kept for the RA"),
    ProblemType.CARD_NOT_GENUINE: (HTTPStatus.FORBIDDEN, "The card did not prove itself"),
    ProblemType.ANSWERS_WRONG: (HTTPStatus.FORBIDDEN, "Not enough answers were right"),
    ProblemType.CODE_REQUIRED: (HTTPStatus.FORBIDDEN, "A code by e-mail is asked for as well"),
    ProblemType.CODE_WRONG: (HTTPStatus.FORBIDDEN, "That was not the code"),
    ProblemType.CODE_VOID: (HTTPStatus.FORBIDDEN, "The code is too old, or was tried too often"),
    ProblemType.NO_MORE_CODES: (HTTPStatus.FORBIDDEN, "The session has had all its codes"),
    ProblemType.MAIL_FAILED: (HTTPStatus.FAILED_DEPENDENCY, "The e-mail could not be sent"),
    ProblemType.NOT_TRUSTED: (HTTPStatus.FORBIDDEN, "The card's certificate is not believed"),
    ProblemType.UNLOCK_ONLY: (HTTPStatus.FORBIDDEN, "Nobody can log in with such a card"),
    ProblemType.EMAIL_REFUSED: (HTTPStatus.FORBIDDEN, "Not an address that codes may go to"),
    ProblemType.ANSWERS_UNFIT: (HTTPStatus.FORBIDDEN, "An answer is too easy, or there twice"),
    ProblemType.LOCKED_OUT: (HTTPStatus.FORBIDDEN, "Too many attempts: only the RA helps now"),
    ProblemType.WAIT: (HTTPStatus.TOO_MANY_REQUESTS, "Too soon after an attempt that failed"),
    ProblemType.OUT_OF_ORDER: (HTTPStatus.CONFLICT, "Not now, and not for this session"),
    ProblemType.EXPIRED: (HTTPStatus.GONE, "The session is over"),
    ProblemType.UNSETTLED: (HTTPStatus.CONFLICT, "Restored, and not all kiosks have reported yet"),
    ProblemType.CURSOR_VOID: (HTTPStatus.GONE, "Begin from nothing: too old, or of elsewhere"),
    ProblemType.INTERNAL: (HTTPStatus.INTERNAL_SERVER_ERROR, "The service failed"),
    ProblemType.UNAVAILABLE: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Database or master key are not to be had",
    ),
}
MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)


def status(problem: ProblemType) -> HTTPStatus:
    """The status that goes with a problem."""
    return _MEANING[problem][0]


def title(problem: ProblemType) -> str:
    """What a problem means."""
    return _MEANING[problem][1]


def response(problem: ProblemType, retry_after_seconds: int | None = None) -> JSONResponse:
    """The answer that says so."""
    document = Problem(
        type=PROBLEM_PREFIX + problem,
        title=title(problem),
        status=status(problem),
        retry_after_seconds=retry_after_seconds,
    )
    headers = {}
    if retry_after_seconds is not None:
        headers["Retry-After"] = str(retry_after_seconds)
    if problem is ProblemType.NOT_AUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(
        document.model_dump(exclude_defaults=True),
        document.status,
        headers,
        media_type=MEDIA_TYPE,
    )


def refusals(*known: ProblemType) -> dict[int | str, dict[str, Any]]:
    """Return the problem responses of an operation by status, for its `responses`."""
    by_status: dict[HTTPStatus, list[ProblemType]] = defaultdict(list)
    for problem in known:
        by_status[status(problem)].append(problem)
    return {code.value: refusal(of) for code, of in by_status.items()}


def refusal(of: Sequence[ProblemType]) -> dict[str, Any]:
    """Return the OpenAPI response that is one of these problems, which share a status."""
    types = sorted(PROBLEM_PREFIX + problem for problem in of)
    narrowed = {"properties": {"status": {"const": status(of[0]).value}, "type": {"enum": types}}}
    schema = {"allOf": [{"$ref": "#/components/schemas/Problem"}, narrowed]}
    return {
        "description": "; ".join(f"`{each}`: {title(each)}" for each in sorted(of)),
        "content": {MEDIA_TYPE: {"schema": schema}},
    }


def install(app: FastAPI) -> None:
    """Have every error of `app` answered as a problem document."""

    @app.exception_handler(RequestRefused)
    def refused(_request: Request, error: RequestRefused) -> JSONResponse:
        return response(error.problem, error.retry_after_seconds)

    @app.exception_handler(RequestValidationError)
    def invalid(_request: Request, _error: RequestValidationError) -> JSONResponse:
        return response(ProblemType.INVALID_REQUEST)

    @app.exception_handler(HTTPException)
    def other(_request: Request, error: HTTPException) -> JSONResponse:
        missing = error.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
        return response(ProblemType.NOT_FOUND if missing else ProblemType.INVALID_REQUEST)

    @app.exception_handler(SQLAlchemyError)
    def database_failed(_request: Request, error: SQLAlchemyError) -> JSONResponse:
        # Handled here and not below, where the traceback would be logged with what the server said.
        _log.error("the database: %s", first_line(error))
        passes = isinstance(error, OperationalError | PoolTimeout)
        return response(ProblemType.UNAVAILABLE if passes else ProblemType.INTERNAL)

    @app.exception_handler(StoreFailed)
    def journal_failed(_request: Request, error: StoreFailed) -> JSONResponse:
        _log.error("%s", error.reason)
        return response(ProblemType.UNAVAILABLE)

    @app.exception_handler(MasterKeyAway)
    def key_away(_request: Request, error: MasterKeyAway) -> JSONResponse:
        _log.error("the master key's token: %s", error.reason)
        return response(ProblemType.UNAVAILABLE)

    @app.exception_handler(Exception)
    def failed(_request: Request, _error: Exception) -> JSONResponse:
        return response(ProblemType.INTERNAL)
