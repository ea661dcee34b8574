# SPDX-License-Identifier: Apache-2.0
"""Routes for an unlock: questions, answers, code, grant, and challenges of an administrator key."""

from __future__ import annotations

from uuid import UUID

from kiosk.central.http.problems import refusals
from kiosk.central.http.routes.dependencies import (
    ANSWERS,
    CODE,
    SESSION,
    Authenticated,
    Central,
    Dialogue,
    authenticated_router,
)
from kiosk.central.registration import codes
from kiosk.central.unlocking import attempt, challenge, grant, opening
from kiosk.contract.messages import (
    AnswersRequest,
    AnswersResponse,
    CardChallenge,
    CardGenuine,
    CardReply,
    ChallengeOpened,
    ChallengeResponse,
    CodeResponse,
    Grant,
    ProblemType,
    UnlockRequest,
    UnlockResponse,
)

router = authenticated_router()
_P = ProblemType
_UNLOCK = (*SESSION, _P.NOT_REGISTERED)
_DIALOGUE = (*_UNLOCK, _P.OUT_OF_ORDER)


@router.post(
    "/unlocks",
    responses=refusals(
        _P.CARD_NOT_KNOWN,
        _P.CARD_STOPPED,
        _P.NOT_REGISTERED,
        _P.LOCKED_OUT,
        _P.CARD_FROZEN,
        _P.WAIT,
        _P.OUT_OF_ORDER,
        _P.EXPIRED,
        _P.UNSETTLED,
    ),
)
def open_unlock(services: Central, caller: Authenticated, body: UnlockRequest) -> UnlockResponse:
    """Open an unlock: return the card's questions and the nonce that the card signs."""
    return opening.open_unlock(services, caller, body)


@router.post(
    "/unlocks/{session}/answers",
    responses=refusals(*_UNLOCK, _P.CARD_NOT_GENUINE, _P.CODE_REQUIRED, *CODE, *ANSWERS),
)
def give_answers(
    services: Central, caller: Authenticated, session: UUID, body: AnswersRequest
) -> AnswersResponse:
    """Check the card's proof and the answers; the attempt counts as failed until they are right."""
    return attempt.give_answers(services, caller, session, body)


@router.post(
    "/unlocks/{session}/code",
    responses=refusals(*_UNLOCK, _P.OUT_OF_ORDER, _P.LOCKED_OUT, _P.NO_MORE_CODES, _P.MAIL_FAILED),
)
def send_code(services: Central, caller: Authenticated, session: UUID) -> CodeResponse:
    """Email a fresh code to the cardholder; the code before it becomes void."""
    return codes.send_code(services, caller, session)


@router.post(
    "/unlocks/{session}/grant",
    responses=refusals(*_UNLOCK, _P.OUT_OF_ORDER, _P.CARD_FROZEN, _P.UNSETTLED),
)
def issue_grant(services: Central, caller: Authenticated, session: UUID) -> Grant:
    """Return the pair of unblocking keys: always the same grant, until the card work has begun."""
    return grant.issue_grant(services, caller, session)


@router.post("/unlocks/{session}/challenges", responses=refusals(*_DIALOGUE))
def open_challenge(services: Central, caller: Authenticated, session: UUID) -> ChallengeOpened:
    """Begin a dialogue between the card and its administrator key; a grant allows two."""
    return challenge.open_challenge(services, caller, session)


@router.post("/unlocks/{session}/challenges/{number}/response", responses=refusals(*_DIALOGUE))
def respond(
    services: Central, caller: Authenticated, session: UUID, number: Dialogue, body: CardChallenge
) -> ChallengeResponse:
    """Return the administrator key's response to the card's challenge; once for each dialogue."""
    return challenge.respond(services, caller, session, number, body)


@router.post(
    "/unlocks/{session}/challenges/{number}/reply",
    responses=refusals(*_DIALOGUE, _P.CARD_NOT_GENUINE),
)
def judge(
    services: Central, caller: Authenticated, session: UUID, number: Dialogue, body: CardReply
) -> CardGenuine:
    """Check the card's own reply, which only the mutual form has; once for each dialogue."""
    return challenge.judge(services, caller, session, number, body)
