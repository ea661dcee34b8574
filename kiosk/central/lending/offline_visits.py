# SPDX-License-Identifier: Apache-2.0
"""What kiosks did with packs while central was out of reach, merged in whatever order it comes.

An attempt counts as a failed one until its answers are known to have been right. Those that were
right are followed by card work under a grant of the kiosk's own making, which takes one of the
numbers that were kept free when the pack was lent.
"""

from __future__ import annotations

from sqlmodel import select

from kiosk.central.audit import trail
from kiosk.central.evidence import epochs
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
    """The pack that a fact is about; another kiosk's is as good as none."""
    row = work.session.get(PackRow, fact.pack)
    return row if row is not None and row.kiosk_id == work.caller.id else None


def event_row(work: Work, item: OutboxItem, fact: PackFact) -> PackEventRow:
    """How the fact is kept."""
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
    """Why a fact cannot be, or None."""
    if isinstance(fact, PackEnded):
        return None
    if fact.number > pack.allowance:
        return "more attempts than were lent"
    if isinstance(fact, PackAnswers) and fact.right:
        known = work.session.get(GrantRow, _number(pack, fact))
        taken = work.session.get(UnlockSession, fact.session) is not None
        if (known is None and taken) or (known is not None and known.id != fact.grant):
            return "attempt or session taken"
    return None


def apply(work: Work, pack: PackRow, fact: PackFact, row: PackEventRow) -> None:
    """Keep a fact that is new, with what it changes."""
    card = work.session.exec(select(Card).where(Card.id == pack.card_id).with_for_update()).one()
    match fact:
        case PackAttempt():
            _count(work, pack, card, row)
        case PackAnswers(right=True):
            _take_back(work, pack, card, fact.number)
            card.renewal_due = True  # by its next unlock: while a pack runs it is not
            _grant(work, pack, card, fact, row)
        case PackAnswers():
            _tell_holder(work, pack, card, row)
        case PackEnded():
            pack.ended_at = pack.ended_at or work.now
    work.session.add(row)
    work.session.flush()
    _record(work, pack, card, fact)


def _count(work: Work, pack: PackRow, card: Card, row: PackEventRow) -> None:
    """Count a failed attempt, unless it is known already that it was none."""
    if any(each.right and each.number >= row.number for each in _events(work, pack)):
        return
    row.counted = True
    registration = _registration(work, pack)
    throttle.count_failure(card, throttle.PER_CARD, work.now)
    throttle.count_failure(kiosk(work), throttle.PER_KIOSK, work.now)
    if registration is not None:
        throttle.count_failure(registration, throttle.PER_REGISTRATION, work.now)
        registration.locked = registration.locked or registration.failures >= throttle.ATTEMPTS


def _take_back(work: Work, pack: PackRow, card: Card, number: int) -> None:
    """The attempt was right: what was counted on this pack was its holder's."""
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
    """The card work that follows, as if it had been granted."""
    if work.session.get(GrantRow, _number(pack, fact)) is not None:
        return
    work.session.add(
        UnlockSession(
            id=fact.session,
            kiosk_id=work.caller.id,
            card_id=card.id,
            registration_id=pack.registration_id,
            reason=fact.reason,
            # When this was is not known well enough for anything to follow from the counters.
            passcode_tries=None,
            unblocking_tries=None,
            nonce=b"",
            last_grant=0,
            opened_at=row.recorded_at,
            accepted_at=row.recorded_at,
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


def _number(pack: PackRow, fact: PackAttempt | PackAnswers) -> int:
    return pack.number + fact.number - 1


def _tell_holder(work: Work, pack: PackRow, card: Card, row: PackEventRow) -> None:
    if epochs.happened_before(work, row.recorded_at):
        return
    addressee = notices.holder(work, card)
    registration = _registration(work, pack)
    locked = registration is not None and registration.locked
    letter = letters.attempt_failed(addressee, work.caller.name, row.recorded_at, locked=locked)
    notices.queue(work, addressee, letter)


def _registration(work: Work, pack: PackRow) -> Registration | None:
    """The registration that the pack was made of, if it is still there."""
    asked = select(Registration).where(Registration.id == pack.registration_id)
    return work.session.exec(asked.with_for_update()).first()


def _events(work: Work, pack: PackRow) -> list[PackEventRow]:
    asked = select(PackEventRow).where(PackEventRow.pack_id == pack.id)
    return list(work.session.exec(asked))


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
