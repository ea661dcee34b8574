"""The contract's client: one method a request, the project's own errors, bounded answers."""

from __future__ import annotations

import threading
import time
from typing import TypeVar
from uuid import UUID

import requests
from pydantic import BaseModel, ValidationError

from kiosk.contract import messages as msg
from kiosk.contract import profile as pf
from kiosk.errors import CentralRefused, CentralUnavailable

_CONNECT_SECONDS, _READ_SECONDS = 4.0, 15.0
_WHOLE_SECONDS = 20.0  # for an answer that comes drop by drop
_LONGEST_ANSWER = 1 << 20
_Answer = TypeVar("_Answer", bound=BaseModel)


class CentralClient:
    """Central, over HTTP. Safe to call from several threads: each has its own connection.

    Every method raises CentralUnavailable where there is no answer or none that can be understood,
    and CentralRefused where central said no.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token
        self._per_thread = threading.local()

    def health(self) -> msg.Health:
        """Whether central answers."""
        return self._ask("GET", "/v1/health", None, msg.Health)

    def open_unlock(self, request: msg.OpenUnlock) -> msg.UnlockOpened:
        """Ask for a card's questions; the same session may be opened again."""
        return self._ask("POST", "/v1/unlocks", request, msg.UnlockOpened)

    def give_answers(self, session: UUID, request: msg.GiveAnswers) -> msg.AnswersAccepted:
        """Have the answers and the card's proof checked. Counts as an attempt: not sent again."""
        return self._ask("POST", f"/v1/unlocks/{session}/answers", request, msg.AnswersAccepted)

    def send_code(self, session: UUID) -> msg.CodeSent:
        """Have a fresh code e-mailed to the cardholder; the one before is void."""
        return self._ask("POST", f"/v1/unlocks/{session}/code", None, msg.CodeSent)

    def grant(self, session: UUID) -> msg.Grant:
        """The pair of unblocking keys; asking again gives the same."""
        return self._ask("POST", f"/v1/unlocks/{session}/grant", None, msg.Grant)

    def open_challenge(self, session: UUID) -> msg.ChallengeOpened:
        """Begin a dialogue between the card and its administrator key; a grant is good for two."""
        return self._ask("POST", f"/v1/unlocks/{session}/challenges", None, msg.ChallengeOpened)

    def answer_challenge(
        self, session: UUID, number: int, request: msg.CardChallenge
    ) -> msg.ChallengeResponse:
        """What the administrator key makes of the card's challenge; asked once a dialogue."""
        path = f"/v1/unlocks/{session}/challenges/{number}/response"
        return self._ask("POST", path, request, msg.ChallengeResponse)

    def judge_reply(self, session: UUID, number: int, request: msg.CardReply) -> msg.CardGenuine:
        """Whether the card has the administrator key too; refused where it has not."""
        path = f"/v1/unlocks/{session}/challenges/{number}/reply"
        return self._ask("POST", path, request, msg.CardGenuine)

    def questions(self, language: str) -> pf.QuestionList:
        """The questions that may be chosen, in a language."""
        return self._ask("GET", f"/v1/questions?language={language}", None, pf.QuestionList)

    def open_login(self, request: pf.OpenLogin) -> pf.LoginOpened:
        """Ask for what the card is to sign; the same session may be opened again."""
        return self._ask("POST", "/v1/logins", request, pf.LoginOpened)

    def prove_login(self, session: UUID, request: pf.ProveLogin) -> pf.Profile:
        """Have the card's signature believed; who its holder is."""
        return self._ask("POST", f"/v1/logins/{session}/proof", request, pf.Profile)

    def former_questions(self, session: UUID) -> pf.FormerQuestions:
        """The questions of the registration that a new one would replace."""
        return self._ask("GET", f"/v1/logins/{session}/questions", None, pf.FormerQuestions)

    def send_registration_code(
        self, session: UUID, request: pf.SendRegistrationCode
    ) -> msg.CodeSent:
        """Have a registration code e-mailed; the one before is void."""
        return self._ask("POST", f"/v1/logins/{session}/code", request, msg.CodeSent)

    def register(self, session: UUID, request: pf.Register) -> pf.Registered:
        """Register the card; sent again, it is registered once."""
        return self._ask("POST", f"/v1/logins/{session}/registration", request, pf.Registered)

    def remove_registration(self, session: UUID, request: pf.RemoveRegistration) -> pf.Removed:
        """End the card's registration."""
        return self._ask("POST", f"/v1/logins/{session}/removal", request, pf.Removed)

    def report(self, report: msg.Report) -> msg.ReportOutcome:
        """Hand over what the outbox holds."""
        return self._ask("POST", "/v1/reports", report, msg.ReportOutcome)

    def _ask(
        self, method: str, path: str, body: BaseModel | None, answer: type[_Answer]
    ) -> _Answer:
        headers = {"Authorization": f"Bearer {self._token}"}
        data = b""
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = body.model_dump_json().encode()
        try:
            with self._session().request(
                method,
                self._url + path,
                data=data,
                headers=headers,
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                content = _bounded(response)
        except requests.RequestException as error:
            # Only the kind: the text of an error may carry what was sent.
            raise CentralUnavailable(type(error).__name__) from None
        try:
            if response.status_code >= 400:
                raise _refusal(content, response.status_code)
            return answer.model_validate_json(content)
        except ValidationError:
            raise CentralUnavailable(f"answer {response.status_code} not understood") from None

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._per_thread, "session", None)
        if session is None:
            session = requests.Session()
            # No proxy, no .netrc: the environment does not decide whom a kiosk talks to.
            session.trust_env = False
            self._per_thread.session = session
        return session


def _bounded(response: requests.Response) -> bytes:
    content, end = bytearray(), time.monotonic() + _WHOLE_SECONDS
    # Small pieces: between two of them the time is looked at.
    for piece in response.iter_content(512):
        content += piece
        if len(content) > _LONGEST_ANSWER or time.monotonic() > end:
            raise requests.RequestException
    return bytes(content)


def _refusal(content: bytes, status: int) -> CentralRefused | CentralUnavailable:
    problem = msg.Problem.model_validate_json(content)
    if status >= 500:
        return CentralUnavailable(f"answer {status}")
    kind = problem.type.removeprefix(msg.PROBLEM_PREFIX)
    return CentralRefused(kind, status, problem.retry_after_seconds)
