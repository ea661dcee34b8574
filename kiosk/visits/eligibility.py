# SPDX-License-Identifier: Apache-2.0
"""How a card stands with central, as far as the replica knows: for when central is out of reach."""

from __future__ import annotations

from kiosk.contract.replication import CardState
from kiosk.flow.events import Refusal
from kiosk.store.replica import ReplicaReader
from kiosk.values import CardIdentity


def refusal(replica: ReplicaReader, card: CardIdentity) -> Refusal | None:
    """Why central would not unlock the card; None where it might. Raises StoreFailed.

    In the order in which central looks. Of a replica that was never filled nothing follows.
    """
    known = replica.find(card)
    policy = replica.policy()
    if known is None:
        return Refusal.NOT_KNOWN if replica.state().complete else None
    stopped = policy is not None and policy.stopped
    found = (
        (known.status is not CardState.ACTIVE or stopped, Refusal.STOPPED),
        (not known.registered, Refusal.NOT_REGISTERED),
        (known.locked, Refusal.LOCKED_OUT),
        (known.frozen, Refusal.FROZEN),
    )
    return next((reason for holds, reason in found if holds), None)
