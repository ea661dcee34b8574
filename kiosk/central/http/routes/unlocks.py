# SPDX-License-Identifier: Apache-2.0
"""An unlock: questions, answers, code, grant, and the dialogue with an administrator key."""

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
def open_unlock(services: Central, caller: Authenticated, asked: UnlockRequest) -> UnlockResponse:
    """The questions of a card that is to be unlocked, and the nonce that it is to sign."""
    return opening.open_unlock(services, caller, asked)


@router.post(
    "/unlocks/{session}/answers",
    responses=refusals(*_UNLOCK, _P.CARD_NOT_GENUINE, _P.CODE_REQUIRED, *CODE, *ANSWERS),
)
def give_answers(
    services: Central, caller: Authenticated, session: UUID, given: AnswersRequest
) -> AnswersResponse:
    """Have the card's proof and the answers judged: a failed attempt until they are right."""
    return attempt.give_answers(services, caller, session, given)


@router.post(
    "/unlocks/{session}/code",
    responses=refusals(*_UNLOCK, _P.OUT_OF_ORDER, _P.LOCKED_OUT, _P.NO_MORE_CODES, _P.MAIL_FAILED),
)
def send_code(services: Central, caller: Authenticated, session: UUID) -> CodeResponse:
    """Have a fresh code e-mailed to the cardholder; the one before it is void."""
    return codes.send_code(services, caller, session)


@router.post(
    "/unlocks/{session}/grant",
    responses=refusals(*_UNLOCK, _P.OUT_OF_ORDER, _P.CARD_FROZEN, _P.UNSETTLED),
)
def issue_grant(services: Central, caller: Authenticated, session: UUID) -> Grant:
    """Have the pair of unblocking keys: the same however often, until the card work has begun."""
    return grant.issue_grant(services, caller, session)


@router.post("/unlocks/{session}/challenges", responses=refusals(*_DIALOGUE))
def open_challenge(services: Central, caller: Authenticated, session: UUID) -> ChallengeOpened:
    """Begin a dialogue between the card and its administrator key; a grant is good for two."""
    return challenge.open_challenge(services, caller, session)


@router.post("/unlocks/{session}/challenges/{number}/response", responses=refusals(*_DIALOGUE))
def respond(
    services: Central, caller: Authenticated, session: UUID, number: Dialogue, asked: CardChallenge
) -> ChallengeResponse:
    """Have what the administrator key makes of the card's challenge; once a dialogue."""
    return challenge.respond(services, caller, session, number, asked)


@router.post(
    "/unlocks/{session}/challenges/{number}/reply",
    responses=refusals(*_DIALOGUE, _P.CARD_NOT_GENUINE),
)
def judge(
    services: Central, caller: Authenticated, session: UUID, number: Dialogue, given: CardReply
) -> CardGenuine:
    """Have the card's own answer judged, in the mutual form: once a dialogue."""
    return challenge.judge(services, caller, session, number, given)
