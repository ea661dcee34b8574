# SPDX-License-Identifier: Apache-2.0
"""Offline visits: what kiosks did with packs while central was unreachable, merged in any order.

An attempt counts as failed until its answers are known to have been right. Right answers are
followed by card work under a grant that the kiosk makes itself. This grant takes one of the numbers
that were reserved when the pack was lent.
"""

from __future__ import annotations

from sqlmodel import select

from kiosk.central.audit import trail
from kiosk.central.lending import leases
from kiosk.central.mail import letters
from kiosk.central.service import notices, throttle
from kiosk.central.service.sessions import Work, kiosk
from kiosk.central.tables import (
    Card,
    GrantRow,
    PackEventRow,
    PackRow,
    Registration,
    UnlockSession,
)
from kiosk.contract.messages import OutboxItem, PackAnswers, PackAttempt, PackEnded

PackFact = PackAttempt | PackAnswers | PackEnded


def lent_to_caller(work: Work, fact: PackFact) -> PackRow | None:
    """Return the pack of a fact, or None if it is not known or was lent to another kiosk."""
    row = work.session.get(PackRow, fact.pack)
    return row if row is not None and row.kiosk_id == work.caller.id else None


def event_row(work: Work, item: OutboxItem, fact: PackFact) -> PackEventRow:
    """Return the row that stores the fact."""
    right = isinstance(fact, PackAnswers) and fact.right
    return PackEventRow(
        id=item.id,
        pack_id=fact.pack,
        kind=fact.kind,
        number=fact.attempts if isinstance(fact, PackEnded) else fact.number,
        right=right,
        grant_id=fact.grant if isinstance(fact, PackAnswers) and right else None,
        recorded_at=item.recorded_at,
        received_at=work.now,
    )


def refusal(work: Work, pack: PackRow, fact: PackFact) -> str | None:
    """Return why a fact is impossible, or None."""
    if isinstance(fact, PackEnded):
        return None
    if fact.number > pack.allowance:
        return "more attempts than were lent"
    if isinstance(fact, PackAnswers) and fact.right:
        known, other = _granted(work, pack, fact), work.session.get(GrantRow, fact.grant)
        taken = work.session.get(UnlockSession, fact.session) is not None
        if known is None and (taken or other is not None):
            return "attempt or session taken"
        if known is not None and known.id != fact.grant:
            return "attempt or session taken"
    return None


def apply(work: Work, pack: PackRow, fact: PackFact, row: PackEventRow) -> None:
    """Store a new fact, and apply what it changes."""
    card = work.session.exec(select(Card).where(Card.id == pack.card_id).with_for_update()).one()
    match fact:
        case PackAttempt():
            _count(work, pack, card, row)
        case PackAnswers(right=True):
            _take_back(work, pack, card, fact.number)
            card.renewal_due = True  # at the next unlock: not while a pack runs
            _grant(work, pack, card, fact, row)
        case PackAnswers():
            _notify_holder(work, pack, card, row)
        case PackEnded():
            pack.ended_at = pack.ended_at or work.now
            leases.account(work.session, card, work.now)
    work.session.add(row)
    work.session.flush()
    _record(work, pack, card, fact)


def _count(work: Work, pack: PackRow, card: Card, row: PackEventRow) -> None:
    """Count a failed attempt, unless its answers are already known to have been right.

    Each attempt of a pack counts once, and no report locks a registration: a kiosk can invent it.
    """
    known = _events(work, pack)
    if any(each.right and each.number >= row.number for each in known):
        return
    if any(each.kind == leases.ATTEMPT and each.number == row.number for each in known):
        return
    row.counted = True
    registration = _registration(work, pack)
    throttle.count_failure(card, throttle.PER_CARD, work.now)
    throttle.count_failure(kiosk(work), throttle.PER_KIOSK, work.now)
    if registration is not None and registration.failures < throttle.ATTEMPTS - 1:
        throttle.count_failure(registration, throttle.PER_REGISTRATION, work.now)


def _take_back(work: Work, pack: PackRow, card: Card, number: int) -> None:
    """Take back the failures counted on this pack: they were the cardholder's own."""
    registration = _registration(work, pack)
    for event in _events(work, pack):
        if not event.counted or event.number > number:
            continue
        event.counted = False
        throttle.take_back(card, work.now)
        throttle.take_back(kiosk(work), work.now)
        if registration is not None:
            throttle.take_back(registration, work.now)
            registration.locked = registration.failures >= throttle.ATTEMPTS


def _grant(work: Work, pack: PackRow, card: Card, fact: PackAnswers, row: PackEventRow) -> None:
    """Store the card work that follows as a session and a grant."""
    if _granted(work, pack, fact) is not None:
        return
    work.session.add(
        UnlockSession(
            id=fact.session,
            kiosk_id=work.caller.id,
            card_id=card.id,
            registration_id=pack.registration_id,
            reason=fact.reason,
            # Central has not seen the answers, and its time is too uncertain to conclude anything
            # from the card's counters.
            passcode_tries=None,
            unblocking_tries=None,
            nonce=b"",
            last_grant=0,
            opened_at=row.recorded_at,
        )
    )
    work.session.flush()
    work.session.add(
        GrantRow(
            number=_number(pack, fact),
            id=fact.grant,
            session_id=fact.session,
            card_id=card.id,
            kiosk_id=work.caller.id,
            current=pack.generation,
            first=pack.generation,
            second_allowed=False,
            second_needs=2,
            renew=False,
            charged=False,
            issued_at=row.recorded_at,
            receipt=b"",
        )
    )


def _granted(work: Work, pack: PackRow, fact: PackAnswers) -> GrantRow | None:
    """Return the grant of the pack's card work after this attempt, if it was reported before."""
    reported = select(GrantRow).where(
        GrantRow.card_id == pack.card_id,
        GrantRow.kiosk_id == pack.kiosk_id,
        GrantRow.number == _number(pack, fact),
    )
    return work.session.exec(reported).first()


def _number(pack: PackRow, fact: PackAttempt | PackAnswers) -> int:
    return pack.number + fact.number - 1


def _notify_holder(work: Work, pack: PackRow, card: Card, row: PackEventRow) -> None:
    addressee = notices.holder(work, card)
    registration = _registration(work, pack)
    locked = registration is not None and registration.locked
    letter = letters.attempt_failed(addressee, work.caller.name, row.recorded_at, locked=locked)
    notices.queue_reported(work, addressee, letter, row.recorded_at)


def _registration(work: Work, pack: PackRow) -> Registration | None:
    """Return the registration that the pack was made from, if it still exists."""
    query = select(Registration).where(Registration.id == pack.registration_id)
    return work.session.exec(query.with_for_update()).first()


def _events(work: Work, pack: PackRow) -> list[PackEventRow]:
    query = select(PackEventRow).where(PackEventRow.pack_id == pack.id)
    return list(work.session.exec(query))


def _record(work: Work, pack: PackRow, card: Card, fact: PackFact) -> None:
    kinds = {leases.ATTEMPT: "pack.attempt", leases.END: "pack.ended"}
    kind = kinds.get(fact.kind, "pack.answers")
    details: dict[str, trail.Detail] = {"kiosk": work.caller.name, "pack": str(pack.id)}
    match fact:
        case PackAnswers():
            details |= {"attempt": fact.number, "right": fact.right, "session": str(fact.session)}
        case PackAttempt():
            details |= {"attempt": fact.number}
        case PackEnded():
            details |= {"attempts": fact.attempts}
    trail.append(work.session, work.now, kind, details, trail.of_card(card))
