# SPDX-License-Identifier: Apache-2.0
"""Registering for self service after a login, and ending a registration.

The answers exist here only while the recovery key is sealed with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from kiosk.central.mail import letters
from kiosk.central.refusal import RequestRefused
from kiosk.central.registration import card_login, codes, registrations
from kiosk.central.registration.card_login import Login
from kiosk.central.service import notices, throttle
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.central.service.sessions import Work, refuse_if_locked, refuse_if_too_soon, working
from kiosk.central.tables import Attempt, AttemptOutcome, Registration
from kiosk.contract import proof
from kiosk.contract.answer_rules import flaw
from kiosk.contract.messages import CodeResponse, ProblemType, Question
from kiosk.contract.registration import (
    RegistrationCodeRequest,
    RegistrationRequest,
    RegistrationRequirements,
    RegistrationResponse,
    RemovalRequest,
    RemovalResponse,
)
from kiosk.questions import SecurityQuestion
from kiosk.values import Secret
from kiosk.vault import sealed_answers

_PER_LOGIN = 5  # codes: a user who goes back to correct the address gets another one


def requirements(services: Services, caller: Caller, session_id: UUID) -> RegistrationRequirements:
    """Return the questions whose answers a new registration needs, if any, and the mail domains."""
    with working(services, caller) as work:
        login = card_login.find_proved(work, session_id)
        former = card_login.registered(work, login.card)
    former_questions = former.questions if former is not None else []
    return RegistrationRequirements(
        former_questions=tuple(
            Question(id=each, text=SecurityQuestion(each).in_language("en"))
            for each in former_questions
        ),
        mail_domains=services.mail_domains,
    )


def send_code(
    services: Services, caller: Caller, session_id: UUID, request: RegistrationCodeRequest
) -> CodeResponse:
    """Email a code to the address that the cardholder entered; an earlier code becomes void."""
    with working(services, caller) as work:
        login = card_login.find_proved(work, session_id)
        try:
            address = services.accepted_address(request.email)
        except ValueError:
            raise RequestRefused(ProblemType.EMAIL_REFUSED) from None
        code = codes.new_code(work, session_id, address, at_most=_PER_LOGIN)
        login.holder.language = request.language
        letter = letters.registration_code(login.holder, code.digits, codes.VALID)
        card_login.record(work, "registration.code-sent", login)
    return codes.deliver(services, code, letter)


def register(
    services: Services, caller: Caller, session_id: UUID, request: RegistrationRequest
) -> RegistrationResponse:
    """Register the card, in place of any earlier registration; a retry changes nothing.

    The checks are in the order that reveals least to an attacker: the card's signature, the code,
    the former answers, and only then what is wrong with the new ones.
    """
    with working(services, caller) as work:
        login = card_login.find_proved(work, session_id)
        card_login.refuse_unless_signed(work, login, proof.ProofPurpose.REGISTER, request.signature)
        card_key = card_login.proved_card_key(work, login, request.card_signature)
        if login.card.closed:
            raise RequestRefused(ProblemType.LOCKED_OUT)
        if (done := _done(work, login)) is not None:
            return done
        _judge_code(work, login, request.code)
        _refuse_unfit(request)
        former = _count_former(work, login, request)
    if former is not None:
        right = registrations.opened_by(
            services, former.recovery, former.context, request.former or ()
        )
        with working(services, caller) as work:
            _conclude_former(work, card_login.find_proved(work, session_id), former, right=right)
    answers = [Secret(answer.encode()) for answer in request.answers]
    identity = uuid4()
    try:
        with services.evaluations:
            sealed = sealed_answers.seal_recovery(answers, sealed_answers.context(identity))
    finally:
        for answer in answers:
            answer.wipe()
    with working(services, caller) as work:
        login = card_login.find_proved(work, session_id)
        if (done := _done(work, login)) is not None:
            return done
        return _replace(work, login, identity, sealed, request, card_key=card_key)


def remove(
    services: Services, caller: Caller, session_id: UUID, request: RemovalRequest
) -> RemovalResponse:
    """End the registration and delete its envelopes; only the RA can allow another."""
    with working(services, caller) as work:
        login = card_login.find_proved(work, session_id)
        card_login.refuse_unless_signed(work, login, proof.ProofPurpose.REMOVE, request.signature)
        former = card_login.registered(work, login.card)
        if former is not None:
            refuse_if_locked(former)
            registrations.drop(work.session, former)
            login.card.closed = True
            card_login.record(work, "registration.removed", login)
            letter = letters.registration_removed(login.holder, caller.name, work.now)
            notices.queue(work, login.holder, letter)
    return RemovalResponse(session=session_id)


# ---------------------------------------------------------------- steps


def _done(work: Work, login: Login) -> RegistrationResponse | None:
    """Return what this session has already registered, or None."""
    former = card_login.registered(work, login.card)
    if former is None or former.made_in != login.session.id or former.registered_at is None:
        return None
    return RegistrationResponse(registered_at=former.registered_at)


def _judge_code(work: Work, login: Login, code: str) -> None:
    if login.session.code_confirmed:
        return
    match codes.check(work, login.session.id, code, login.holder):
        case codes.CodeVerdict.RIGHT:
            login.session.code_confirmed = True
        case codes.CodeVerdict.WRONG:
            card_login.record(work, "registration.code-wrong", login)
            raise RequestRefused(ProblemType.CODE_WRONG)
        case codes.CodeVerdict.USED_UP:
            card_login.record(work, "registration.code-wrong", login)
            raise RequestRefused(ProblemType.CODE_VOID)
        case _:
            raise RequestRefused(ProblemType.CODE_VOID)


def _refuse_unfit(request: RegistrationRequest) -> None:
    """Refuse unless there are four different questions of the list with acceptable answers."""
    if len(set(request.questions)) != len(request.questions):
        raise RequestRefused(ProblemType.ANSWERS_UNFIT)
    for place, (identifier, answer) in enumerate(
        zip(request.questions, request.answers, strict=True)
    ):
        question = SecurityQuestion(identifier)
        if not question.is_listed or flaw(question, answer, request.answers[:place]):
            raise RequestRefused(ProblemType.ANSWERS_UNFIT)


@dataclass(frozen=True, slots=True)
class _Former:
    """An attempt at the registration that is to be replaced, and what its answers would open."""

    attempt: int
    recovery: sealed_answers.SealedRecovery
    context: bytes


def _count_former(work: Work, login: Login, request: RegistrationRequest) -> _Former | None:
    """Count an attempt at the former registration's answers; None if there is no registration."""
    former = card_login.registered(work, login.card)
    if former is None:
        return None
    refuse_if_locked(former)
    refuse_if_too_soon(work, login.card, former)
    if request.former is None:
        raise RequestRefused(ProblemType.ANSWERS_WRONG)
    throttle.count_failure(former, throttle.PER_REGISTRATION, work.now)
    throttle.count_failure(login.card, throttle.PER_CARD, work.now)
    former.locked = former.failures >= throttle.ATTEMPTS
    attempt = Attempt(session_id=login.session.id, at=work.now)
    work.session.add(attempt)
    work.session.flush()
    recovery = registrations.recovery(work.session, work.services.master, former)
    return _Former(attempt.id, recovery, sealed_answers.context(former.id))


def _conclude_former(work: Work, login: Login, former: _Former, *, right: bool) -> None:
    """Record the outcome of the attempt; refuse if the answers were wrong."""
    attempt = work.session.get_one(Attempt, former.attempt)
    attempt.outcome = AttemptOutcome.ACCEPTED if right else AttemptOutcome.FAILED
    registration = card_login.registered(work, login.card)
    if right:
        throttle.clear(login.card)
        if registration is not None:
            throttle.clear(registration)
            registration.locked = False
        return
    card_login.record(work, "registration.former-answers-wrong", login)
    locked = registration is not None and registration.locked
    letter = letters.attempt_failed(login.holder, work.caller.name, work.now, locked=locked)
    notices.queue(work, login.holder, letter)
    if locked:
        raise RequestRefused(ProblemType.LOCKED_OUT)
    wait = 0
    if registration is not None:
        wait = throttle.seconds_to_wait(registration, throttle.PER_REGISTRATION, work.now)
    raise RequestRefused(ProblemType.ANSWERS_WRONG, wait or None)


def _replace(
    work: Work,
    login: Login,
    identity: UUID,
    sealed: sealed_answers.SealedRecovery,
    request: RegistrationRequest,
    *,
    card_key: bytes | None,
) -> RegistrationResponse:
    former = card_login.registered(work, login.card)
    if former is not None:
        registrations.drop(work.session, former)
    registrations.store(
        work.session,
        work.services.master,
        Registration(
            id=identity,
            card_id=login.card.id,
            recovery_public_key=sealed.public_key,
            normaliser=sealed.normaliser,
            card_authentication_key=card_key,
            questions=list(request.questions),
            registered_at=work.now,
            made_in=login.session.id,
        ),
        sealed,
    )
    login.holder.language = request.language
    _update_address(work, login)
    card_login.record(work, "registration.made", login)
    letter = letters.registered(login.holder, work.caller.name, work.now)
    notices.queue(work, login.holder, letter)
    return RegistrationResponse(registered_at=work.now)


def _update_address(work: Work, login: Login) -> None:
    """Make the confirmed address the cardholder's, and notify the former one."""
    confirmed = codes.newest_code(work, login.session.id)
    if confirmed is None or confirmed.address == login.holder.email:
        return
    letter = letters.address_changed(
        login.holder, codes.masked(confirmed.address), work.caller.name, work.now
    )
    notices.queue(work, login.holder, letter)
    login.holder.email = confirmed.address
    card_login.record(work, "cardholder.address-changed", login)
