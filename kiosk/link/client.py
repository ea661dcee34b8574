# SPDX-License-Identifier: Apache-2.0
"""The client of the contract: one method for each request."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel

from kiosk.contract import enrolment as ident
from kiosk.contract import messages as msg
from kiosk.contract import packs as pk
from kiosk.contract import registration as pf
from kiosk.contract import replication as ch
from kiosk.errors import CentralRefused
from kiosk.link.http import Http

_Answer = TypeVar("_Answer", bound=BaseModel)


class Tokens(Protocol):
    """A source of access tokens: see `AccessTokens`."""

    def current(self) -> str:
        """Return a valid token."""

    def refused(self, token: str) -> None:
        """Take note that central did not accept this token."""

    @property
    def retiring(self) -> bool:
        """Whether central has told this kiosk to hand over its data and go out of service."""


class CentralClient:
    """Central, over HTTP; several threads may call it, because each has its own connection.

    Every method raises CentralUnavailable if there is no answer or an unreadable one, CentralBusy
    if central names a time for the next try, and CentralRefused if central refused.
    """

    def __init__(self, url: str, tokens: Tokens, authority: Path | None = None) -> None:
        self._http = Http(url, authority)
        self.tokens = tokens

    def health(self) -> msg.Health:
        """Return central's health; central answers without authentication."""
        return self._http.ask("GET", "/v1/health", msg.Health)

    def open_unlock(self, request: msg.UnlockRequest) -> msg.UnlockResponse:
        """Ask for a card's questions; the same session may be opened again."""
        return self._ask("POST", "/v1/unlocks", request, msg.UnlockResponse)

    def give_answers(self, session: UUID, request: msg.AnswersRequest) -> msg.AnswersResponse:
        """Send the answers and the card's proof; it counts as an attempt and is never retried."""
        return self._ask("POST", f"/v1/unlocks/{session}/answers", request, msg.AnswersResponse)

    def send_code(self, session: UUID) -> msg.CodeResponse:
        """Ask central to email a new code to the cardholder; the previous one is void."""
        return self._ask("POST", f"/v1/unlocks/{session}/code", None, msg.CodeResponse)

    def grant(self, session: UUID) -> msg.Grant:
        """Return the grant with the pair of unblocking keys; a retry returns the same grant."""
        return self._ask("POST", f"/v1/unlocks/{session}/grant", None, msg.Grant)

    def open_challenge(self, session: UUID) -> msg.ChallengeOpened:
        """Begin a dialogue between the card and its administrator key; a grant allows two."""
        return self._ask("POST", f"/v1/unlocks/{session}/challenges", None, msg.ChallengeOpened)

    def answer_challenge(
        self, session: UUID, number: int, request: msg.CardChallenge
    ) -> msg.ChallengeResponse:
        """Return the administrator key's response to the card's challenge; once in a dialogue."""
        path = f"/v1/unlocks/{session}/challenges/{number}/response"
        return self._ask("POST", path, request, msg.ChallengeResponse)

    def judge_reply(self, session: UUID, number: int, request: msg.CardReply) -> msg.CardGenuine:
        """Ask whether the card has the administrator key too; raises CentralRefused if not."""
        path = f"/v1/unlocks/{session}/challenges/{number}/reply"
        return self._ask("POST", path, request, msg.CardGenuine)

    def questions(self) -> pf.QuestionList:
        """Return the questions to choose from, in English."""
        return self._ask("GET", "/v1/questions", None, pf.QuestionList)

    def open_login(self, request: pf.LoginRequest) -> pf.LoginResponse:
        """Ask for the nonce that the card signs; the same session may be opened again."""
        return self._ask("POST", "/v1/logins", request, pf.LoginResponse)

    def prove_login(self, session: UUID, request: pf.LoginProof) -> pf.CardholderProfile:
        """Send the card's signature and return the cardholder's profile."""
        return self._ask("POST", f"/v1/logins/{session}/proof", request, pf.CardholderProfile)

    def registration_requirements(self, session: UUID) -> pf.RegistrationRequirements:
        """Return the conditions of a registration: former questions and email domains."""
        path = f"/v1/logins/{session}/requirements"
        return self._ask("GET", path, None, pf.RegistrationRequirements)

    def send_registration_code(
        self, session: UUID, request: pf.RegistrationCodeRequest
    ) -> msg.CodeResponse:
        """Ask central to email a registration code; the previous one is void."""
        return self._ask("POST", f"/v1/logins/{session}/code", request, msg.CodeResponse)

    def register(self, session: UUID, request: pf.RegistrationRequest) -> pf.RegistrationResponse:
        """Register the card; a repeated request registers it once."""
        return self._ask(
            "POST", f"/v1/logins/{session}/registration", request, pf.RegistrationResponse
        )

    def remove_registration(self, session: UUID, request: pf.RemovalRequest) -> pf.RemovalResponse:
        """End the card's registration."""
        return self._ask("POST", f"/v1/logins/{session}/removal", request, pf.RemovalResponse)

    def report(self, report: msg.Report) -> msg.ReportOutcome:
        """Send items of the outbox."""
        return self._ask("POST", "/v1/reports", report, msg.ReportOutcome)

    def lend_packs(self, request: pk.PacksRequest) -> pk.PackPage:
        """Return the next packs that this kiosk may have and does not have yet."""
        return self._ask("POST", "/v1/packs", request, pk.PackPage)

    def retire(self) -> ident.RetirementResponse:
        """Report that this kiosk has no data left; central refuses it from then on."""
        return self._ask("POST", "/v1/retirement", None, ident.RetirementResponse)

    def changes(self, cursor: str, limit: int, wait: int) -> ch.ChangePage:
        """Return the changes after `cursor` (empty: all); a long poll of up to `wait` seconds."""
        after = f"&cursor={cursor}" if cursor else ""
        path = f"/v1/changes?limit={limit}&wait={wait}{after}"
        return self._ask("GET", path, None, ch.ChangePage, wait)

    def _ask(
        self,
        method: str,
        path: str,
        body: BaseModel | None,
        answer: type[_Answer],
        wait: float = 0.0,
    ) -> _Answer:
        token = self.tokens.current()
        try:
            return self._http.ask(method, path, answer, body, token, wait=wait)
        except CentralRefused as refused:
            if refused.problem != msg.ProblemType.NOT_AUTHENTICATED:
                raise
        # Central did nothing: the token may have expired or be void. Retry once with a new one.
        self.tokens.refused(token)
        return self._http.ask(method, path, answer, body, self.tokens.current(), wait=wait)
