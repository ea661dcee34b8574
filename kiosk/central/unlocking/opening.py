# SPDX-License-Identifier: Apache-2.0
"""Opening an unlock: which questions to ask, and what the card is to sign."""

from __future__ import annotations

from nacl.utils import random as random_bytes

from kiosk.central.audit import trail
from kiosk.central.evidence import epochs, history
from kiosk.central.lending import leases
from kiosk.central.refusal import RequestRefused
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.central.service.sessions import (
    Unlock,
    Work,
    card_presented,
    record,
    refuse_if_locked,
    refuse_if_over,
    refuse_if_too_soon,
    registration,
    working,
)
from kiosk.central.tables import Card, Registration, UnlockSession
from kiosk.contract.messages import ProblemType, Question, UnlockRequest, UnlockResponse
from kiosk.questions import SecurityQuestion
from kiosk.vault import sealed_answers

_NONCE_BYTES = 32


def open_unlock(services: Services, caller: Caller, request: UnlockRequest) -> UnlockResponse:
    """Return the questions of a card that may be unlocked, and the nonce that it is to sign.

    The same kiosk may open the same session again for the same card, with the same result. Nothing
    that the card presents is believed yet.
    """
    with working(services, caller) as work:
        card = card_presented(work, request.card)
        if card is None:
            _record_unknown(work, request)
            raise RequestRefused(ProblemType.CARD_NOT_KNOWN)
        try:
            session, registered = _opened(work, request, card)
        except RequestRefused as refusal:
            _record_refused(work, request, card, refusal)
            raise
    return UnlockResponse(
        session=session.id,
        nonce=session.nonce,
        questions=tuple(
            Question(id=question, text=SecurityQuestion(question).in_language(request.language))
            for question in registered.questions
        ),
        required=sealed_answers.REQUIRED,
        proof_required=registered.card_authentication_key is not None,
    )


def _opened(work: Work, request: UnlockRequest, card: Card) -> tuple[UnlockSession, Registration]:
    registered = registration(work, card)
    refuse_if_locked(registered)
    epochs.refuse_if_unsettled(work)
    session = _session(work, request, card, registered)
    leases.account(work.session, card, work.now)
    # The card has not proved itself yet: its counters refuse this session only.
    if history.evaluate(work.session, card, history.reported_tries(session)).frozen:
        history.freeze_if_due(work, card)
        raise RequestRefused(ProblemType.CARD_FROZEN)
    refuse_if_too_soon(work, card, registered)
    return session, registered


def _session(
    work: Work, request: UnlockRequest, card: Card, registered: Registration
) -> UnlockSession:
    """Return the session that the kiosk named; create it if it is new."""
    known = work.session.get(UnlockSession, request.session)
    if known is not None:
        if known.kiosk_id != work.caller.id or known.card_id != card.id:
            raise RequestRefused(ProblemType.OUT_OF_ORDER)
        refuse_if_over(work, known)
        return known
    session = UnlockSession(
        id=request.session,
        kiosk_id=work.caller.id,
        card_id=card.id,
        registration_id=registered.id,
        reason=request.reason,
        passcode_tries=request.card.passcode_tries,
        unblocking_tries=request.card.unblocking_tries,
        nonce=random_bytes(_NONCE_BYTES),
        last_grant=history.latest_grant(work.session, card),
        opened_at=work.now,
    )
    work.session.add(session)
    record(work, "unlock.opened", Unlock(session, card, registered))
    return session


def _record_refused(
    work: Work, request: UnlockRequest, card: Card, refusal: RequestRefused
) -> None:
    details: dict[str, trail.Detail] = {
        "kiosk": work.caller.name,
        "session": str(request.session),
        "problem": refusal.problem,
    }
    trail.append(work.session, work.now, "unlock.refused", details, trail.of_card(card))


def _record_unknown(work: Work, request: UnlockRequest) -> None:
    details: dict[str, trail.Detail] = {
        "kiosk": work.caller.name,
        "session": str(request.session),
    }
    presented: dict[str, trail.Detail] = {
        "family": request.card.family,
        "serial": request.card.serial,
    }
    trail.append(work.session, work.now, "unlock.card-not-known", details, presented)
