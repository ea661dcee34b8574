# SPDX-License-Identifier: Apache-2.0
"""`cards` and `registrations`: what the RA does for a cardholder."""

from __future__ import annotations

import argparse

from sqlmodel import Session, col, delete, select

from kiosk.central.audit import trail
from kiosk.central.cli import operator_context
from kiosk.central.cli.operator_context import Commands, Declined
from kiosk.central.evidence import history
from kiosk.central.evidence.visit import ReportedTries
from kiosk.central.service import throttle
from kiosk.central.tables import (
    Card,
    CardFinding,
    Cardholder,
    CardStatus,
    Installation,
    Organisation,
    Registration,
    SealedEnvelope,
)
from kiosk.rows import carry_out

_STATUSES = {
    "suspend": (CardStatus.SUSPENDED, "stop a card until it is activated"),
    "activate": (CardStatus.ACTIVE, "let a card be used again"),
    "lost": (CardStatus.LOST, "stop a card that was lost"),
    "leaver": (CardStatus.LEAVER, "stop the card of somebody who left"),
}


def add(commands: Commands) -> None:
    """The commands and their options."""
    cards = commands.add_parser("cards", help="the cards, and whether they may be unlocked")
    doing = cards.add_subparsers(metavar="WHAT", required=True)
    listing = doing.add_parser("list", help="list them")
    listing.add_argument("--organisation", metavar="NAME", help="of this organisation alone")
    listing.add_argument("--status", choices=[*CardStatus], help="of this status alone")
    listing.add_argument(
        "--frozen", action="store_true", help="those whose unblocking tries may not be risked"
    )
    listing.add_argument(
        "--renewal-due",
        action="store_true",
        help="those whose key the next unlock renews: it was lent, and used or lost",
    )
    operator_context.for_spreadsheets(listing)
    listing.set_defaults(run=_list_cards)
    for name, (status, told) in _STATUSES.items():
        setting = doing.add_parser(name, help=told)
        operator_context.name_card(setting)
        operator_context.name_operator(setting)
        setting.set_defaults(run=_set_status, status=status)
    thawing = doing.add_parser(
        "thaw",
        help="unlock a card again that was held back, after looking at it",
        description="The RA reads the card's unblocking tries (`kiosk doctor card`, or its maker's"
        " program) and says what it has left.",
    )
    operator_context.name_card(thawing)
    thawing.add_argument(
        "--tries", type=int, required=True, help="of the unblocking key, as the card tells them"
    )
    thawing.add_argument(
        "--carries", type=int, metavar="GENERATION", help="of the key, if the RA has tried it"
    )
    operator_context.name_operator(thawing)
    thawing.set_defaults(run=_thaw)
    replacing = doing.add_parser("replace", help="stop a card: its holder has a new one")
    operator_context.name_card(replacing)
    replacing.add_argument(
        "--by", required=True, metavar="SERIAL", help="the new card of the same holder, imported"
    )
    operator_context.name_operator(replacing)
    replacing.set_defaults(run=_replace)
    _add_registrations(commands)


def _add_registrations(commands: Commands) -> None:
    registrations = commands.add_parser("registrations", help="who registered for self service")
    doing = registrations.add_subparsers(metavar="WHAT", required=True)
    listing = doing.add_parser("list", help="list them")
    listing.add_argument("--locked", action="store_true", help="those that wait for the RA alone")
    operator_context.for_spreadsheets(listing)
    listing.set_defaults(run=_list_registrations)
    for name, run, told in (
        ("release", _release, "unlock self service after wrong answers, or re-open it"),
        ("remove", _remove, "forget the answers; the holder may register anew"),
    ):
        changing = doing.add_parser(name, help=told)
        operator_context.name_card(changing)
        operator_context.name_operator(changing)
        changing.set_defaults(run=run)


# ---------------------------------------------------------------- cards


def _list_cards(given: argparse.Namespace) -> int:
    wanted = (
        select(Card, Cardholder, Organisation)
        .join(Cardholder, col(Card.cardholder_id) == col(Cardholder.id))
        .join(Organisation, col(Card.organisation_id) == col(Organisation.id))
        .order_by(col(Card.serial))
    )
    with operator_context.opened(given) as at, at.reading() as database:
        if given.organisation is not None:
            trust = operator_context.organisation(database, given.organisation)
            wanted = wanted.where(Card.organisation_id == trust.id)
        if given.status is not None:
            wanted = wanted.where(Card.status == CardStatus(given.status))
        if given.frozen:
            wanted = wanted.where(col(Card.frozen).is_(True))
        if given.renewal_due:
            wanted = wanted.where(col(Card.renewal_due).is_(True))
        found = database.exec(wanted).all()
    operator_context.show(
        ("serial", "family", "holder", "uuid", "organisation", "status", "frozen", "expires"),
        [
            (c.serial, c.family, h.name, h.uuid, o.name, c.status, c.frozen, c.expires_on)
            for c, h, o in found
        ],
        as_csv=given.csv,
    )
    return 0


def _set_status(given: argparse.Namespace) -> int:
    status: CardStatus = given.status
    with operator_context.opened(given) as at, at.working() as database:
        card = operator_context.card(database, given.serial, given.family)
        if card.status == CardStatus.REPLACED:
            raise Declined(f"the card {card.serial} was replaced: it is not used again")
        if card.status == status:
            raise Declined(f"the card {card.serial} is {status} already")
        details: dict[str, trail.Detail] = {"from": card.status, "to": status}
        card.status = status
        card.modified_at = at.now
        at.record(database, "card.status", details, trail.of_card(card))
    operator_context.say(f"{card.serial}: {status}")
    return 0


def _thaw(given: argparse.Namespace) -> int:
    with operator_context.opened(given) as at, at.working() as database:
        card = operator_context.card(database, given.serial, given.family)
        if not card.frozen:
            raise Declined(f"the card {card.serial} is not held back")
        if not 1 <= given.tries <= 15:
            raise Declined("--tries: 1 to 15")
        known = history.outlook(database, card)[0].current
        if given.carries is not None and given.carries not in (known, known + 1):
            raise Declined(f"--carries: {known} or {known + 1}, or the card is not ours to unlock")
        installation = database.get_one(Installation, 1)
        installation.grants += 1
        database.add(
            CardFinding(
                number=installation.grants,
                card_id=card.id,
                tries=given.tries,
                carries=given.carries,
                at=at.now,
            )
        )
        database.flush()
        if history.settle(database, at.now, card, ReportedTries()).frozen:
            raise Declined("with so few tries a wrong key could be the last: replace the card")
        found: dict[str, trail.Detail] = {"tries": given.tries, "carries": given.carries}
        at.record(database, "card.found", found, trail.of_card(card))
    operator_context.say(f"{card.serial}: may be unlocked again")
    return 0


def _replace(given: argparse.Namespace) -> int:
    with operator_context.opened(given) as at, at.working() as database:
        old = operator_context.card(database, given.serial, given.family)
        new = operator_context.card(database, given.by)
        if old.id == new.id or old.cardholder_id != new.cardholder_id:
            raise Declined(f"{given.by} is not another card of the same holder")
        if old.status == CardStatus.REPLACED:
            raise Declined(f"the card {old.serial} was replaced already")
        if new.status != CardStatus.ACTIVE:
            raise Declined(f"the card {new.serial} is {new.status}: activate it first")
        details: dict[str, trail.Detail] = {"from": old.status, "to": CardStatus.REPLACED}
        old.status = CardStatus.REPLACED
        old.modified_at = at.now
        forgotten = _forget(database, old)
        personal = {**trail.of_card(old), "by": new.serial}
        at.record(database, "card.status", {**details, "registration": forgotten}, personal)
    operator_context.say(f"{old.serial}: replaced by {new.serial}")
    if forgotten:
        operator_context.say("its holder registers for self service anew, with the new card")
    return 0


# ---------------------------------------------------------------- registrations


def _list_registrations(given: argparse.Namespace) -> int:
    wanted = (
        select(Card, Cardholder, Registration)
        .join(Cardholder, col(Card.cardholder_id) == col(Cardholder.id))
        .outerjoin(Registration, col(Registration.card_id) == col(Card.id))
        .where(col(Registration.id).is_not(None) | col(Card.closed))
        .order_by(col(Card.serial))
    )
    if given.locked:
        wanted = wanted.where(col(Registration.locked) | col(Card.closed))
    with operator_context.opened(given) as at, at.reading() as database:
        rows = [
            (card.serial, card.family, holder.name, *_state(card, registration))
            for card, holder, registration in database.exec(wanted)
        ]
    operator_context.show(
        ("serial", "family", "holder", "state", "registered (UTC)", "failures"),
        rows,
        as_csv=given.csv,
    )
    return 0


def _state(card: Card, registration: Registration | None) -> tuple[object, object, object]:
    if registration is None:
        return "closed by its holder", None, card.failures
    state = "locked" if registration.locked else "registered"
    return state, registration.registered_at, registration.failures


def _release(given: argparse.Namespace) -> int:
    with operator_context.opened(given) as at, at.working() as database:
        card = operator_context.card(database, given.serial, given.family)
        registration = _registration(database, card)
        held = card.closed or card.failures or card.not_before
        if registration is not None:
            held = held or registration.locked or registration.failures
            registration.locked = False
            throttle.clear(registration)
        if not held:
            raise Declined(f"nothing holds the card {card.serial} up")
        card.closed = False
        throttle.clear(card)
        at.record(database, "registration.released", {}, trail.of_card(card))
    operator_context.say(f"{card.serial}: released")
    return 0


def _remove(given: argparse.Namespace) -> int:
    with operator_context.opened(given) as at, at.working() as database:
        card = operator_context.card(database, given.serial, given.family)
        if not _forget(database, card):
            raise Declined(f"the card {card.serial} is not registered")
        at.record(database, "registration.removed", {}, trail.of_card(card))
    operator_context.say(f"{card.serial}: the registration was removed")
    return 0


def _registration(database: Session, card: Card) -> Registration | None:
    return database.exec(
        select(Registration).where(Registration.card_id == card.id).with_for_update()
    ).first()


def _forget(database: Session, card: Card) -> bool:
    """Delete the card's registration with its envelopes: whether there was one."""
    registration = _registration(database, card)
    if registration is None:
        return False
    carry_out(
        database,
        delete(SealedEnvelope).where(col(SealedEnvelope.registration_id) == registration.id),
    )
    database.delete(registration)
    return True
