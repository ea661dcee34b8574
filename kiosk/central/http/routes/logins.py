# SPDX-License-Identifier: Apache-2.0
"""Routes for logging in with a card, and for registering for self service."""

from __future__ import annotations

from uuid import UUID

from kiosk.central.http.problems import refusals
from kiosk.central.http.routes.dependencies import (
    ANSWERS,
    CODE,
    SESSION,
    Authenticated,
    Central,
    Language,
    authenticated_router,
)
from kiosk.central.registration import card_login, registering
from kiosk.contract.messages import (
    CodeResponse,
    ProblemType,
    Question,
)
from kiosk.contract.registration import (
    CardholderProfile,
    LoginProof,
    LoginRequest,
    LoginResponse,
    QuestionList,
    RegistrationCodeRequest,
    RegistrationRequest,
    RegistrationRequirements,
    RegistrationResponse,
    RemovalRequest,
    RemovalResponse,
)
from kiosk.questions import IDS, SecurityQuestion

router = authenticated_router()
_P = ProblemType
_LOGIN = (*SESSION, _P.OUT_OF_ORDER)


@router.get("/questions")
def question_list(caller: Authenticated, language: Language = "en") -> QuestionList:  # noqa: ARG001
    """Return the questions in a language; a registration uses four of them."""
    return QuestionList(
        questions=tuple(
            Question(id=each, text=SecurityQuestion(each).in_language(language)) for each in IDS
        )
    )


@router.post(
    "/logins",
    responses=refusals(
        _P.CARD_NOT_KNOWN, _P.CARD_STOPPED, _P.UNLOCK_ONLY, _P.NOT_TRUSTED, _P.NOT_FOUND, _P.EXPIRED
    ),
)
def open_login(services: Central, caller: Authenticated, body: LoginRequest) -> LoginResponse:
    """Open a login and return the nonce that the card signs after its passcode was verified."""
    return card_login.open_login(services, caller, body)


@router.post("/logins/{session}/proof", responses=refusals(*SESSION, _P.CARD_NOT_GENUINE))
def prove_login(
    services: Central, caller: Authenticated, session: UUID, body: LoginProof
) -> CardholderProfile:
    """Log in with the card's signature, and return the cardholder's profile."""
    return card_login.prove_login(services, caller, session, body)


@router.get("/logins/{session}/requirements", responses=refusals(*_LOGIN))
def registration_requirements(
    services: Central, caller: Authenticated, session: UUID
) -> RegistrationRequirements:
    """Return what a registration needs: the former questions, if any, and the mail domains."""
    return registering.requirements(services, caller, session)


@router.post(
    "/logins/{session}/code",
    responses=refusals(*_LOGIN, _P.EMAIL_REFUSED, _P.NO_MORE_CODES, _P.MAIL_FAILED),
)
def send_registration_code(
    services: Central, caller: Authenticated, session: UUID, body: RegistrationCodeRequest
) -> CodeResponse:
    """Email a code to the address that the cardholder entered; the code before it becomes void."""
    return registering.send_code(services, caller, session, body)


@router.post(
    "/logins/{session}/registration",
    responses=refusals(*_LOGIN, _P.CARD_NOT_GENUINE, *CODE, _P.ANSWERS_UNFIT, *ANSWERS),
)
def register(
    services: Central, caller: Authenticated, session: UUID, body: RegistrationRequest
) -> RegistrationResponse:
    """Register the card, in place of any earlier registration; a retry changes nothing."""
    return registering.register(services, caller, session, body)


@router.post(
    "/logins/{session}/removal", responses=refusals(*_LOGIN, _P.CARD_NOT_GENUINE, _P.LOCKED_OUT)
)
def remove_registration(
    services: Central, caller: Authenticated, session: UUID, body: RemovalRequest
) -> RemovalResponse:
    """End the card's registration; if there is none, this succeeds too."""
    return registering.remove(services, caller, session, body)
