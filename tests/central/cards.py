# SPDX-License-Identifier: Apache-2.0
"""Any number of cards at central, and changes to them."""

from __future__ import annotations

from uuid import uuid4

from sqlmodel import Session, col, select

from kiosk.central.service.assembly import Services
from kiosk.central.tables import Card, Cardholder, EscrowedKey, Organisation, Registration
from kiosk.values import Family


def organisation(database: Session, name: str) -> Organisation:
    """Return the organisation of that name; create it if necessary."""
    found = database.exec(select(Organisation).where(Organisation.name == name)).first()
    if found is None:
        found = Organisation(name=name)
        database.add(found)
        database.flush()
    return found


def serials(prefix: str, count: int) -> list[str]:
    """Return serials in the form that cards have, distinguished by the prefix."""
    return [f"{prefix}{number:012X}" for number in range(count)]


def add(services: Services, trust: str, which: list[str], *, registered: bool = True) -> None:
    """Add cards of `trust`, in one transaction."""
    with services.database.transaction() as database:
        put(database, trust, which, registered=registered)


def put(database: Session, trust: str, which: list[str], *, registered: bool = True) -> None:
    """Add cards of `trust`, in a transaction that is under way."""
    home = organisation(database, trust).id
    holder = Cardholder(organisation_id=home, name="N", email="n@example.nhs.uk")
    database.add(holder)
    database.flush()
    cards = [
        Card(
            organisation_id=home,
            cardholder_id=holder.id,
            family=Family.PIV,
            serial=serial,
            seed=b"s" * 32,
        )
        for serial in which
    ]
    database.add_all(cards)
    database.flush()
    if registered:
        database.add_all(
            Registration(
                id=uuid4(),
                card_id=card.id,
                recovery_public_key=b"k",
                normaliser=1,
                questions=["first-pet", "first-street"],
            )
            for card in cards
        )


def remove(services: Services, which: list[str]) -> None:
    """Remove the cards with all rows that refer to them."""
    with services.database.transaction() as database:
        for card in database.exec(select(Card).where(col(Card.serial).in_(which))):
            for table in (Registration, EscrowedKey):
                for row in database.exec(select(table).where(table.card_id == card.id)):
                    database.delete(row)
            database.flush()
            database.delete(card)


def move(services: Services, serial: str, trust: str) -> None:
    """Move the card to another organisation."""
    with services.database.transaction() as database:
        card = database.exec(select(Card).where(Card.serial == serial)).one()
        card.organisation_id = organisation(database, trust).id
