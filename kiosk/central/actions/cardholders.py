# SPDX-License-Identifier: Apache-2.0
"""Cardholders, who may ask to be forgotten."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import select

from kiosk.central.actions.catalogue import action
from kiosk.central.actions.context import Declined, OperatorContext
from kiosk.central.operations import retention
from kiosk.central.tables import Cardholder


@dataclass(frozen=True, slots=True)
class ErasedCardholder:
    """An erased cardholder, with the number of their cards."""

    cards: int


@action("cardholders.erase", "cardholder.erased")
def erase_cardholder(context: OperatorContext, *, uuid: str) -> ErasedCardholder:
    """Forget who a cardholder was, by the twelve digits of their UUID.

    Their cards are those of a leaver from then on.
    """
    with context.changing() as change:
        holder = change.session.exec(select(Cardholder).where(Cardholder.uuid == uuid)).first()
        if holder is None or not uuid:
            raise Declined(f"No cardholder has the UUID {uuid!r}")
        number, cards = holder.id, retention.erase(change.session, holder)
        change.record("cardholder.erased", {"cardholder": number, "cards": cards})
    return ErasedCardholder(cards)
