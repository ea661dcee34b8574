# SPDX-License-Identifier: Apache-2.0
"""Epochs: what kiosks report anew after the database was restored from a backup."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import col, select

from kiosk.central.actions import named
from kiosk.central.actions.catalogue import action
from kiosk.central.actions.context import Declined, OperatorContext
from kiosk.central.evidence import epochs
from kiosk.central.tables import Installation, Organisation


@dataclass(frozen=True, slots=True)
class WaitingOrganisation:
    """An organisation in which nothing is unlocked until so many kiosks have reported."""

    organisation: str
    kiosks: int


@dataclass(frozen=True, slots=True)
class NewEpoch:
    """The epoch that began, and who has to report first."""

    epoch: str
    waiting: tuple[WaitingOrganisation, ...]


@dataclass(frozen=True, slots=True)
class SettledKiosk:
    """A kiosk that is not waited for. `missing`: those of its organisation that are."""

    kiosk: str
    missing: tuple[str, ...]


@action("epochs.new", "epoch.begun")
def begin_epoch(context: OperatorContext) -> NewEpoch:
    """Have kiosks report anew what they keep; until they have, nothing is unlocked."""
    with context.changing() as change:
        installation = epochs.begin(change.session, change.now)
        change.record("epoch.begun", {"epoch": installation.epoch})
        trusts = change.session.exec(select(Organisation).order_by(col(Organisation.name)))
        waiting = tuple(
            WaitingOrganisation(trust.name, len(epochs.missing(change.session, trust.id)))
            for trust in trusts.all()
        )
        return NewEpoch(installation.epoch, waiting)


@action("epochs.settle", "epoch.settled")
def settle_kiosk(context: OperatorContext, *, name: str) -> SettledKiosk:
    """Wait no longer for the report of a kiosk that is lost."""
    with context.changing() as change:
        kiosk = named.kiosk(change.session, name)
        epoch = change.session.get_one(Installation, 1).epoch
        if kiosk.epoch == epoch:
            raise Declined(f"The kiosk {kiosk.name} has reported already")
        kiosk.epoch = epoch
        change.record("epoch.settled", {"kiosk": kiosk.name, "epoch": epoch})
        missing = epochs.missing(change.session, kiosk.organisation_id)
        return SettledKiosk(kiosk.name, tuple(each.name for each in missing))
