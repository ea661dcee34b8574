# SPDX-License-Identifier: Apache-2.0
"""The work of one request, and the checks that every step of an unlock makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, select

from kiosk.central.audit import trail
from kiosk.central.refusal import RequestRefused
from kiosk.central.service import throttle
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.central.tables import (
    Card,
    CardStatus,
    Installation,
    Kiosk,
    Organisation,
    Registration,
    UnlockSession,
)
from kiosk.contract.messages import PresentedCard, ProblemType

SESSION_LIFE = timedelta(hours=2)
"""The life of a session: the kiosk ends idle visits itself, and users may ask for more time."""


@dataclass(frozen=True, slots=True)
class Work:
    """One transaction with the services, the calling kiosk and the moment it belongs to."""

    services: Services
    caller: Caller
    session: Session
    now: datetime


@contextmanager
def working(services: Services, caller: Caller) -> Iterator[Work]:
    """Provide a Work, which is on disk when the block ends."""
    with services.database.transaction() as database:
        yield Work(services, caller, database, services.clock())


@dataclass(frozen=True, slots=True)
class Unlock:
    """An unlock session with its card and registration."""

    session: UnlockSession
    card: Card
    registration: Registration


def find(work: Work, session_id: UUID) -> Unlock:
    """Return the caller's session; refuse if it is over or its card may not be unlocked."""
    session = work.session.get(UnlockSession, session_id)
    if session is None or session.kiosk_id != work.caller.id:
        raise RequestRefused(ProblemType.NOT_FOUND)
    refuse_if_over(work, session)
    card = work.session.exec(select(Card).where(Card.id == session.card_id).with_for_update()).one()
    registered = registration(work, card)
    if registered.id != session.registration_id:
        raise RequestRefused(ProblemType.EXPIRED)
    return Unlock(session, card, registered)


def card_presented(work: Work, presented: PresentedCard) -> Card | None:
    """Return the card, or None if it is not known in the caller's organisation."""
    return work.session.exec(
        select(Card)
        .where(
            Card.family == presented.family,
            Card.serial == presented.serial,
            Card.organisation_id == work.caller.organisation_id,
        )
        .with_for_update()
    ).first()


def registration(work: Work, card: Card) -> Registration:
    """Return the card's registration.

    Refuse if the card or all unlocking is stopped, or if the card is not registered.
    """
    if card.status != CardStatus.ACTIVE or _all_stopped(work, card):
        raise RequestRefused(ProblemType.CARD_STOPPED)
    registered = work.session.exec(
        select(Registration).where(Registration.card_id == card.id).with_for_update()
    ).first()
    if registered is None:
        raise RequestRefused(ProblemType.NOT_REGISTERED)
    return registered


def _all_stopped(work: Work, card: Card) -> bool:
    """Return whether the RA has stopped unlocking, everywhere or in the card's organisation."""
    everywhere = work.session.get_one(Installation, 1).stopped
    return everywhere or work.session.get_one(Organisation, card.organisation_id).stopped


def refuse_if_over(work: Work, session: UnlockSession) -> None:
    """Refuse a session that was opened too long ago."""
    if session.opened_at + SESSION_LIFE <= work.now:
        raise RequestRefused(ProblemType.EXPIRED)


def refuse_if_locked(registered: Registration) -> None:
    """Refuse if too many attempts have failed."""
    if registered.locked:
        raise RequestRefused(ProblemType.LOCKED_OUT)


def refuse_if_too_soon(work: Work, card: Card, registered: Registration) -> None:
    """Refuses while the registration, the card or the kiosk has to wait."""
    counted = (
        (registered, throttle.PER_REGISTRATION),
        (card, throttle.PER_CARD),
        (kiosk(work), throttle.PER_KIOSK),
    )
    wait = max(throttle.seconds_to_wait(counts, policy, work.now) for counts, policy in counted)
    if wait:
        raise RequestRefused(ProblemType.WAIT, wait)


def count_failure(work: Work, unlock: Unlock) -> None:
    """Count a failed attempt for the registration, the card and the kiosk; the fifth locks."""
    registration = unlock.registration
    throttle.count_failure(registration, throttle.PER_REGISTRATION, work.now)
    throttle.count_failure(unlock.card, throttle.PER_CARD, work.now)
    throttle.count_failure(kiosk(work), throttle.PER_KIOSK, work.now)
    registration.locked = registration.failures >= throttle.ATTEMPTS


def count_forgery(work: Work) -> None:
    """Count a signature that is not the card's as a failure of the kiosk.

    The registration that the card claims pays nothing: anybody could lock a colleague out. While
    the kiosk waits already it pays nothing more, so that forgeries do not lengthen its wait.
    """
    counted = kiosk(work)
    if not throttle.seconds_to_wait(counted, throttle.PER_KIOSK, work.now):
        throttle.count_failure(counted, throttle.PER_KIOSK, work.now)


def kiosk(work: Work) -> Kiosk:
    """Return the calling kiosk, locked so that its failures can be counted."""
    return work.session.exec(
        select(Kiosk).where(Kiosk.id == work.caller.id).with_for_update()
    ).one()


def record(work: Work, kind: str, unlock: Unlock) -> None:
    """Audit what happened in `unlock`."""
    details: dict[str, trail.Detail] = {
        "kiosk": work.caller.name,
        "session": str(unlock.session.id),
        "failures": unlock.registration.failures,
    }
    trail.append(work.session, work.now, kind, details, trail.of_card(unlock.card))
