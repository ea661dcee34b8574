# SPDX-License-Identifier: Apache-2.0
"""A visit's dealings with the card and central: what the runtime does for the flow's effects."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.devices.reader import Reader
from kiosk.leases import LeaseRenewer, Leases
from kiosk.link import CentralClient
from kiosk.store.outbox import Outbox
from kiosk.store.replica import ReplicaReader


@dataclass(frozen=True, slots=True)
class Parties:
    """Who takes part: the names that a card's signatures are bound to."""

    central: str
    kiosk: str


@dataclass(frozen=True, slots=True)
class VisitContext:
    """What a visit works with. The replica answers where central cannot be reached.

    `leases` is what central lent for that, and `renewer` who fetches it; None where this kiosk has
    nowhere to keep it.
    """

    reader: Reader
    central: CentralClient
    outbox: Outbox
    parties: Parties
    replica: ReplicaReader
    leases: Leases | None = None
    renewer: LeaseRenewer | None = None
