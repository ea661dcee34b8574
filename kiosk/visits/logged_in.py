# SPDX-License-Identifier: Apache-2.0
"""The visit of a cardholder who knows the passcode: change it, log in, register, unregister.

As in `unlock_visit`, each method blocks, runs in a thread of the runtime, and returns the event of
its result. Central's session and the card's signature are kept here and end with the visit.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from kiosk.card.passcode_work import Own
from kiosk.card.session import CardReport
from kiosk.contract import answer_rules, proof
from kiosk.contract import messages as msg
from kiosk.contract import registration as pf
from kiosk.errors import CardMalformed, CardRefused, CentralRefused, KioskError, StoreFailed
from kiosk.flow import cardholder_profile as shown
from kiosk.flow import events as ev
from kiosk.questions import SecurityQuestion
from kiosk.values import Secret
from kiosk.visits import VisitContext
from kiosk.visits.failures import failed
from kiosk.visits.unlock_visit import presented

_log = logging.getLogger(__name__)


class HolderVisit:
    """A cardholder's visit, with a card that is not locked."""

    def __init__(self, visit: int, report: CardReport, context: VisitContext) -> None:
        self.number = visit
        self._report = report
        self._reader, self._central = context.reader, context.central
        self._outbox, self._parties = context.outbox, context.parties
        self._login: pf.LoginResponse | None = None
        self._registering: bytes | None = None
        self._card_signature: bytes | None = None

    # ------------------------------------------------------------ the passcode

    def change(self, old: Secret, new: Secret) -> ev.Event:
        """Change the card's passcode; works without central."""
        identity = self._report.identity
        try:
            self._reader.change((identity, self._own()), old, new)
        except KioskError as error:
            return failed(self.number, error)
        try:
            self._outbox.note(msg.PasscodeChange(family=identity.family, serial=identity.serial))
        except StoreFailed as error:
            # The passcode is changed all the same, and the user must be told so.
            _log.error("visit %d: passcode change not recorded: %s", self.number, error)
        return ev.PasscodeChanged(self.number)

    # ------------------------------------------------------------ log in

    def log_in(self, passcode: Secret) -> ev.Event:
        """Let the card sign for a session of central's; the event has the holder's profile."""

        def work() -> ev.Event:
            request = pf.LoginRequest(session=uuid4(), card=presented(self._report))
            self._login = login = self._central.open_login(request)
            signature = self._signature(login, proof.ProofPurpose.LOG_IN, passcode)
            profile = self._central.prove_login(login.session, pf.LoginProof(signature=signature))
            return ev.LoggedIn(self.number, _shown(profile))

        return self._as_event(work)

    # ------------------------------------------------------------ registering

    def open_registration(self, passcode: Secret) -> ev.Event:
        """Verify the passcode again, and fetch the questions and the other conditions."""

        def work() -> ev.Event:
            login = self._logged_in()
            self._registering = self._signature(login, proof.ProofPurpose.REGISTER, passcode)
            self._card_signature = self._signature_of_card(login)
            offered = self._central.questions().questions
            needed = self._central.registration_requirements(login.session)
            return ev.RegistrationOpened(
                self.number,
                tuple(SecurityQuestion(each.id, each.text) for each in offered),
                tuple(SecurityQuestion(each.id, each.text) for each in needed.former_questions),
                needed.mail_domains,
            )

        return self._as_event(work)

    def judge(self, question: SecurityQuestion, answer: str, others: tuple[str, ...]) -> ev.Event:
        """Return whether an answer is good enough, by the rule that central applies too."""
        flaw = answer_rules.flaw(question, answer, others)
        return ev.AnswerJudged(self.number, None if flaw is None else ev.AnswerFault(flaw.value))

    def send_code(self, email: str, language: str, *, anew: bool = False) -> ev.Event:
        """Ask central to email a registration code, in the user's screen language."""

        def work() -> ev.Event:
            try:
                request = pf.RegistrationCodeRequest(email=email, language=language)
            except ValueError:
                return ev.EmailRefused(self.number)
            sent = self._central.send_registration_code(self._logged_in().session, request)
            return ev.CodeSent(self.number, sent.address, anew, sent.queued)

        return self._as_event(work)

    def register(
        self,
        questions: tuple[str, ...],
        answers: tuple[str, ...],
        code: str,
        former: tuple[str | None, ...],
        email: str,
        *,
        language: str,
    ) -> ev.Event:
        """Register the card; if the code is void by now, request another one at once."""

        def work() -> ev.Event:
            login = self._logged_in()
            request = pf.RegistrationRequest.model_validate(
                {
                    "signature": self._registering,
                    "card_signature": self._card_signature,
                    "questions": questions,
                    "answers": answers,
                    "code": code,
                    "former": former or None,
                    "language": language,
                }
            )
            try:
                self._central.register(login.session, request)
            except CentralRefused as refused:
                if refused.problem == msg.ProblemType.CODE_VOID:
                    return self.send_code(email, language, anew=True)
                raise
            return ev.CardRegistered(self.number)

        return self._as_event(work)

    def remove(self, passcode: Secret) -> ev.Event:
        """End the registration."""

        def work() -> ev.Event:
            login = self._logged_in()
            signature = self._signature(login, proof.ProofPurpose.REMOVE, passcode)
            request = pf.RemovalRequest(signature=signature)
            self._central.remove_registration(login.session, request)
            return ev.RegistrationRemoved(self.number)

        return self._as_event(work)

    # ------------------------------------------------------------ parts

    def _as_event(self, work: Callable[[], ev.Event]) -> ev.Event:
        try:
            return work()
        except KioskError as error:
            return failed(self.number, error)

    def _logged_in(self) -> pf.LoginResponse:
        if self._login is None:
            raise CentralRefused(msg.ProblemType.OUT_OF_ORDER, 409)
        return self._login

    def _signature(
        self, login: pf.LoginResponse, purpose: proof.ProofPurpose, passcode: Secret
    ) -> bytes:
        report = self._report
        digest = self._digest(login, purpose)
        certificate = report.certificates.authentication
        if certificate is None:
            raise CentralRefused(msg.ProblemType.UNLOCK_ONLY, 403)
        expected = (report.identity, self._own())
        return self._reader.sign(expected, certificate, passcode, digest)

    def _signature_of_card(self, login: pf.LoginResponse) -> bytes | None:
        """Return the card authentication key's signature; None if the card cannot give one.

        Raises WrongCard if the card signs with another key than its certificate says.
        """
        certificate = self._report.certificates.card_authentication
        if certificate is None:
            return None
        digest = self._digest(login, proof.ProofPurpose.PIN_KEY)
        try:
            return self._reader.prove(self._report.identity, certificate, digest)
        except (CardRefused, CardMalformed) as error:
            _log.warning("visit %d: the card's own key signs nothing: %s", self.number, error)
            return None

    def _digest(self, login: pf.LoginResponse, purpose: proof.ProofPurpose) -> bytes:
        return proof.digest(
            purpose,
            central=self._parties.central,
            kiosk=self._parties.kiosk,
            card=self._report.identity,
            session=login.session,
            nonce=login.nonce,
        )

    def _own(self) -> Own:
        """Return the proof that the card signs before it gets the passcode."""
        fresh = proof.digest(
            proof.ProofPurpose.CARD_WORK,
            central=self._parties.central,
            kiosk=self._parties.kiosk,
            card=self._report.identity,
            session=uuid4(),
            nonce=secrets.token_bytes(32),
        )
        return Own(self._report.certificates.card_authentication, fresh)


def _shown(profile: pf.CardholderProfile) -> shown.Profile:
    today = datetime.now(UTC).date()
    return shown.Profile(
        name=profile.name,
        trusts=tuple(shown.Trust(each.name, each.role) for each in profile.organisations),
        smartcards=tuple(
            shown.Smartcard(
                each.serial,
                each.kind,
                each.manufacturer,
                each.issued,
                each.expires,
                each.modified and each.modified.date(),
                each.in_reader,
            )
            for each in profile.smartcards
        ),
        positions=tuple(
            shown.AssignedPosition(
                each.code,
                each.name,
                each.source,
                each.organisation,
                each.start,
                each.end,
                each.modified and each.modified.date(),
            )
            for each in profile.positions
        ),
        certificate_expires=profile.certificate_expires,
        days_left=(profile.certificate_expires - today).days,
        self_service=shown.SelfService(profile.self_service.value),
        email=profile.email,
        uuid=profile.uuid,
        registered=profile.registered_at and profile.registered_at.date(),
    )
