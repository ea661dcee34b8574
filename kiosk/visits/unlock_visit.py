# SPDX-License-Identifier: Apache-2.0
"""The unlock of one visit: its work with the card and central, for the flow's unlock effects.

Each method blocks, runs in a thread of the runtime, and returns the event of its result; errors
leave this file only as events. The visit's session, questions and grant are kept here and end with
the visit.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from uuid import UUID

from kiosk.card.preflight import Obstacle, Purpose, obstacle
from kiosk.card.session import CardReport
from kiosk.card.unlock_work import Candidate, CardStep, UnlockPlan
from kiosk.contract import messages as msg
from kiosk.contract import proof
from kiosk.errors import (
    CardMalformed,
    CentralError,
    CentralRefused,
    CentralUnavailable,
    KioskError,
    StoreFailed,
)
from kiosk.flow import events as ev
from kiosk.link import CentralAuthority, CentralClient
from kiosk.questions import SecurityQuestion
from kiosk.store.outbox import Outbox
from kiosk.values import Secret
from kiosk.vault.sealed_answers import REQUIRED
from kiosk.visits import VisitContext, eligibility
from kiosk.visits.failures import failed
from kiosk.visits.offline_unlock import OfflineUnlock, spki

_log = logging.getLogger(__name__)
_BATCH, _BATCHES = (
    100,
    5,
)  # items in a report (the contract's limit), and reports; the sync does more
_RETRIES, _RETRY_SECONDS = 6, 0.5  # while another visit at this kiosk ends


def new_reference() -> str:
    """Return a new reference for a visit: eight hexadecimal digits, grouped to be read out."""
    digits = secrets.token_hex(4).upper()
    return f"{digits[:4]}-{digits[4:]}"


def _session_of(reference: str) -> UUID:
    """Return a session id that begins with the reference, so that the RA can match the two."""
    return UUID(hex=reference.replace("-", "") + secrets.token_hex(12))


def hand_over(outbox: Outbox, central: CentralClient) -> None:
    """Report the outbox's items as far as possible; the grant does not depend on it."""
    try:
        outbox.catch_up()
        for _ in range(_BATCHES):
            items = outbox.pending(_BATCH)
            if not items:
                return
            outcome = central.report(msg.Report(items=items))
            if not {item.id for item in items} & {each.id for each in outcome.items}:
                raise CentralUnavailable("no outcome for any item")
            outbox.acknowledge(outcome)
    except (CentralError, StoreFailed) as error:
        _log.warning("outbox not delivered: %s", error)


class UnlockVisit:
    """A card's visit, from reading the card to the last fact."""

    def __init__(self, visit: int, context: VisitContext) -> None:
        self.number = visit
        self._context = context
        self._reader, self._central = context.reader, context.central
        self._outbox, self._parties = context.outbox, context.parties
        self._replica = context.replica
        self._report: CardReport | None = None
        self._opened: msg.UnlockResponse | None = None
        self._offline: OfflineUnlock | None = None
        self._begun = False  # whether card work has begun: the card's state is uncertain from then
        self._over = threading.Event()

    def read_card(self) -> ev.Event:
        """Read the card in the reader."""
        try:
            self._report = report = self._reader.inspect()
        except KioskError as error:
            return failed(self.number, error)
        return ev.CardRead(
            self.number,
            report.identity,
            report.counters,
            report.rules,
            may_log_in=not report.unlock_only,
        )

    @property
    def report(self) -> CardReport | None:
        """The report of the card, once it was read."""
        return self._report

    def forget(self) -> None:
        """End the visit, because the user has left; no new card work begins from now on.

        Card work that has begun is completed.
        """
        self._over.set()
        if self._offline is not None:
            self._offline.forget()

    def open(self, reference: str, *, forgotten: bool) -> ev.Event:
        """Ask central for the cardholder's questions; the screen words them by their id."""
        report = self._report
        if report is None:
            return ev.CardFailed(self.number, ev.CardTrouble.FAILED)
        # The user may have gone back to the menu: this session replaces an earlier one.
        if self._offline is not None:
            self._offline.forget()
        self._offline = self._opened = None
        try:
            request = msg.UnlockRequest(
                session=_session_of(reference),
                card=presented(report),
                reason=msg.UnlockReason.FORGOTTEN if forgotten else msg.UnlockReason.LOCKED,
            )
            self._opened = opened = self._open_session(request)
        except CentralUnavailable as error:
            return (
                self._predicted_refusal(report)
                or self._open_offline(reference, request)
                or failed(self.number, error)
            )
        except KioskError as error:
            return failed(self.number, error)
        questions = tuple(SecurityQuestion(each.id, each.text) for each in opened.questions)
        return ev.UnlockOpened(self.number, questions, opened.required)

    def _open_session(self, request: msg.UnlockRequest) -> msg.UnlockResponse:
        """Return central's answer; if the card is frozen, report all that is known here and retry.

        Central assumes the worst of a visit that broke off until the kiosk reports its end.
        """
        for _ in range(_RETRIES):
            try:
                return self._central.open_unlock(request)
            except CentralRefused as refused:
                if refused.problem != msg.ProblemType.CARD_FROZEN:
                    raise
            settled = self._outbox.is_settled()
            hand_over(self._outbox, self._central)
            # A visit that its user has left may still wait for its grant, and end with it.
            if settled or self._over.wait(_RETRY_SECONDS):
                break
        return self._central.open_unlock(request)

    def _open_offline(self, reference: str, request: msg.UnlockRequest) -> ev.Event | None:
        """Return the questions of the pack for this card, or None if there is none."""
        leases, report = self._context.leases, self._report
        if leases is None or report is None:
            return None
        try:
            loan = leases.find(report.identity)
        except StoreFailed as error:
            _log.warning("visit %d: packs not readable: %s", self.number, error)
            return None
        if loan is None:
            return None
        # Use another session: central may have opened the first, and only its answer was lost.
        offline_request = request.model_copy(update={"session": _session_of(reference)})
        self._offline = offline = OfflineUnlock(
            self._context, leases.pack_store, loan, report, offline_request
        )
        return ev.UnlockOpened(self.number, offline.questions, REQUIRED, offline=True)

    def _predicted_refusal(self, report: CardReport) -> ev.Event | None:
        """Return central's refusal as the replica predicts it, or None if it predicts none."""
        try:
            refusal = eligibility.refusal(self._replica, report.identity)
        except StoreFailed as error:
            _log.warning("visit %d: replica not readable: %s", self.number, error)
            return None
        return None if refusal is None else ev.UnlockRefused(self.number, refusal)

    def answer(self, answers: tuple[str | None, ...], code: str | None) -> ev.Event:
        """Let the card prove itself, and central check the answers and any code it asked for."""
        if self._offline is not None:
            answered = self._offline.answer(self.number, answers)
            if self._over.is_set():  # the user left before the key was there to wipe
                self._offline.forget()
            return answered
        opened = self._opened
        if opened is None or self._report is None:
            return ev.CardFailed(self.number, ev.CardTrouble.FAILED)
        try:
            signed = self._proof(self._report, opened)
            request = msg.AnswersRequest(answers=answers, proof=signed, code=code)
            self._central.give_answers(opened.session, request)
        except CentralRefused as refused:
            if refused.problem in (msg.ProblemType.CODE_REQUIRED, msg.ProblemType.CODE_VOID):
                return self.send_code(anew=refused.problem == msg.ProblemType.CODE_VOID)
            return failed(self.number, refused)
        except KioskError as error:
            return failed(self.number, error)
        return ev.AnswersAccepted(self.number)

    def send_code(self, *, anew: bool) -> ev.Event:
        """Ask central to email a code; `anew` means that it replaces a void one."""
        if self._opened is None:
            return ev.CardFailed(self.number, ev.CardTrouble.FAILED)
        try:
            sent = self._central.send_code(self._opened.session)
        except KioskError as error:
            return failed(self.number, error)
        return ev.CodeSent(self.number, sent.address, anew, sent.queued)

    def unlock(self, passcode: Secret, advance: Callable[[ev.UnlockStep], None]) -> ev.Event:
        """Get the grant and do the card work; call `advance` with each step that is reached."""
        opened, report = self._offline or self._opened, self._report
        if opened is None or report is None:
            return ev.CardFailed(self.number, ev.CardTrouble.FAILED)
        try:
            if self._offline is None:
                # The more central knows, the fewer tries it must hold back.
                hand_over(self._outbox, self._central)
            self._refuse_if_over()
            self._outbox.begin_visit(opened.session)
            try:
                return self._work(opened.session, report, passcode, advance)
            finally:
                self._end(opened.session)
        except KioskError as error:
            event = failed(self.number, error)
            if self._begun and isinstance(error, StoreFailed):
                return ev.CardFailed(self.number, ev.CardTrouble.FAILED)
            return event

    def _end(self, session: UUID) -> None:
        try:
            self._outbox.end_visit(session)
        except StoreFailed as error:
            # The outbox retries it; the user's result stays the same.
            _log.error("visit %d: end not recorded: %s", self.number, error)

    def _work(
        self,
        session: UUID,
        report: CardReport,
        passcode: Secret,
        advance: Callable[[ev.UnlockStep], None],
    ) -> ev.Event:
        asked_at = time.monotonic()
        grant = self._granted(session) if self._offline is None else self._offline.grant()
        match obstacle(report, Purpose.UNLOCK, tries_needed=grant.first_needs_tries_left):
            case Obstacle.KEY_SPENT:
                return ev.CardFailed(self.number, ev.CardTrouble.UNBLOCKING_SPENT)
            case Obstacle.KEY_AT_RISK:
                return ev.UnlockRefused(self.number, ev.Refusal.FROZEN)
        plan = self._plan(report, grant, passcode)
        authority = CentralAuthority(self._central, session) if not plan.current.key else None
        try:
            begin_by = asked_at + grant.begin_within_seconds
            self._reader.unlock(plan, self._recorder(grant, advance, begin_by), authority)
        finally:
            plan.wipe()
        return ev.CardUnlocked(self.number)

    # ------------------------------------------------------------ parts

    def _refuse_if_over(self) -> None:
        """Raise CentralRefused if the user has left.

        The card may be back by now, in another visit: this visit must not touch it.
        """
        if self._over.is_set():
            raise CentralRefused(msg.ProblemType.EXPIRED, 410)

    def _granted(self, session: UUID) -> msg.Grant:
        grant = self._central.grant(session)
        self._outbox.note(
            msg.GrantReceived(grant=grant.grant, session=grant.session, receipt=grant.receipt)
        )
        return grant

    def _proof(self, report: CardReport, opened: msg.UnlockResponse) -> bytes | None:
        certificate = report.certificates.card_authentication
        if not opened.proof_required or certificate is None:
            return None
        digest = self._digest(proof.ProofPurpose.OPEN_UNLOCK, report, opened.session, opened.nonce)
        return self._reader.prove(report.identity, certificate, digest)

    def _plan(self, report: CardReport, grant: msg.Grant, passcode: Secret) -> UnlockPlan:
        # The card's last signature attests the key that it now carries. Without a renewal this is
        # nothing new, so the commands are saved. Offline it is needed: central saw no other work.
        attest = grant.next is not None or self._offline is not None
        certificate = report.certificates.authentication if attest else None
        pair = [each for each in (grant.current, grant.next) if each is not None]
        return UnlockPlan(
            identity=report.identity,
            current=_candidate(grant.current),
            next=_candidate(grant.next) if grant.next is not None else None,
            first=grant.first,
            second_allowed=grant.second_allowed,
            second_needs_tries_left=grant.second_needs_tries_left,
            renew=grant.renew,
            passcode=Secret(passcode.reveal()),  # a copy: the original may be wiped during the work
            proof=self._digest(
                proof.ProofPurpose.CARD_WORK, report, grant.grant, secrets.token_bytes(32)
            ),
            card_key=grant.card_authentication_key,
            holder_key=spki(certificate) if certificate is not None else None,
            attestations={
                each.generation: self._digest(
                    proof.ProofPurpose.UNLOCKED,
                    report,
                    grant.grant,
                    proof.generation_nonce(each.generation),
                )
                for each in pair
            },
        )

    def _digest(
        self, purpose: proof.ProofPurpose, report: CardReport, session: UUID, nonce: bytes
    ) -> bytes:
        return proof.digest(
            purpose,
            central=self._parties.central,
            kiosk=self._parties.kiosk,
            card=report.identity,
            session=session,
            nonce=nonce,
        )

    def _recorder(
        self, grant: msg.Grant, advance: Callable[[ev.UnlockStep], None], begin_by: float
    ) -> Callable[[CardStep], None]:
        sequence = 0

        def record(step: CardStep) -> None:
            nonlocal sequence
            if sequence == 0:
                self._refuse_if_over()
                ended = self._offline is not None and not self._offline.runs
                if ended or time.monotonic() > begin_by:
                    raise CentralRefused(msg.ProblemType.EXPIRED, 410)
            self._outbox.record(grant.session, _fact(grant.grant, sequence, step))
            sequence += 1
            self._begun = True
            if self._offline is not None:
                self._offline.recorded(step)
            reached = _REACHED.get((step.command, step.status))
            if reached is not None:
                advance(reached)

        return record


_REACHED = {
    ("authenticate", None): ev.UnlockStep.UNLOCK,
    ("unblock", None): ev.UnlockStep.UNLOCK,
    ("unblock", 0x9000): ev.UnlockStep.CHECK,
    ("change", None): ev.UnlockStep.RENEW,
}


def _fact(grant: UUID, sequence: int, step: CardStep) -> msg.CardFact:
    """Return the step as a fact; raises CardMalformed if the reader process sent an invalid one."""
    try:
        return msg.CardFact(
            grant=grant,
            sequence=sequence,
            command=msg.CardCommand(step.command),
            generation=step.generation,
            status=None if step.status is None else f"{step.status:04X}",
            signature=step.signature,
        )
    except ValueError:
        raise CardMalformed("a step of the card work") from None


def _candidate(key: msg.UnblockingKey) -> Candidate:
    return Candidate(key.generation, Secret(key.key or b""))


def presented(report: CardReport) -> msg.PresentedCard:
    """Return the card as it is sent to central; raises CardMalformed if its data is impossible."""
    try:
        return msg.PresentedCard(
            family=report.identity.family,
            serial=report.identity.serial,
            passcode_tries=report.counters.passcode,
            unblocking_tries=report.counters.unblocking,
            authentication_certificate=report.certificates.authentication,
            card_authentication_certificate=report.certificates.card_authentication,
        )
    except ValueError:
        raise CardMalformed("identity, counters or certificates") from None
