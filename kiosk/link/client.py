# SPDX-License-Identifier: Apache-2.0
"""The contract's client: one method a request."""

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
    """Where access tokens come from: see `AccessTokens`."""

    def current(self) -> str:
        """A token that is good."""

    def refused(self, token: str) -> None:
        """Central did not accept this one."""

    @property
    def retiring(self) -> bool:
        """Whether central has said that this kiosk is to hand over what it has, and to go."""


class CentralClient:
    """Central, over HTTP. Safe to call from several threads: each has its own connection.

    Every method raises CentralUnavailable where there is no answer or none that can be understood,
    and CentralRefused where central said no.
    """

    def __init__(self, url: str, tokens: Tokens, authority: Path | None = None) -> None:
        self._http = Http(url, authority)
        self.tokens = tokens

    def health(self) -> msg.Health:
        """Whether central answers: it does so to anybody."""
        return self._http.ask("GET", "/v1/health", msg.Health)

    def open_unlock(self, request: msg.UnlockRequest) -> msg.UnlockResponse:
        """Ask for a card's questions; the same session may be opened again."""
        return self._ask("POST", "/v1/unlocks", request, msg.UnlockResponse)

    def give_answers(self, session: UUID, request: msg.AnswersRequest) -> msg.AnswersResponse:
        """Have the answers and the card's proof checked. Counts as an attempt: not sent again."""
        return self._ask("POST", f"/v1/unlocks/{session}/answers", request, msg.AnswersResponse)

    def send_code(self, session: UUID) -> msg.CodeResponse:
        """Have a fresh code e-mailed to the cardholder; the one before is void."""
        return self._ask("POST", f"/v1/unlocks/{session}/code", None, msg.CodeResponse)

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

    def questions(self) -> pf.QuestionList:
        """The questions that may be chosen, in English."""
        return self._ask("GET", "/v1/questions", None, pf.QuestionList)

    def open_login(self, request: pf.LoginRequest) -> pf.LoginResponse:
        """Ask for what the card is to sign; the same session may be opened again."""
        return self._ask("POST", "/v1/logins", request, pf.LoginResponse)

    def prove_login(self, session: UUID, request: pf.LoginProof) -> pf.CardholderProfile:
        """Have the card's signature believed; who its holder is."""
        return self._ask("POST", f"/v1/logins/{session}/proof", request, pf.CardholderProfile)

    def registration_requirements(self, session: UUID) -> pf.RegistrationRequirements:
        """What registering takes: former answers, where it replaces; an address of some domain."""
        path = f"/v1/logins/{session}/requirements"
        return self._ask("GET", path, None, pf.RegistrationRequirements)

    def send_registration_code(
        self, session: UUID, request: pf.RegistrationCodeRequest
    ) -> msg.CodeResponse:
        """Have a registration code e-mailed; the one before is void."""
        return self._ask("POST", f"/v1/logins/{session}/code", request, msg.CodeResponse)

    def register(self, session: UUID, request: pf.RegistrationRequest) -> pf.RegistrationResponse:
        """Register the card; sent again, it is registered once."""
        return self._ask(
            "POST", f"/v1/logins/{session}/registration", request, pf.RegistrationResponse
        )

    def remove_registration(self, session: UUID, request: pf.RemovalRequest) -> pf.RemovalResponse:
        """End the card's registration."""
        return self._ask("POST", f"/v1/logins/{session}/removal", request, pf.RemovalResponse)

    def report(self, report: msg.Report) -> msg.ReportOutcome:
        """Hand over what the outbox holds."""
        return self._ask("POST", "/v1/reports", report, msg.ReportOutcome)

    def lend_packs(self, request: pk.PacksRequest) -> pk.PackPage:
        """The next packs that this kiosk may have and has not."""
        return self._ask("POST", "/v1/packs", request, pk.PackPage)

    def retire(self) -> ident.RetirementResponse:
        """Say that nothing is left here; from then on central refuses this kiosk."""
        return self._ask("POST", "/v1/retirement", None, ident.RetirementResponse)

    def changes(self, cursor: str, limit: int, wait: int) -> ch.ChangePage:
        """The changes after a cursor, or from nothing with an empty one; waits for some."""
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
        # Nothing was done. The token may be over, or void: one more, and that answer counts.
        self.tokens.refused(token)
        return self._http.ask(method, path, answer, body, self.tokens.current(), wait=wait)
