# SPDX-License-Identifier: Apache-2.0
"""Cards: which there are, whether they may be unlocked, and what the RA found on one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlmodel import col, select

from kiosk.central.actions import named
from kiosk.central.actions.catalogue import action
from kiosk.central.actions.context import Declined, OperatorContext
from kiosk.central.audit import trail
from kiosk.central.evidence import epochs, history
from kiosk.central.evidence.visit import ReportedTries
from kiosk.central.lending import leases
from kiosk.central.registration import registrations
from kiosk.central.tables import (
    Card,
    CardFinding,
    Cardholder,
    CardStatus,
    Organisation,
)
from kiosk.values import Family

__all__ = [
    "CardRow", "CardStatus", "CardSummary", "activate_card", "list_cards", "replace_card",
    "report_card_lost", "stop_card_of_leaver", "suspend_card", "thaw_card",
]  # fmt: skip

_MOST_TRIES = 15


@dataclass(frozen=True, slots=True)
class CardRow:
    """A card in a list, with its holder."""

    serial: str
    family: Family
    holder: str
    uuid: str
    organisation: str
    status: CardStatus
    frozen: bool
    renewal_due: bool
    expires: date | None


@dataclass(frozen=True, slots=True)
class CardSummary:
    """A card after an action. `registration_removed`: its holder has to register anew."""

    serial: str
    family: Family
    status: CardStatus
    frozen: bool
    registration_removed: bool = False


def list_cards(
    context: OperatorContext,
    *,
    organisation: str | None = None,
    status: CardStatus | None = None,
    frozen: bool = False,
    renewal_due: bool = False,
) -> tuple[CardRow, ...]:
    """Return the cards by serial, of one organisation or status, or in one state, alone."""
    wanted = (
        select(Card, Cardholder, Organisation)
        .join(Cardholder, col(Card.cardholder_id) == col(Cardholder.id))
        .join(Organisation, col(Card.organisation_id) == col(Organisation.id))
        .order_by(col(Card.serial))
    )
    if status is not None:
        wanted = wanted.where(Card.status == status)
    if frozen:
        wanted = wanted.where(col(Card.frozen).is_(True))
    if renewal_due:
        wanted = wanted.where(col(Card.renewal_due).is_(True))
    with context.reading() as session:
        if organisation is not None:
            trust = named.organisation(session, organisation)
            wanted = wanted.where(Card.organisation_id == trust.id)
        return tuple(_row(*found) for found in session.exec(wanted))


@action("cards.suspend", "card.status")
def suspend_card(
    context: OperatorContext, *, serial: str, family: Family | None = None
) -> CardSummary:
    """Stop a card until it is activated."""
    return _set_status(context, serial, family, CardStatus.SUSPENDED)


@action("cards.activate", "card.status")
def activate_card(
    context: OperatorContext, *, serial: str, family: Family | None = None
) -> CardSummary:
    """Let a card be used again."""
    return _set_status(context, serial, family, CardStatus.ACTIVE)


@action("cards.lost", "card.status")
def report_card_lost(
    context: OperatorContext, *, serial: str, family: Family | None = None
) -> CardSummary:
    """Stop a card that was lost."""
    return _set_status(context, serial, family, CardStatus.LOST)


@action("cards.leaver", "card.status")
def stop_card_of_leaver(
    context: OperatorContext, *, serial: str, family: Family | None = None
) -> CardSummary:
    """Stop the card of a cardholder who left."""
    return _set_status(context, serial, family, CardStatus.LEAVER)


@action("cards.replace", "card.status")
def replace_card(
    context: OperatorContext, *, serial: str, by: str, family: Family | None = None
) -> CardSummary:
    """Stop a card whose holder has a new one, and remove its registration."""
    with context.changing() as change:
        old = named.card(change.session, serial, family)
        new = named.card(change.session, by)
        _refuse_replacement(old, new)
        details: dict[str, trail.Detail] = {"from": old.status, "to": CardStatus.REPLACED}
        old.status, old.modified_at = CardStatus.REPLACED, change.now
        forgotten = registrations.remove(change.session, old)
        personal = {**trail.of_card(old), "by": new.serial}
        change.record("card.status", {**details, "registration": forgotten}, personal)
        return _summary(old, registration_removed=forgotten)


@action("cards.thaw", "card.found", "card.thawed")
def thaw_card(
    context: OperatorContext,
    *,
    serial: str,
    tries: int,
    carries: int | None = None,
    family: Family | None = None,
) -> CardSummary:
    """Let a card that was held back be unlocked again, after the RA looked at it.

    `tries`: of its unblocking key, as the card tells them. `carries`: the generation of that key,
    if the RA has tried it. It may be any generation that was ever made: a kiosk may have lied about
    the card's key.
    """
    if not 1 <= tries <= _MOST_TRIES:
        raise Declined(f"The tries that a card has left are 1 to {_MOST_TRIES}")
    with context.changing() as change:
        card = named.card(change.session, serial, family)
        if not card.frozen:
            raise Declined(f"The card {card.serial} is not held back")
        leases.account(change.session, card, change.now)
        highest = history.highest_made(change.session, card)
        if carries is not None and not 0 <= carries <= highest:
            raise Declined(
                f"The keys that were made for the card are of generations 0 to {highest}: if it "
                "carries another one, it is not ours to unlock"
            )
        finding = CardFinding(
            number=epochs.next_visit(change.session, card),
            card_id=card.id,
            tries=tries,
            carries=carries,
            at=change.now,
        )
        change.session.add(finding)
        change.session.flush()
        if history.settle(change.session, change.now, card, ReportedTries()).frozen:
            raise Declined("With so few tries a wrong key could be the last: replace the card")
        change.record("card.found", {"tries": tries, "carries": carries}, trail.of_card(card))
        return _summary(card)


def _set_status(
    context: OperatorContext, serial: str, family: Family | None, status: CardStatus
) -> CardSummary:
    with context.changing() as change:
        card = named.card(change.session, serial, family)
        if card.status == CardStatus.REPLACED:
            raise Declined(f"The card {card.serial} was replaced: it is not used again")
        if card.status == status:
            raise Declined(f"The card {card.serial} is {status} already")
        details: dict[str, trail.Detail] = {"from": card.status, "to": status}
        card.status, card.modified_at = status, change.now
        change.record("card.status", details, trail.of_card(card))
        return _summary(card)


def _refuse_replacement(old: Card, new: Card) -> None:
    if old.id == new.id or old.cardholder_id != new.cardholder_id:
        raise Declined(f"The card {new.serial} is not another card of the same holder")
    if old.status == CardStatus.REPLACED:
        raise Declined(f"The card {old.serial} was replaced already")
    if new.status != CardStatus.ACTIVE:
        raise Declined(f"The card {new.serial} is {new.status}: activate it first")


def _summary(card: Card, *, registration_removed: bool = False) -> CardSummary:
    identity, status = card.identity, CardStatus(card.status)
    return CardSummary(identity.serial, identity.family, status, card.frozen, registration_removed)


def _row(card: Card, holder: Cardholder, trust: Organisation) -> CardRow:
    return CardRow(
        serial=card.serial,
        family=Family(card.family),
        holder=holder.name,
        uuid=holder.uuid,
        organisation=trust.name,
        status=CardStatus(card.status),
        frozen=card.frozen,
        renewal_due=card.renewal_due,
        expires=card.expires_on,
    )
