# SPDX-License-Identifier: Apache-2.0
"""Registrations for self service, and what holds one up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import col, select

from kiosk.central.actions import named
from kiosk.central.actions.catalogue import action
from kiosk.central.actions.context import Declined, OperatorContext
from kiosk.central.audit import trail
from kiosk.central.registration import registrations
from kiosk.central.service import throttle
from kiosk.central.tables import Card, Cardholder, Registration
from kiosk.values import Family


class RegistrationState(StrEnum):
    """The state of a card's self service."""

    REGISTERED = "registered"
    LOCKED = "locked"
    CLOSED = "closed by its holder"


@dataclass(frozen=True, slots=True)
class RegistrationRow:
    """A registration in a list; one that its holder closed has no date."""

    serial: str
    family: Family
    holder: str
    state: RegistrationState
    registered_at: datetime | None
    failures: int


@dataclass(frozen=True, slots=True)
class RegisteredCard:
    """The card whose registration an action changed."""

    serial: str
    family: Family


def list_registrations(
    context: OperatorContext, *, locked: bool = False
) -> tuple[RegistrationRow, ...]:
    """Return the registrations by serial, or those alone that wait for the RA."""
    wanted = (
        select(Card, Cardholder, Registration)
        .join(Cardholder, col(Card.cardholder_id) == col(Cardholder.id))
        .outerjoin(Registration, col(Registration.card_id) == col(Card.id))
        .where(col(Registration.id).is_not(None) | col(Card.closed))
        .order_by(col(Card.serial))
    )
    if locked:
        wanted = wanted.where(col(Registration.locked) | col(Card.closed))
    with context.reading() as session:
        return tuple(_row(*found) for found in session.exec(wanted))


@action("registrations.release", "registration.released")
def release_registration(
    context: OperatorContext, *, serial: str, family: Family | None = None
) -> RegisteredCard:
    """Unlock self service after wrong answers, or open again what its holder closed."""
    with context.changing() as change:
        card = named.card(change.session, serial, family)
        registration = registrations.of_card(change.session, card)
        held = card.closed or card.failures or card.not_before
        if registration is not None:
            held = held or registration.locked or registration.failures
            registration.locked = False
            throttle.clear(registration)
        if not held:
            raise Declined(f"Nothing holds the card {card.serial} up")
        card.closed = False
        throttle.clear(card)
        change.record("registration.released", {}, trail.of_card(card))
        return RegisteredCard(card.serial, Family(card.family))


@action("registrations.remove", "registration.removed")
def remove_registration(
    context: OperatorContext, *, serial: str, family: Family | None = None
) -> RegisteredCard:
    """Forget the answers of a card's holder, who may register anew."""
    with context.changing() as change:
        card = named.card(change.session, serial, family)
        if not registrations.remove(change.session, card):
            raise Declined(f"The card {card.serial} is not registered")
        change.record("registration.removed", {}, trail.of_card(card))
        return RegisteredCard(card.serial, Family(card.family))


def _row(card: Card, holder: Cardholder, registration: Registration | None) -> RegistrationRow:
    if registration is None:
        state, at, failures = RegistrationState.CLOSED, None, card.failures
    else:
        at, failures = registration.registered_at, registration.failures
        locked = registration.locked
        state = RegistrationState.LOCKED if locked else RegistrationState.REGISTERED
    return RegistrationRow(card.serial, Family(card.family), holder.name, state, at, failures)
