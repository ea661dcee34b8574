# SPDX-License-Identifier: Apache-2.0
"""Kiosks: how a device may become one, which there are, and how one ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from kiosk.central.actions import named
from kiosk.central.actions.catalogue import action
from kiosk.central.actions.context import Declined, OperatorContext
from kiosk.central.audit import trail
from kiosk.central.fleet import enrolling, kiosks
from kiosk.central.lending import leases
from kiosk.central.tables import Installation, Kiosk, Organisation

TOKEN_HOURS = enrolling.TOKEN_LIFE // timedelta(hours=1)
_LONGEST_TOKEN_HOURS = 24 * 14


@dataclass(frozen=True, slots=True)
class KioskRow:
    """A kiosk in a list. `lease_networks`: None for its organisation's.

    `reported_anew`: since central was restored, if it was. `copied_at`: when two devices showed its
    identity; nothing is lent to it until it is enrolled with a new key.
    """

    kiosk: str
    organisation: str
    heard_at: datetime | None
    retiring: bool
    revoked: bool
    reported_anew: bool
    copied_at: datetime | None
    lease_networks: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class LendingNetworks:
    """The networks in which the kiosk is lent packs; None for those of its organisation."""

    kiosk: str
    networks: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class LentCard:
    """A card that a kiosk has or had a pack of, and whose key may be the one in that pack."""

    serial: str
    lent_at: datetime
    lent_until: datetime
    renewal_due: bool


@dataclass(frozen=True, slots=True)
class EnrolmentToken:
    """A token for `kiosk enrol`, good once. `replaces_device`: the kiosk is in service now."""

    kiosk: str
    organisation: str
    expires_at: datetime
    replaces_device: bool
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RevokedKiosk:
    """A kiosk that is refused. The next unlock renews the keys of the cards `renewal_due`."""

    kiosk: str
    renewal_due: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RetiringKiosk:
    """A kiosk that is about to hand over what it has, and go."""

    kiosk: str


def list_kiosks(context: OperatorContext) -> tuple[KioskRow, ...]:
    """Return the kiosks by name, and when each was last heard of."""
    wanted = (
        select(Kiosk, Organisation)
        .join(Organisation, col(Kiosk.organisation_id) == col(Organisation.id))
        .order_by(col(Kiosk.name))
    )
    with context.reading() as session:
        epoch = session.get_one(Installation, 1).epoch
        return tuple(
            KioskRow(
                each.name,
                trust.name,
                each.heard_at,
                each.retiring,
                each.revoked,
                each.epoch == epoch,
                each.copied_at,
                None if each.lease_networks is None else tuple(each.lease_networks),
            )
            for each, trust in session.exec(wanted)
        )


def list_lent(context: OperatorContext, *, name: str) -> tuple[LentCard, ...]:
    """Return the cards that the kiosk may know the key of, by their serials."""
    with context.reading() as session:
        kiosk = named.kiosk(session, name)
        newest: dict[str, LentCard] = {}
        for pack, card in leases.known_keys(session, kiosk):
            newest[card.serial] = LentCard(
                card.serial, pack.lent_at, pack.lent_until, card.renewal_due
            )
    return tuple(newest[serial] for serial in sorted(newest))


@action("kiosks.enrol-token", "enrolment.allowed")
def make_enrolment_token(
    context: OperatorContext, *, name: str, organisation: str, hours: int = TOKEN_HOURS
) -> EnrolmentToken:
    """Let a device become a kiosk of that name, by a token that is good once for `hours`."""
    name = named.new_name(name, "a kiosk")
    if not 1 <= hours <= _LONGEST_TOKEN_HOURS:
        raise Declined(f"An enrolment token is good for 1 to {_LONGEST_TOKEN_HOURS} hours")
    with context.changing() as change:
        trust = named.organisation(change.session, organisation)
        kiosk = kiosks.named(change.session, name)
        if kiosk is not None and kiosk.organisation_id != trust.id:
            raise Declined(f"{name!r} is a kiosk of another organisation: see the list of kiosks")
        if kiosk is not None and kiosk.retiring:
            raise Declined(f"The kiosk {name} is about to go: let it, or revoke it")
        until = change.now + timedelta(hours=hours)
        token = enrolling.make_token(change.session, trust, name, until)
        told: dict[str, trail.Detail] = {
            "kiosk": name,
            "organisation": trust.name,
            "hours": hours,
        }
        change.record("enrolment.allowed", told)
        replaces = kiosk is not None and not kiosk.revoked
        return EnrolmentToken(name, trust.name, until, replaces, token)


@action("kiosks.networks", "kiosk.networks")
def set_networks(
    context: OperatorContext, *, name: str, networks: tuple[str, ...] | None
) -> LendingNetworks:
    """Lend packs to a kiosk in these networks alone; None: in those of its organisation."""
    given = None if networks is None else named.networks(networks)
    with context.changing() as change:
        kiosk = named.kiosk(change.session, name)
        kiosk.lease_networks = given
        change.record("kiosk.networks", {"kiosk": kiosk.name, "networks": str(given)})
        return LendingNetworks(kiosk.name, None if given is None else tuple(given))


@action("kiosks.revoke", "kiosk.revoked", "card.renewal-due")
def revoke_kiosk(context: OperatorContext, *, name: str) -> RevokedKiosk:
    """Refuse a kiosk from its next request on."""
    with context.changing() as change:
        kiosk = _in_service(change.session, name)
        marked = kiosks.revoke(change.session, kiosk)
        change.record("kiosk.revoked", {"kiosk": kiosk.name, "packs": len(marked)})
        for card in marked:
            change.record("card.renewal-due", {"kiosk": kiosk.name}, trail.of_card(card))
        return RevokedKiosk(kiosk.name, tuple(card.serial for card in marked))


@action("kiosks.retire", "kiosk.retiring")
def retire_kiosk(context: OperatorContext, *, name: str) -> RetiringKiosk:
    """Have a kiosk hand over what it recorded, wipe itself and go."""
    with context.changing() as change:
        kiosk = _in_service(change.session, name)
        if kiosk.retiring:
            raise Declined(f"The kiosk {kiosk.name} is retiring already")
        kiosks.begin_retirement(change.session, kiosk)
        change.record("kiosk.retiring", {"kiosk": kiosk.name})
        return RetiringKiosk(kiosk.name)


def _in_service(session: Session, name: str) -> Kiosk:
    """Return the kiosk of that name. Raises Declined if there is none, or none any more."""
    kiosk = named.kiosk(session, name)
    if kiosk.revoked:
        raise Declined(f"The kiosk {kiosk.name} was revoked already")
    return kiosk
