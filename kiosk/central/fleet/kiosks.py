# SPDX-License-Identifier: Apache-2.0
"""The ways in which a kiosk ends: its key is replaced, it is revoked, or it retires."""

from __future__ import annotations

from sqlmodel import Session, col, delete, select

from kiosk.central.audit import trail
from kiosk.central.lending import boot_keys, leases
from kiosk.central.refusal import RequestRefused
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.central.tables import AccessRow, Card, EnrolmentRow, Kiosk
from kiosk.contract.enrolment import RetirementResponse
from kiosk.contract.messages import ProblemType
from kiosk.rows import carry_out


def named(database: Session, name: str) -> Kiosk | None:
    """Return the kiosk with this name in any organisation, or None."""
    return database.exec(select(Kiosk).where(Kiosk.name == name)).first()


def cut_off(database: Session, kiosk: Kiosk) -> list[Card]:
    """Make void everything that a device holds as this kiosk.

    Return the cards that the kiosk was lent packs of; their keys are to be renewed.
    """
    _void_tokens(database, kiosk)
    boot_keys.forget(database, kiosk)
    return leases.abandon(database, kiosk)


def revoke(database: Session, kiosk: Kiosk) -> list[Card]:
    """Refuse the kiosk from its next request on, until it enrols with a fresh token.

    Return the cards of `cut_off`.
    """
    _refuse(database, kiosk)
    return cut_off(database, kiosk)


def _refuse(database: Session, kiosk: Kiosk) -> None:
    kiosk.revoked, kiosk.retiring = True, False
    carry_out(database, delete(EnrolmentRow).where(col(EnrolmentRow.kiosk_name) == kiosk.name))
    _void_tokens(database, kiosk)


def begin_retirement(database: Session, kiosk: Kiosk) -> None:
    """Tell the kiosk, with its next access token, to hand over what it holds and to retire."""
    kiosk.retiring = True
    _void_tokens(database, kiosk)  # so that it asks for a new one soon


def _void_tokens(database: Session, kiosk: Kiosk) -> None:
    carry_out(database, delete(AccessRow).where(col(AccessRow.kiosk_id) == kiosk.id))


def retire(services: Services, caller: Caller) -> RetirementResponse:
    """Refuse a kiosk from now on that has handed over everything and wiped its store.

    Its leases go on until they are over: that it has wiped its packs is only its word. Refuse the
    request of a kiosk that is to stay.
    """
    with services.database.transaction() as database:
        kiosk = database.get_one(Kiosk, caller.id)
        if not kiosk.retiring:
            raise RequestRefused(ProblemType.OUT_OF_ORDER)
        leases.end_all(database, kiosk, services.clock())
        _refuse(database, kiosk)
        trail.append(database, services.clock(), "kiosk.retired", {"kiosk": kiosk.name}, {})
        return RetirementResponse(kiosk=kiosk.subject)
