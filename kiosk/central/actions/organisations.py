# SPDX-License-Identifier: Apache-2.0
"""Organisations, and the policy that their kiosks are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from sqlalchemy import func
from sqlmodel import Session, col, select

from kiosk.central.actions import named
from kiosk.central.actions.catalogue import action
from kiosk.central.actions.context import Declined, OperatorContext
from kiosk.central.audit import trail
from kiosk.central.tables import Card, Installation, Kiosk, LeaseCards, Organisation
from kiosk.contract.replication import SupportContact

__all__ = [
    "LeaseCards",
    "OrganisationAdded",
    "OrganisationPolicy",
    "OrganisationRow",
    "PolicyChange",
    "PolicyContact",
    "add_organisation",
    "list_organisations",
    "set_policy",
    "show_policy",
]  # fmt: skip

_MOST_LEASE_HOURS = 12
_MOST_CONTACTS = 4


@dataclass(frozen=True, slots=True)
class OrganisationRow:
    """An organisation in a list. `unlocking_stopped`: by itself, or with all others."""

    organisation: str
    kiosks: int
    cards: int
    unlocking_stopped: bool


@dataclass(frozen=True, slots=True)
class OrganisationAdded:
    """The organisation that there is now."""

    organisation: str


@dataclass(frozen=True, slots=True)
class PolicyContact:
    """A contact for users: a name and a way, such as "IT service desk" and "ext. 2222"."""

    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class OrganisationPolicy:
    """An organisation's policy for its kiosks. `lease_networks`: empty for all."""

    organisation: str
    offline: bool
    lease_hours: int
    lease_cards: LeaseCards
    lease_networks: tuple[str, ...]
    contacts: tuple[PolicyContact, ...]


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """A change of a policy; None leaves a part as it is. `contacts` replaces the present ones."""

    offline: bool | None = None
    lease_hours: int | None = None
    lease_cards: LeaseCards | None = None
    lease_networks: tuple[str, ...] | None = None
    contacts: tuple[PolicyContact, ...] | None = None


def list_organisations(context: OperatorContext) -> tuple[OrganisationRow, ...]:
    """Return the organisations by name, with how many kiosks and cards each has."""
    with context.reading() as session:
        everywhere = session.get_one(Installation, 1).stopped
        kiosks, cards = _counted(session, Kiosk), _counted(session, Card)
        found = session.exec(select(Organisation).order_by(col(Organisation.name))).all()
    return tuple(
        OrganisationRow(
            each.name, kiosks.get(each.id, 0), cards.get(each.id, 0), everywhere or each.stopped
        )
        for each in found
    )


@action("organisations.add", "organisation.added")
def add_organisation(context: OperatorContext, *, name: str) -> OrganisationAdded:
    """Add an organisation, by the name that cardholders know."""
    name = named.new_name(name, "an organisation")
    with context.changing() as change:
        known = select(Organisation).where(Organisation.name == name)
        if change.session.exec(known).first() is not None:
            raise Declined(f"There is an organisation called {name!r} already")
        change.session.add(Organisation(name=name))
        change.record("organisation.added", {"organisation": name})
    return OrganisationAdded(name)


def show_policy(context: OperatorContext, *, name: str) -> OrganisationPolicy:
    """Return what the organisation's kiosks are told."""
    with context.reading() as session:
        return _policy(named.organisation(session, name))


@action("organisations.policy", "organisation.policy")
def set_policy(context: OperatorContext, *, name: str, change: PolicyChange) -> OrganisationPolicy:
    """Change what an organisation's kiosks are told."""
    hours = change.lease_hours
    if hours is not None and not 1 <= hours <= _MOST_LEASE_HOURS:
        raise Declined(f"Leases last 1 to {_MOST_LEASE_HOURS} hours")
    networks = change.lease_networks
    told: dict[str, bool | int | LeaseCards | list[str] | list[list[str]] | None] = {
        "offline": change.offline,
        "lease_hours": hours,
        "lease_cards": change.lease_cards,
        "lease_networks": None if networks is None else named.networks(networks),
        "contacts": None if change.contacts is None else _checked(change.contacts),
    }
    changed = {part: value for part, value in told.items() if value is not None}
    if not changed:
        raise Declined("Nothing of the policy was named that is to change")
    with context.changing() as work:
        trust = named.organisation(work.session, name)
        for part, value in changed.items():
            setattr(trust, part, value)
        details: dict[str, trail.Detail] = {part: str(value) for part, value in changed.items()}
        work.record("organisation.policy", {"organisation": trust.name, **details})
        return _policy(trust)


def _checked(contacts: Sequence[PolicyContact]) -> list[list[str]]:
    if len(contacts) > _MOST_CONTACTS:
        raise Declined(f"An organisation has up to {_MOST_CONTACTS} contacts")
    try:
        for each in contacts:
            SupportContact(name=each.name, detail=each.detail)
    except ValidationError:
        raise Declined("A contact's name and detail have 1 to 64 characters each") from None
    return [[each.name, each.detail] for each in contacts]


def _policy(trust: Organisation) -> OrganisationPolicy:
    contacts = tuple(PolicyContact(name, detail) for name, detail in trust.contacts)
    return OrganisationPolicy(
        trust.name,
        trust.offline,
        trust.lease_hours,
        LeaseCards(trust.lease_cards),
        tuple(trust.lease_networks),
        contacts,
    )


def _counted(session: Session, table: type[Kiosk] | type[Card]) -> dict[int, int]:
    of = col(table.organisation_id)
    return dict(session.exec(select(of, func.count()).group_by(of)).all())
