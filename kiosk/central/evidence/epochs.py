# SPDX-License-Identifier: Apache-2.0
"""Epochs: how central catches up with the kiosks after its database was restored from a backup.

A restored database knows less than the kiosks do. Kiosks therefore keep their reports until these
are backed up, and report them again when central is in a new epoch. The cards of an organisation
get no grants until all its kiosks have done so. A grant that central has lost is restored from its
receipt, which central sealed when it issued the grant.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, col, select

from kiosk.central.audit import trail
from kiosk.central.refusal import RequestRefused
from kiosk.central.service.sessions import Work
from kiosk.central.tables import (
    Card,
    GrantRow,
    Installation,
    Kiosk,
    UnlockSession,
    new_epoch,
)
from kiosk.contract.messages import GrantReceived, ProblemType
from kiosk.errors import SettingsError
from kiosk.values import Family

_SKIPPED_GRANTS = 1_000_000
"""Grant numbers that a new epoch skips, as room for the grants that the backup does not have."""


def begin(database: Session, now: datetime) -> Installation:
    """Begin a new epoch now, and return the installation."""
    installation = database.get_one(Installation, 1)
    installation.epoch, installation.epoch_since = new_epoch(), now
    installation.grants += _SKIPPED_GRANTS
    installation.backed_up_until = None
    return installation


def missing(database: Session, organisation_id: int) -> list[Kiosk]:
    """Return the organisation's kiosks that have not yet reported what they keep."""
    epoch = database.get_one(Installation, 1).epoch
    query = select(Kiosk).where(
        Kiosk.organisation_id == organisation_id,
        col(Kiosk.revoked).is_(False),
        Kiosk.epoch != epoch,
    )
    return list(database.exec(query.order_by(col(Kiosk.name))))


def refuse_if_unsettled(work: Work) -> None:
    """Refuse while a kiosk of the organisation may know more about a card's key than central."""
    if missing(work.session, work.caller.organisation_id):
        raise RequestRefused(ProblemType.UNSETTLED)


def confirm(work: Work, epoch: str) -> None:
    """Record that the caller has reported all it keeps to `epoch`; ignore an epoch that is over."""
    kiosk = work.session.get_one(Kiosk, work.caller.id)
    if work.session.get_one(Installation, 1).epoch == epoch and kiosk.epoch != epoch:
        kiosk.epoch = epoch
        details: dict[str, trail.Detail] = {"kiosk": kiosk.name, "epoch": epoch}
        trail.append(work.session, work.now, "epoch.confirmed", details, {})


def happened_before(work: Work, moment: datetime) -> bool:
    """Return whether `moment` is before this epoch, so that the cardholder was already notified."""
    since = work.session.get_one(Installation, 1).epoch_since
    return since is not None and moment < since


# ---------------------------------------------------------------- receipts


class _SessionPart(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)

    registration_id: UUID
    reason: str
    passcode_tries: int | None
    unblocking_tries: int | None
    last_grant: int
    opened_at: datetime


class _GrantPart(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)

    number: int
    current: int
    first: int
    second_allowed: bool
    second_needs: int
    renew: bool
    charged: bool
    issued_at: datetime


class _Receipt(BaseModel):
    """Everything that is needed to restore a grant."""

    kiosk: str
    family: Family
    serial: str
    session: _SessionPart
    grant: _GrantPart


def receipt(work: Work, card: Card, session: UnlockSession, grant: GrantRow) -> bytes:
    """Return the receipt of the grant, sealed with the master key: a kiosk cannot read it."""
    kept = _Receipt(
        kiosk=work.caller.name,
        family=card.family,
        serial=card.serial,
        session=_SessionPart.model_validate(session),
        grant=_GrantPart.model_validate(grant),
    )
    return work.services.master.wrap(
        kept.model_dump_json().encode(), _context(session.id, grant.id)
    )


def restore(work: Work, received: GrantReceived) -> str | None:
    """Restore the grant if it is not known any more; return why that is refused, or None."""
    known = work.session.exec(select(GrantRow).where(GrantRow.id == received.grant)).first()
    if known is not None:
        return None if known.kiosk_id == work.caller.id else "grant not known"
    try:
        context = _context(received.session, received.grant)
        kept = _Receipt.model_validate_json(work.services.master.unwrap(received.receipt, context))
    except SettingsError:
        return "grant not known"
    if kept.kiosk != work.caller.name:
        return "grant not known"
    if work.session.get(GrantRow, kept.grant.number) is not None:
        return "number taken: was this an epoch of its own?"
    card = work.session.exec(
        select(Card)
        .where(
            Card.family == kept.family,
            Card.serial == kept.serial,
            Card.organisation_id == work.caller.organisation_id,
        )
        .with_for_update()
    ).first()
    if card is None:
        return "card not known"
    _restore(work, card, received, kept)
    return None


def _restore(work: Work, card: Card, received: GrantReceived, kept: _Receipt) -> None:
    owners: dict[str, Any] = {"kiosk_id": work.caller.id, "card_id": card.id}
    if work.session.get(UnlockSession, received.session) is None:
        opened = UnlockSession(
            id=received.session, nonce=b"", **owners, **kept.session.model_dump()
        )
        work.session.add(opened)
        work.session.flush()
    work.session.add(
        GrantRow(
            id=received.grant,
            session_id=received.session,
            receipt=received.receipt,
            **owners,
            **kept.grant.model_dump(),
        )
    )
    work.session.flush()
    details: dict[str, trail.Detail] = {
        "kiosk": work.caller.name,
        "session": str(received.session),
        "grant": str(received.grant),
        "generation": kept.grant.current,
        "charged": kept.grant.charged,
    }
    trail.append(work.session, work.now, "grant.restored", details, trail.of_card(card))


def _context(session: UUID, grant: UUID) -> bytes:
    return b"receipt of a grant " + session.bytes + grant.bytes
