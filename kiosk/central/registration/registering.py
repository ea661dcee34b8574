# SPDX-License-Identifier: Apache-2.0
"""Registering for self service at a kiosk, after logging in there; and ending a registration.

The answers are here for as long as it takes to seal the recovery key with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlmodel import col, delete

from kiosk.central.mail import letters
from kiosk.central.refusal import RequestRefused
from kiosk.central.registration import card_login, codes, registrations
from kiosk.central.registration.card_login import Login
from kiosk.central.service import notices, throttle
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.central.service.sessions import Work, refuse_if_locked, refuse_if_too_soon, working
from kiosk.central.tables import Attempt, AttemptOutcome, Registration, SealedEnvelope
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
from kiosk.rows import carry_out
from kiosk.values import Secret
from kiosk.vault import sealed_answers

_PER_LOGIN = 5  # codes: Back corrects an address, and sends another


def requirements(services: Services, caller: Caller, session_id: UUID) -> RegistrationRequirements:
    """The questions whose answers a new registration needs, if any, and where codes may go."""
    with working(services, caller) as work:
        found = card_login.find_proved(work, session_id)
        former = card_login.registered(work, found.card)
    asked = former.questions if former is not None else []
    return RegistrationRequirements(
        former_questions=tuple(
            Question(id=each, text=SecurityQuestion(each).in_language("en")) for each in asked
        ),
        mail_domains=services.mail_domains,
    )


def send_code(
    services: Services, caller: Caller, session_id: UUID, asked: RegistrationCodeRequest
) -> CodeResponse:
    """E-mail a code to the address that is to be the cardholder's; the one before it is void."""
    with working(services, caller) as work:
        found = card_login.find_proved(work, session_id)
        try:
            address = services.accepted_address(asked.email)
        except ValueError:
            raise RequestRefused(ProblemType.EMAIL_REFUSED) from None
        code = codes.new_code(work, session_id, address, at_most=_PER_LOGIN)
        found.holder.language = asked.language
        letter = letters.registration_code(found.holder, code, codes.VALID)
        card_login.record(work, "registration.code-sent", found)
    return codes.deliver(services, address, letter)


def register(
    services: Services, caller: Caller, session_id: UUID, given: RegistrationRequest
) -> RegistrationResponse:
    """Register the card, in place of the registration it may have; sent again, it changes nothing.

    In the order in which somebody who should not could find something out: the card's signature,
    the code, the former answers, and then what is wrong with the new ones.
    """
    with working(services, caller) as work:
        found = card_login.find_proved(work, session_id)
        card_login.refuse_unless_signed(work, found, proof.ProofPurpose.REGISTER, given.signature)
        if found.card.closed:
            raise RequestRefused(ProblemType.LOCKED_OUT)
        if (done := _done(work, found)) is not None:
            return done
        _judge_code(work, found, given.code)
        _refuse_unfit(given)
        former = _count_former(work, found, given)
    if former is not None:
        right = registrations.opened_by(
            services, former.recovery, former.context, given.former or ()
        )
        with working(services, caller) as work:
            _conclude_former(work, card_login.find_proved(work, session_id), former, right=right)
    answers = [Secret(answer.encode()) for answer in given.answers]
    identity = uuid4()
    try:
        with services.evaluations:
            sealed = sealed_answers.seal_recovery(answers, sealed_answers.context(identity))
    finally:
        for answer in answers:
            answer.wipe()
    with working(services, caller) as work:
        found = card_login.find_proved(work, session_id)
        if (done := _done(work, found)) is not None:
            return done
        return _replace(work, found, identity, sealed, given)


def remove(
    services: Services, caller: Caller, session_id: UUID, given: RemovalRequest
) -> RemovalResponse:
    """End the registration: nothing of the answers is kept, and the RA alone can begin another."""
    with working(services, caller) as work:
        found = card_login.find_proved(work, session_id)
        card_login.refuse_unless_signed(work, found, proof.ProofPurpose.REMOVE, given.signature)
        former = card_login.registered(work, found.card)
        if former is not None:
            refuse_if_locked(former)
            drop(work, former)
            found.card.closed = True
            card_login.record(work, "registration.removed", found)
            letter = letters.registration_removed(found.holder, caller.name, work.now)
            notices.queue(work, found.holder, letter)
    return RemovalResponse(session=session_id)


def drop(work: Work, registration: Registration) -> None:
    """Delete the registration with its envelopes."""
    own = col(SealedEnvelope.registration_id) == registration.id
    carry_out(work.session, delete(SealedEnvelope).where(own))
    work.session.delete(registration)
    work.session.flush()


# ---------------------------------------------------------------- steps


def _done(work: Work, found: Login) -> RegistrationResponse | None:
    """What this session has registered already."""
    former = card_login.registered(work, found.card)
    if former is None or former.made_in != found.session.id or former.registered_at is None:
        return None
    return RegistrationResponse(registered_at=former.registered_at)


def _judge_code(work: Work, found: Login, code: str) -> None:
    if found.session.code_confirmed:
        return
    match codes.look_at(work, found.session.id, code):
        case codes.CodeVerdict.RIGHT:
            found.session.code_confirmed = True
        case codes.CodeVerdict.WRONG:
            raise RequestRefused(ProblemType.CODE_WRONG)
        case _:
            raise RequestRefused(ProblemType.CODE_VOID)


def _refuse_unfit(given: RegistrationRequest) -> None:
    """Four different questions of the list, and answers that are worth something."""
    if len(set(given.questions)) != len(given.questions):
        raise RequestRefused(ProblemType.ANSWERS_UNFIT)
    for place, (question, answer) in enumerate(zip(given.questions, given.answers, strict=True)):
        asked = SecurityQuestion(question)
        if not asked.is_listed or flaw(asked, answer, given.answers[:place]):
            raise RequestRefused(ProblemType.ANSWERS_UNFIT)


@dataclass(frozen=True, slots=True)
class _Former:
    """The attempt at a registration that is to be replaced, and what its answers open."""

    attempt: int
    recovery: sealed_answers.SealedRecovery
    context: bytes


def _count_former(work: Work, found: Login, given: RegistrationRequest) -> _Former | None:
    """Count an attempt at the former registration's answers; None where there is none."""
    former = card_login.registered(work, found.card)
    if former is None:
        return None
    refuse_if_locked(former)
    refuse_if_too_soon(work, found.card, former)
    if given.former is None:
        raise RequestRefused(ProblemType.ANSWERS_WRONG)
    throttle.count_failure(former, throttle.PER_REGISTRATION, work.now)
    throttle.count_failure(found.card, throttle.PER_CARD, work.now)
    former.locked = former.failures >= throttle.ATTEMPTS
    attempt = Attempt(session_id=found.session.id, at=work.now)
    work.session.add(attempt)
    work.session.flush()
    recovery = registrations.recovery(work.session, work.services.master, former)
    return _Former(attempt.id, recovery, sealed_answers.context(former.id))


def _conclude_former(work: Work, found: Login, former: _Former, *, right: bool) -> None:
    """Record what came of the attempt; refuses if the answers were wrong."""
    attempt = work.session.get_one(Attempt, former.attempt)
    attempt.outcome = AttemptOutcome.ACCEPTED if right else AttemptOutcome.FAILED
    registration = card_login.registered(work, found.card)
    if right:
        throttle.clear(found.card)
        if registration is not None:
            throttle.clear(registration)
            registration.locked = False
        return
    card_login.record(work, "registration.former-answers-wrong", found)
    locked = registration is not None and registration.locked
    letter = letters.attempt_failed(found.holder, work.caller.name, work.now, locked=locked)
    notices.queue(work, found.holder, letter)
    if locked:
        raise RequestRefused(ProblemType.LOCKED_OUT)
    wait = throttle.seconds_to_wait(registration, work.now) if registration is not None else 0
    raise RequestRefused(ProblemType.ANSWERS_WRONG, wait or None)


def _replace(
    work: Work,
    found: Login,
    identity: UUID,
    sealed: sealed_answers.SealedRecovery,
    given: RegistrationRequest,
) -> RegistrationResponse:
    former = card_login.registered(work, found.card)
    if former is not None:
        drop(work, former)
    registrations.store(
        work.session,
        work.services.master,
        Registration(
            id=identity,
            card_id=found.card.id,
            recovery_public_key=sealed.public_key,
            normaliser=sealed.normaliser,
            card_authentication_key=card_login.pinned_key(found),
            questions=list(given.questions),
            registered_at=work.now,
            made_in=found.session.id,
        ),
        sealed,
    )
    found.holder.language = given.language
    _keep_address(work, found)
    card_login.record(work, "registration.made", found)
    letter = letters.registered(found.holder, work.caller.name, work.now)
    notices.queue(work, found.holder, letter)
    return RegistrationResponse(registered_at=work.now)


def _keep_address(work: Work, found: Login) -> None:
    """The address that the code went to is hers from now on; the one before is told of it."""
    confirmed = codes.newest_code(work, found.session.id)
    if confirmed is None or confirmed.address == found.holder.email:
        return
    letter = letters.address_changed(
        found.holder, codes.masked(confirmed.address), work.caller.name, work.now
    )
    notices.queue(work, found.holder, letter)
    found.holder.email = confirmed.address
    card_login.record(work, "cardholder.address-changed", found)
