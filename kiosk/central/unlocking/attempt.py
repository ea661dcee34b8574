# SPDX-License-Identifier: Apache-2.0
"""An attempt: the card proves itself and the user answers; counted first, evaluated afterwards."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import select

from kiosk.central.keys import signatures
from kiosk.central.mail import letters
from kiosk.central.refusal import RequestRefused
from kiosk.central.registration import codes, registrations
from kiosk.central.service import notices, throttle
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.central.service.sessions import (
    Unlock,
    Work,
    count_failure,
    count_forgery,
    find,
    kiosk,
    record,
    refuse_if_locked,
    refuse_if_too_soon,
    working,
)
from kiosk.central.tables import Attempt, AttemptOutcome
from kiosk.contract import proof
from kiosk.contract.messages import AnswersRequest, AnswersResponse, ProblemType
from kiosk.vault import sealed_answers


def give_answers(
    services: Services, caller: Caller, session_id: UUID, request: AnswersRequest
) -> AnswersResponse:
    """Accept the session if the card is genuine and enough answers are right.

    The attempt is on disk as a failed one before any envelope is opened.
    """
    with working(services, caller) as work:
        unlock = find(work, session_id)
        accepted = unlock.session.accepted_at is not None
        if not accepted:
            refuse_if_locked(unlock.registration)
            refuse_if_too_soon(work, unlock.card, unlock.registration)
        _prove(work, unlock, request.proof)
        if accepted:
            return AnswersResponse(session=session_id)
        codes.judge(work, unlock, request.code)
        attempt = _count(work, unlock)
        recovery = registrations.recovery(work.session, services.master, unlock.registration)
    context = sealed_answers.context(unlock.registration.id)
    right = registrations.opened_by(services, recovery, context, request.answers)
    with working(services, caller) as work:
        _conclude(work, find(work, session_id), attempt, right=right)
    return AnswersResponse(session=session_id)


def _prove(work: Work, unlock: Unlock, signature: bytes | None) -> None:
    """Refuse unless the key that was pinned at registration signed for this session.

    A card that has no such key cannot: `codes` asks for a code instead.

    The caller has checked the waits, so that a forged proof cannot lengthen one that runs.
    """
    pinned = unlock.registration.card_authentication_key
    if pinned is None:
        return
    digest = proof.digest(
        proof.ProofPurpose.OPEN_UNLOCK,
        central=work.services.name,
        kiosk=work.caller.name,
        card=unlock.card.identity,
        session=unlock.session.id,
        nonce=unlock.session.nonce,
    )
    if signature is not None and signatures.signed(pinned, digest, signature):
        return
    count_forgery(work)
    record(work, "unlock.card-not-genuine", unlock)
    raise RequestRefused(ProblemType.CARD_NOT_GENUINE)


def _count(work: Work, unlock: Unlock) -> int:
    """Count the attempt as failed for registration, card and kiosk; return its id."""
    count_failure(work, unlock)
    attempt = Attempt(session_id=unlock.session.id, at=work.now)
    work.session.add(attempt)
    work.session.flush()
    return attempt.id


def _conclude(work: Work, unlock: Unlock, attempt_id: int, *, right: bool) -> None:
    """Record the outcome of the attempt; refuse if the answers were wrong."""
    session, card, registration = unlock.session, unlock.card, unlock.registration
    attempt = work.session.exec(select(Attempt).where(Attempt.id == attempt_id)).one()
    if not right:
        attempt.outcome = AttemptOutcome.FAILED
        record(work, "unlock.answers-wrong", unlock)
        _notify_holder(work, unlock)
        refuse_if_locked(registration)
        wait = throttle.seconds_to_wait(registration, throttle.PER_REGISTRATION, work.now)
        raise RequestRefused(ProblemType.ANSWERS_WRONG, wait or None)
    attempt.outcome = AttemptOutcome.ACCEPTED
    throttle.take_back(kiosk(work), work.now)
    throttle.clear(registration)
    throttle.clear(card)
    registration.locked = False
    session.accepted_at = work.now
    card.proved_session = session.id
    record(work, "unlock.answers-accepted", unlock)


def _notify_holder(work: Work, unlock: Unlock) -> None:
    """Email the cardholder that somebody gave wrong answers."""
    addressee = notices.holder(work, unlock.card)
    letter = letters.attempt_failed(
        addressee, work.caller.name, work.now, locked=unlock.registration.locked
    )
    notices.queue(work, addressee, letter)
