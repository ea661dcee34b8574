# SPDX-License-Identifier: Apache-2.0
"""The requests of the contract."""

from __future__ import annotations

import gzip
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from kiosk.central.feed import change_page
from kiosk.central.feed.watch import Watch
from kiosk.central.fleet import assertions, enrolling, kiosks, nonces
from kiosk.central.http import forms
from kiosk.central.lending import pack_issue
from kiosk.central.registration import card_login, codes, registering
from kiosk.central.service import authentication
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.central.unlocking import attempt, challenge, facts, grant, opening
from kiosk.contract.enrolment import (
    AccessToken,
    EnrolmentRequest,
    EnrolmentResponse,
    Nonce,
    RetirementResponse,
    TokenRequest,
)
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
    Health,
    Question,
    Report,
    ReportOutcome,
    UnlockRequest,
    UnlockResponse,
)
from kiosk.contract.packs import PackPage, PacksRequest
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
from kiosk.contract.replication import (
    LARGEST_PAGE,
    LONGEST_WAIT_SECONDS,
    ChangePage,
    Cursor,
    CursorText,
)
from kiosk.questions import IDS, SecurityQuestion


def _unstored(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


# Some answers carry keys: nothing on the way may keep any.
router = APIRouter(prefix="/v1", dependencies=[Depends(_unstored)])


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Central = Annotated[Services, Depends(_services)]


# Only for the contract's document: `authentication` refuses in its own words.
_token = HTTPBearer(auto_error=False, scheme_name="kiosk", description="An access token.")


def _authenticated(
    request: Request, services: Central, _documented: Annotated[object, Depends(_token)]
) -> Caller:
    with services.database.reading() as database:
        authorization = request.headers.get("Authorization")
        caller = authentication.caller(database, authorization, services.clock())
    return authentication.hear(services, caller)


Authenticated = Annotated[Caller, Depends(_authenticated)]
Language = Annotated[str, Query(pattern=r"^[a-z]{2}$")]
Dialogue = Annotated[int, Path(ge=1, le=2)]


@router.get("/health")
def health(services: Central) -> Health:
    """The service answers, and whose it is. For anybody."""
    return Health(central=services.name)


@router.get("/nonce")
def nonce(services: Central) -> Nonce:
    """What an enrolment or an assertion has to carry to be a fresh one. For anybody."""
    return nonces.issue(services)


@router.post("/enrolments")
def enrol(services: Central, asked: EnrolmentRequest) -> EnrolmentResponse:
    """Have a device be a kiosk, by a one-time token; again with the same key, the same answer."""
    return enrolling.enrol(services, asked)


@router.post("/token", openapi_extra=forms.DESCRIPTION)
def token(
    services: Central, asked: Annotated[TokenRequest, Depends(forms.ask_token)]
) -> AccessToken:
    """Have an access token for an assertion (RFC 7523): it says who the kiosk is, once."""
    return assertions.give_token(services, asked)


@router.post("/retirement")
def retire(services: Central, caller: Authenticated) -> RetirementResponse:
    """Go out of service, as the RA wants it: nothing is left to be reported."""
    return kiosks.retire(services, caller)


@router.post("/unlocks")
def open_unlock(services: Central, caller: Authenticated, asked: UnlockRequest) -> UnlockResponse:
    """The questions of a card that is to be unlocked, and the nonce that it is to sign."""
    return opening.open_unlock(services, caller, asked)


@router.post("/unlocks/{session}/answers")
def give_answers(
    services: Central, caller: Authenticated, session: UUID, given: AnswersRequest
) -> AnswersResponse:
    """Have the card's proof and the answers judged: a failed attempt until they are right."""
    return attempt.give_answers(services, caller, session, given)


@router.post("/unlocks/{session}/code")
def send_code(services: Central, caller: Authenticated, session: UUID) -> CodeResponse:
    """Have a fresh code e-mailed to the cardholder; the one before it is void."""
    return codes.send_code(services, caller, session)


@router.post("/unlocks/{session}/grant")
def issue_grant(services: Central, caller: Authenticated, session: UUID) -> Grant:
    """Have the pair of unblocking keys: the same however often, until the card work has begun."""
    return grant.issue_grant(services, caller, session)


@router.post("/unlocks/{session}/challenges")
def open_challenge(services: Central, caller: Authenticated, session: UUID) -> ChallengeOpened:
    """Begin a dialogue between the card and its administrator key; a grant is good for two."""
    return challenge.open_challenge(services, caller, session)


@router.post("/unlocks/{session}/challenges/{number}/response")
def respond(
    services: Central, caller: Authenticated, session: UUID, number: Dialogue, asked: CardChallenge
) -> ChallengeResponse:
    """Have what the administrator key makes of the card's challenge; once a dialogue."""
    return challenge.respond(services, caller, session, number, asked)


@router.post("/unlocks/{session}/challenges/{number}/reply")
def judge(
    services: Central, caller: Authenticated, session: UUID, number: Dialogue, given: CardReply
) -> CardGenuine:
    """Have the card's own answer judged, in the mutual form: once a dialogue."""
    return challenge.judge(services, caller, session, number, given)


@router.get("/questions")
def question_list(caller: Authenticated, language: Language = "en") -> QuestionList:  # noqa: ARG001
    """The questions to choose four of, in a language."""
    return QuestionList(
        questions=tuple(
            Question(id=each, text=SecurityQuestion(each).in_language(language)) for each in IDS
        )
    )


@router.post("/logins")
def open_login(services: Central, caller: Authenticated, asked: LoginRequest) -> LoginResponse:
    """Ask for the nonce that a card is to sign once its passcode was verified."""
    return card_login.open_login(services, caller, asked)


@router.post("/logins/{session}/proof")
def prove_login(
    services: Central, caller: Authenticated, session: UUID, given: LoginProof
) -> CardholderProfile:
    """Log in by the card's signature, and have its holder's profile."""
    return card_login.prove_login(services, caller, session, given)


@router.get("/logins/{session}/requirements")
def registration_requirements(
    services: Central, caller: Authenticated, session: UUID
) -> RegistrationRequirements:
    """What registering takes: the former answers, where there are any, and whose addresses."""
    return registering.requirements(services, caller, session)


@router.post("/logins/{session}/code")
def send_registration_code(
    services: Central, caller: Authenticated, session: UUID, asked: RegistrationCodeRequest
) -> CodeResponse:
    """Have a code e-mailed to what is to be the cardholder's address; the one before is void."""
    return registering.send_code(services, caller, session, asked)


@router.post("/logins/{session}/registration")
def register(
    services: Central, caller: Authenticated, session: UUID, given: RegistrationRequest
) -> RegistrationResponse:
    """Register the card, in place of the registration it may have; again, it changes nothing."""
    return registering.register(services, caller, session, given)


@router.post("/logins/{session}/removal")
def remove_registration(
    services: Central, caller: Authenticated, session: UUID, given: RemovalRequest
) -> RemovalResponse:
    """End the card's registration; removing what is not there is done."""
    return registering.remove(services, caller, session, given)


@router.post("/reports")
def report(services: Central, caller: Authenticated, sent: Report) -> ReportOutcome:
    """Hand over what the outbox holds: every item is answered, and applied once."""
    return facts.apply_report(services, caller, sent)


@router.post("/packs")
def lend_packs(services: Central, caller: Authenticated, asked: PacksRequest) -> PackPage:
    """Be lent what it takes to unlock cards while central is out of reach."""
    return pack_issue.give_packs(services, caller, asked)


class ChangesQuery(BaseModel):
    """From where on, at most how much, and how long to wait where there is nothing yet."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cursor: CursorText | None = None
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = 500
    wait: Annotated[int, Field(ge=0, le=LONGEST_WAIT_SECONDS)] = 0


@router.get("/changes", response_model=ChangePage)
async def follow_changes(
    request: Request,
    services: Central,
    caller: Authenticated,
    asked: Annotated[ChangesQuery, Query()],
) -> Response:
    """What changed since the cursor; without one, all there is.

    Where nothing has changed, it waits for so long for something. Compressed with gzip where that
    is accepted.
    """
    after = None if asked.cursor is None else Cursor.parse(asked.cursor)
    found = await run_in_threadpool(change_page.page, services, caller, after, asked.limit)
    if asked.wait and found.next == asked.cursor:
        watch: Watch = request.app.state.watch
        await watch.wait(caller.organisation_id, found.head, found.epoch, asked.wait)
        found = await run_in_threadpool(change_page.page, services, caller, after, asked.limit)
    compressed = "gzip" in request.headers.get("Accept-Encoding", "")
    return await run_in_threadpool(_written, found, compressed=compressed)


def _written(page: ChangePage, *, compressed: bool) -> Response:
    body = page.model_dump_json().encode()
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if compressed:
        # Nothing that whoever asks has chosen is in it, so its length tells nothing.
        body = gzip.compress(body, compresslevel=6, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, headers=headers, media_type="application/json")
