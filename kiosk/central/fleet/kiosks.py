# SPDX-License-Identifier: Apache-2.0
"""What ends a kiosk: its key is replaced, it is revoked, or it goes by itself."""

from __future__ import annotations

from sqlmodel import Session, col, delete, select

from kiosk.central.audit import trail
from kiosk.central.lending import leases
from kiosk.central.refusal import RequestRefused
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.central.tables import AccessRow, Card, EnrolmentRow, Kiosk
from kiosk.contract.enrolment import RetirementResponse
from kiosk.contract.messages import ProblemType
from kiosk.rows import carry_out


def named(database: Session, name: str) -> Kiosk | None:
    """The kiosk of that name, in whichever organisation."""
    return database.exec(select(Kiosk).where(Kiosk.name == name)).first()


def cut_off(database: Session, kiosk: Kiosk) -> list[Card]:
    """Whatever a device holds by which it was this kiosk is worth nothing from now on.

    The cards whose keys are to be renewed, for it was lent packs of theirs.
    """
    _void_tokens(database, kiosk)
    return leases.abandon(database, kiosk)


def revoke(database: Session, kiosk: Kiosk) -> list[Card]:
    """Refuse the kiosk from its next request on; only a fresh enrolment token lets it in again.

    The cards of `cut_off`.
    """
    kiosk.revoked, kiosk.retiring = True, False
    carry_out(database, delete(EnrolmentRow).where(col(EnrolmentRow.kiosk_name) == kiosk.name))
    return cut_off(database, kiosk)


def begin_retirement(database: Session, kiosk: Kiosk) -> None:
    """Have the kiosk hand over what it has, and go: it is told with its next access token."""
    kiosk.retiring = True
    _void_tokens(database, kiosk)  # so it needs one now


def _void_tokens(database: Session, kiosk: Kiosk) -> None:
    carry_out(database, delete(AccessRow).where(col(AccessRow.kiosk_id) == kiosk.id))


def retire(services: Services, caller: Caller) -> RetirementResponse:
    """The kiosk has handed over everything and wiped its store. Refuses one that is to stay."""
    with services.database.transaction() as database:
        kiosk = database.get_one(Kiosk, caller.id)
        if not kiosk.retiring:
            raise RequestRefused(ProblemType.OUT_OF_ORDER)
        leases.end_all(database, kiosk, services.clock())
        revoke(database, kiosk)
        trail.append(database, services.clock(), "kiosk.retired", {"kiosk": kiosk.name}, {})
        return RetirementResponse(kiosk=kiosk.subject)
