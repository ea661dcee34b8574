# SPDX-License-Identifier: Apache-2.0
"""Rows by the names that operators have for them."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_network

from sqlmodel import Session, select

from kiosk.central.actions.context import Declined
from kiosk.central.tables import Card, Kiosk, Organisation
from kiosk.values import Family

_LONGEST_NAME = 100


def organisation(session: Session, name: str) -> Organisation:
    """Return the organisation of that name. Raises Declined."""
    found = session.exec(select(Organisation).where(Organisation.name == name)).first()
    if found is None:
        raise Declined(f"No organisation is called {name!r}: see the list of organisations")
    return found


def kiosk(session: Session, name: str) -> Kiosk:
    """Return the kiosk of that name. Raises Declined."""
    found = session.exec(select(Kiosk).where(Kiosk.name == name)).first()
    if found is None:
        raise Declined(f"No kiosk is called {name!r}: see the list of kiosks")
    return found


def card(session: Session, serial: str, family: Family | None = None) -> Card:
    """Return the card of that serial, locked for this transaction. Raises Declined."""
    wanted = select(Card).where(Card.serial == serial.upper())
    if family is not None:
        wanted = wanted.where(Card.family == family)
    found = session.exec(wanted.with_for_update()).all()
    if not found:
        raise Declined(f"No card has the serial {serial!r}: see the list of cards")
    if len(found) > 1:
        raise Declined(f"Cards of two families have the serial {serial!r}: name the family too")
    return found[0]


def networks(given: Collection[str]) -> list[str]:
    """Return the networks or addresses in one form. Raises Declined for what is neither."""
    try:
        return [str(ip_network(each)) for each in given]
    except ValueError as error:
        raise Declined(f"Not a network or an address: {error}") from None


def new_name(name: str, of_what: str) -> str:
    """Return a name that is to be given, without blanks around it. Raises Declined."""
    name = name.strip()
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
        raise Declined(f"The name of {of_what} has 1 to {_LONGEST_NAME} characters on one line")
    return name
