# SPDX-License-Identifier: Apache-2.0
"""A visit's work with the card and central: the runtime uses it to carry out the flow's effects."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.devices.reader import Reader
from kiosk.leases import LeaseRenewer, Leases
from kiosk.link import CentralClient
from kiosk.store.outbox import Outbox
from kiosk.store.replica import ReplicaReader


@dataclass(frozen=True, slots=True)
class Parties:
    """The names of central and this kiosk, to which a card's signatures are bound."""

    central: str
    kiosk: str


@dataclass(frozen=True, slots=True)
class VisitContext:
    """The services that a visit uses; the replica answers while central is unavailable.

    `leases` has the packs that central lent for an unlock without central, and `renewer` fetches
    them. Both are None if this kiosk has no memory to keep packs in.
    """

    reader: Reader
    central: CentralClient
    outbox: Outbox
    parties: Parties
    replica: ReplicaReader
    leases: Leases | None = None
    renewer: LeaseRenewer | None = None
