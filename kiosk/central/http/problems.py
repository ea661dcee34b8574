# SPDX-License-Identifier: Apache-2.0
"""The problem documents (RFC 9457) with which central refuses; they never repeat the request."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from kiosk.central.refusal import RequestRefused
from kiosk.central.storage.database import first_line
from kiosk.contract.messages import PROBLEM_PREFIX, Problem, ProblemType
from kiosk.errors import MasterKeyAway, StoreFailed

_MEANING = {
    ProblemType.NOT_AUTHENTICATED: (HTTPStatus.UNAUTHORIZED, "The kiosk is not authenticated"),
    ProblemType.ENROLMENT_REFUSED: (
        HTTPStatus.FORBIDDEN,
        "The kiosk cannot be enrolled with this token and key",
    ),
    ProblemType.INVALID_REQUEST: (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The request does not match the contract",
    ),
    ProblemType.TOO_LARGE: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large"),
    ProblemType.NOT_FOUND: (HTTPStatus.NOT_FOUND, "There is no such resource"),
    ProblemType.CARD_NOT_KNOWN: (HTTPStatus.NOT_FOUND, "The card is not known"),
    ProblemType.NOT_REGISTERED: (
        HTTPStatus.FORBIDDEN,
        "The card is not registered for self service",
    ),
    ProblemType.CARD_STOPPED: (HTTPStatus.FORBIDDEN, "The card may not be unlocked"),
    ProblemType.CARD_FROZEN: (
        HTTPStatus.FORBIDDEN,
        "The card is frozen: its last tries are kept for the RA",
    ),
    ProblemType.CARD_NOT_GENUINE: (
        HTTPStatus.FORBIDDEN,
        "The card did not prove that it is genuine",
    ),
    ProblemType.ANSWERS_WRONG: (HTTPStatus.FORBIDDEN, "Too few answers were right"),
    ProblemType.CODE_REQUIRED: (HTTPStatus.FORBIDDEN, "A code sent by email is required"),
    ProblemType.CODE_WRONG: (HTTPStatus.FORBIDDEN, "The code was wrong"),
    ProblemType.CODE_VOID: (HTTPStatus.FORBIDDEN, "The code is too old or was tried too often"),
    ProblemType.NO_MORE_CODES: (HTTPStatus.FORBIDDEN, "The session gets no more codes"),
    ProblemType.MAIL_FAILED: (HTTPStatus.FAILED_DEPENDENCY, "The email could not be sent"),
    ProblemType.NOT_TRUSTED: (HTTPStatus.FORBIDDEN, "The card's certificate is not trusted"),
    ProblemType.UNLOCK_ONLY: (
        HTTPStatus.FORBIDDEN,
        "The card can be unlocked but not used to log in",
    ),
    ProblemType.EMAIL_REFUSED: (HTTPStatus.FORBIDDEN, "Codes may not be sent to this address"),
    ProblemType.ANSWERS_UNFIT: (HTTPStatus.FORBIDDEN, "An answer is too easy or used twice"),
    ProblemType.LOCKED_OUT: (
        HTTPStatus.FORBIDDEN,
        "Too many attempts failed: only the RA can help",
    ),
    ProblemType.WAIT: (HTTPStatus.TOO_MANY_REQUESTS, "It is too soon after a failed attempt"),
    ProblemType.OUT_OF_ORDER: (HTTPStatus.CONFLICT, "The session does not allow this request now"),
    ProblemType.EXPIRED: (HTTPStatus.GONE, "The session is over"),
    ProblemType.UNSETTLED: (
        HTTPStatus.CONFLICT,
        "Central was restored, and some kiosks have yet to report",
    ),
    ProblemType.CURSOR_VOID: (HTTPStatus.GONE, "The cursor is void: begin again without one"),
    ProblemType.BUSY: (
        HTTPStatus.TOO_MANY_REQUESTS,
        "The kiosk or its organisation asks too much: try again later",
    ),
    ProblemType.INTERNAL: (HTTPStatus.INTERNAL_SERVER_ERROR, "The service failed"),
    ProblemType.UNAVAILABLE: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The database or the master key is unavailable",
    ),
}
MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)


def status(problem: ProblemType) -> HTTPStatus:
    """Return the HTTP status of a problem."""
    return _MEANING[problem][0]


def title(problem: ProblemType) -> str:
    """Return the title of a problem: one sentence that says what it means."""
    return _MEANING[problem][1]


def response(problem: ProblemType, retry_after_seconds: int | None = None) -> JSONResponse:
    """Return the response that carries the problem."""
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
    """Return the OpenAPI response for these problems, which have the same status."""
    types = sorted(PROBLEM_PREFIX + problem for problem in of)
    narrowed = {"properties": {"status": {"const": status(of[0]).value}, "type": {"enum": types}}}
    schema = {"allOf": [{"$ref": "#/components/schemas/Problem"}, narrowed]}
    return {
        "description": "; ".join(f"`{each}`: {title(each)}" for each in sorted(of)),
        "content": {MEDIA_TYPE: {"schema": schema}},
    }


def install(app: FastAPI) -> None:
    """Make `app` answer every error with a problem document."""

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
        # The handler for all exceptions would log a traceback with the database server's message.
        _log.error("the database: %s", first_line(error))
        temporary = isinstance(error, OperationalError | PoolTimeout)
        return response(ProblemType.UNAVAILABLE if temporary else ProblemType.INTERNAL)

    @app.exception_handler(StoreFailed)
    def journal_failed(_request: Request, error: StoreFailed) -> JSONResponse:
        _log.error("%s", error)
        return response(ProblemType.UNAVAILABLE)

    @app.exception_handler(MasterKeyAway)
    def key_away(_request: Request, error: MasterKeyAway) -> JSONResponse:
        _log.error("%s", error)
        return response(ProblemType.UNAVAILABLE)

    @app.exception_handler(ClientDisconnect)
    def left(_request: Request, _error: ClientDisconnect) -> Response:
        return Response(status_code=HTTPStatus.BAD_REQUEST)  # which nobody reads

    @app.exception_handler(Exception)
    def failed(_request: Request, _error: Exception) -> JSONResponse:
        return response(ProblemType.INTERNAL)
