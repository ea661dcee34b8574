"""The requests of the contract."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from kiosk.central import (
    answers,
    authentication,
    challenge,
    codes,
    facts,
    grant,
    login,
    questions,
    registering,
    unlock,
)
from kiosk.central.authentication import Caller
from kiosk.central.parts import Parts
from kiosk.contract.messages import (
    AnswersAccepted,
    CardChallenge,
    CardGenuine,
    CardReply,
    ChallengeOpened,
    ChallengeResponse,
    CodeSent,
    GiveAnswers,
    Grant,
    Health,
    OpenUnlock,
    Question,
    Report,
    ReportOutcome,
    UnlockOpened,
)
from kiosk.contract.profile import (
    FormerQuestions,
    LoginOpened,
    OpenLogin,
    Profile,
    ProveLogin,
    QuestionList,
    Register,
    Registered,
    Removed,
    RemoveRegistration,
    SendRegistrationCode,
)


def _unstored(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


# Some answers carry keys: nothing on the way may keep any.
router = APIRouter(prefix="/v1", dependencies=[Depends(_unstored)])


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


Central = Annotated[Parts, Depends(_parts)]


def _authenticated(request: Request, parts: Central) -> Caller:
    with parts.database.transaction() as database:
        return authentication.caller(database, request.headers.get("Authorization"))


Authenticated = Annotated[Caller, Depends(_authenticated)]
Language = Annotated[str, Query(pattern=r"^[a-z]{2}$")]
Dialogue = Annotated[int, Path(ge=1, le=2)]


@router.get("/health")
def health(parts: Central) -> Health:
    """The service answers, and whose it is. For anybody."""
    return Health(central=parts.name)


@router.post("/unlocks")
def open_unlock(parts: Central, caller: Authenticated, asked: OpenUnlock) -> UnlockOpened:
    """See `unlock.open_unlock`."""
    return unlock.open_unlock(parts, caller, asked)


@router.post("/unlocks/{session}/answers")
def give_answers(
    parts: Central, caller: Authenticated, session: UUID, given: GiveAnswers
) -> AnswersAccepted:
    """See `answers.give_answers`."""
    return answers.give_answers(parts, caller, session, given)


@router.post("/unlocks/{session}/code")
def send_code(parts: Central, caller: Authenticated, session: UUID) -> CodeSent:
    """See `codes.send_code`."""
    return codes.send_code(parts, caller, session)


@router.post("/unlocks/{session}/grant")
def issue_grant(parts: Central, caller: Authenticated, session: UUID) -> Grant:
    """See `grant.issue_grant`."""
    return grant.issue_grant(parts, caller, session)


@router.post("/unlocks/{session}/challenges")
def open_challenge(parts: Central, caller: Authenticated, session: UUID) -> ChallengeOpened:
    """See `challenge.open_challenge`."""
    return challenge.open_challenge(parts, caller, session)


@router.post("/unlocks/{session}/challenges/{number}/response")
def respond(
    parts: Central, caller: Authenticated, session: UUID, number: Dialogue, asked: CardChallenge
) -> ChallengeResponse:
    """See `challenge.respond`."""
    return challenge.respond(parts, caller, session, number, asked)


@router.post("/unlocks/{session}/challenges/{number}/reply")
def judge(
    parts: Central, caller: Authenticated, session: UUID, number: Dialogue, given: CardReply
) -> CardGenuine:
    """See `challenge.judge`."""
    return challenge.judge(parts, caller, session, number, given)


@router.get("/questions")
def question_list(caller: Authenticated, language: Language = "en") -> QuestionList:  # noqa: ARG001
    """The questions to choose four of, in a language."""
    return QuestionList(
        questions=tuple(
            Question(id=each, text=questions.text(each, language)) for each in questions.ENGLISH
        )
    )


@router.post("/logins")
def open_login(parts: Central, caller: Authenticated, asked: OpenLogin) -> LoginOpened:
    """See `login.open_login`."""
    return login.open_login(parts, caller, asked)


@router.post("/logins/{session}/proof")
def prove_login(parts: Central, caller: Authenticated, session: UUID, given: ProveLogin) -> Profile:
    """See `login.prove_login`."""
    return login.prove_login(parts, caller, session, given)


@router.get("/logins/{session}/questions")
def former_questions(parts: Central, caller: Authenticated, session: UUID) -> FormerQuestions:
    """See `registering.former_questions`."""
    return registering.former_questions(parts, caller, session)


@router.post("/logins/{session}/code")
def send_registration_code(
    parts: Central, caller: Authenticated, session: UUID, asked: SendRegistrationCode
) -> CodeSent:
    """See `registering.send_code`."""
    return registering.send_code(parts, caller, session, asked)


@router.post("/logins/{session}/registration")
def register(parts: Central, caller: Authenticated, session: UUID, given: Register) -> Registered:
    """See `registering.register`."""
    return registering.register(parts, caller, session, given)


@router.post("/logins/{session}/removal")
def remove_registration(
    parts: Central, caller: Authenticated, session: UUID, given: RemoveRegistration
) -> Removed:
    """See `registering.remove`."""
    return registering.remove(parts, caller, session, given)


@router.post("/reports")
def report(parts: Central, caller: Authenticated, sent: Report) -> ReportOutcome:
    """See `facts.apply_report`."""
    return facts.apply_report(parts, caller, sent)
