# SPDX-License-Identifier: Apache-2.0
"""Decides from the replica if a card is eligible for an unlock, while central is unavailable."""

from __future__ import annotations

from kiosk.contract.replication import CardState
from kiosk.flow.events import Refusal
from kiosk.store.replica import ReplicaReader
from kiosk.values import CardIdentity


def refusal(replica: ReplicaReader, card: CardIdentity) -> Refusal | None:
    """Return the reason for which central would refuse the card; None if it might unlock it.

    The reasons come in central's order. An unfilled replica gives none for an unknown card. Raises
    StoreFailed.
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
    return next((reason for applies, reason in found if applies), None)
