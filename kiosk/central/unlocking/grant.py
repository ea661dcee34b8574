# SPDX-License-Identifier: Apache-2.0
"""The grant: the pair of unblocking keys, released for one card in one kiosk."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from sqlmodel import select

from kiosk.central.audit import trail
from kiosk.central.evidence import epochs, history, worlds
from kiosk.central.keys import escrow_journal
from kiosk.central.keys.escrow import FORMATS
from kiosk.central.lending import leases
from kiosk.central.refusal import RequestRefused
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.central.service.sessions import Unlock, Work, find, working
from kiosk.central.tables import Card, EndRow, FactRow, GrantRow, Organisation
from kiosk.contract.messages import Grant, ProblemType, UnblockingKey

BEGIN_WITHIN = timedelta(minutes=2)


def issue_grant(services: Services, caller: Caller, session_id: UUID) -> Grant:
    """Return the session's grant: always the same one, until its card work has begun.

    The charge is on disk before the pair leaves central. A card's grants are in the order of its
    visits. So a session is over once the card has proved itself in another session, once a grant
    was issued that was not known when the session was opened, or once its kiosk reported its end.
    """
    with working(services, caller) as work:
        unlock = find(work, session_id)
        epochs.refuse_if_unsettled(work)
        grant = current(work, unlock)
        if grant is not None and (_begun(work, grant) or too_late(work, grant)):
            raise RequestRefused(ProblemType.EXPIRED)
        # The message is made before the commit, so a key that cannot be produced leaves no grant.
        return _message(work, unlock, grant or _new_grant(work, unlock))


def too_late(work: Work, grant: GrantRow) -> bool:
    """Return whether card work under the grant may no longer begin."""
    return grant.issued_at + BEGIN_WITHIN <= work.now


def current(work: Work, unlock: Unlock) -> GrantRow | None:
    """Return the session's grant, None before it is issued; refuse if it can get none now."""
    session, card = unlock.session, unlock.card
    if session.accepted_at is None:
        raise RequestRefused(ProblemType.OUT_OF_ORDER)
    if card.proved_session != session.id:
        raise RequestRefused(ProblemType.EXPIRED)
    grant = work.session.exec(select(GrantRow).where(GrantRow.session_id == session.id)).first()
    known = session.last_grant if grant is None else grant.number
    if history.latest_grant(work.session, card) != known or _ended(work, session.id):
        raise RequestRefused(ProblemType.EXPIRED)
    return grant


def _ended(work: Work, session_id: UUID) -> bool:
    """Return whether the kiosk reported the session's end, so that this request is late."""
    ended = select(EndRow.id).where(EndRow.session_id == session_id)
    return work.session.exec(ended).first() is not None


def _begun(work: Work, grant: GrantRow) -> bool:
    """Return whether card work was reported; the grant allows no second try at the card."""
    reported = select(FactRow.id).where(FactRow.grant_id == grant.id)
    return work.session.exec(reported).first() is not None


def _new_grant(work: Work, unlock: Unlock) -> GrantRow:
    session, card = unlock.session, unlock.card
    leases.account(work.session, card, work.now)
    decision = history.evaluate_and_freeze(work, card, history.reported_tries(session))
    if decision.frozen:
        raise RequestRefused(ProblemType.CARD_FROZEN)
    trust = work.session.get_one(Organisation, card.organisation_id)
    trust.grants = epochs.next_number(work.session, trust.grants)
    grant = GrantRow(
        id=uuid4(),
        number=epochs.next_visit(work.session, card),
        session_id=session.id,
        card_id=card.id,
        kiosk_id=work.caller.id,
        current=decision.current,
        first=decision.first,
        second_allowed=decision.second_allowed,
        second_needs=decision.second_needs,
        # A card that cannot prove itself could be another one and claim that it was renewed.
        renew=decision.renew
        and history.renews(work.session, card)
        and not leases.forbids_renewal(work.session, card, work.now)
        and unlock.registration.card_authentication_key is not None,
        charged=decision.charge,
        tries_left=decision.tries_left,
        organisation_id=trust.id,
        counter=trust.grants,
        issued_at=work.now,
        receipt=b"",
    )
    grant.receipt = epochs.receipt(work, card, session, grant)
    work.session.add(grant)
    escrow_journal.note(
        work.session,
        escrow_journal.GrantLine(
            kiosk=work.caller.name,
            organisation=trust.id,
            counter=grant.counter,
            card=work.services.escrow.fingerprint(work.session, card),
            session=session.id,
            grant=grant.id,
            receipt=grant.receipt,
        ),
    )
    details: dict[str, trail.Detail] = {
        "kiosk": work.caller.name,
        "session": str(session.id),
        "grant": str(grant.id),
        "generation": grant.current,
        "charged": grant.charged,
        "tries_left": decision.tries_left,
    }
    trail.append(work.session, work.now, "grant.issued", details, trail.of_card(card))
    return grant


def _message(work: Work, unlock: Unlock, grant: GrantRow) -> Grant:
    form = FORMATS[unlock.card.family]
    return Grant(
        grant=grant.id,
        session=grant.session_id,
        current=_candidate(work, unlock.card, grant.current),
        next=_candidate(work, unlock.card, grant.current + 1) if form.renewed else None,
        first=grant.first,
        first_needs_tries_left=worlds.first_needs(second_allowed=grant.second_allowed),
        second_allowed=grant.second_allowed,
        second_needs_tries_left=grant.second_needs,
        renew=grant.renew,
        card_authentication_key=unlock.registration.card_authentication_key,
        begin_within_seconds=int(BEGIN_WITHIN.total_seconds()),
        receipt=grant.receipt,
    )


def _candidate(work: Work, card: Card, generation: int) -> UnblockingKey:
    if not FORMATS[card.family].leaves:
        return UnblockingKey(generation=generation, key=None)
    key = work.services.escrow.key(work.session, card, generation)
    return UnblockingKey(generation=generation, key=key.reveal())
