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
    FactRow,
    GrantRow,
    Installation,
    JournalRow,
    Kiosk,
    Organisation,
    UnlockSession,
    new_epoch,
)
from kiosk.contract.messages import GrantReceived, ProblemType
from kiosk.errors import SettingsError
from kiosk.values import Family

_PER_EPOCH = 1_000_000
"""Numbers that a new epoch skips, as room for the visits that the backup does not have."""


def begin(database: Session, now: datetime) -> Installation:
    """Begin a new epoch now, and return the installation."""
    installation = database.get_one(Installation, 1)
    installation.epoch, installation.epoch_since = new_epoch(), now
    installation.epochs += 1
    installation.backed_up_until = None
    return installation


def next_number(database: Session, latest: int) -> int:
    """Return the number after `latest`, of a card's visits or of an organisation's grants.

    The numbers of an epoch are larger than all earlier ones, also than those that were lost.
    """
    return max(latest, database.get_one(Installation, 1).epochs * _PER_EPOCH) + 1


def gaps(numbers: set[int]) -> set[int]:
    """Return the numbers that were taken before others of their epoch, and are not there."""
    highest: dict[int, int] = {}
    for number in numbers - {0}:
        epoch = (number - 1) // _PER_EPOCH
        highest[epoch] = max(number, highest.get(epoch, 0))
    return {
        number
        for epoch, last in highest.items()
        for number in range(epoch * _PER_EPOCH + 1, last)
        if number not in numbers
    }


def next_visit(database: Session, card: Card, *, count: int = 1) -> int:
    """Take the numbers of the next visits of the locked `card`, and return the first one."""
    first = next_number(database, card.visits)
    card.visits = first + count - 1
    return first


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
    """Refuse while a kiosk or a journal may know more about a card's key than central."""
    if unsettled(work.session, work.caller.organisation_id):
        raise RequestRefused(ProblemType.UNSETTLED)


def unsettled(database: Session, organisation_id: int) -> bool:
    """Return whether more may be known elsewhere about the keys of the organisation's cards.

    Recovery may have found that a journal is missing, or that the journals lack some grants.
    """
    journal = select(JournalRow.id).where(JournalRow.missing != "", col(JournalRow.lost).is_(False))
    return (
        database.get_one(Organisation, organisation_id).missing_grants
        or database.exec(journal).first() is not None
        or bool(missing(database, organisation_id))
    )


def confirm(work: Work, epoch: str) -> None:
    """Record that the caller has reported all it keeps to `epoch`; ignore an epoch that is over."""
    kiosk = work.session.get_one(Kiosk, work.caller.id)
    if work.session.get_one(Installation, 1).epoch == epoch and kiosk.epoch != epoch:
        kiosk.epoch = epoch
        details: dict[str, trail.Detail] = {"kiosk": kiosk.name, "epoch": epoch}
        trail.append(work.session, work.now, "epoch.confirmed", details, {})


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
    tries_left: int | None
    organisation_id: int | None
    counter: int
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


def restore(work: Work, received: GrantReceived, *, from_journal: bool = False) -> str | None:
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
    former = work.session.exec(
        select(GrantRow).where(GrantRow.session_id == received.session)
    ).first()
    if former is not None and not _never_left(work, former):
        return "the session has another grant"
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
    if former is not None:
        work.session.delete(former)
        work.session.flush()
    _restore(work, card, received, kept, from_journal=from_journal)
    return None


def _never_left(work: Work, grant: GrantRow) -> bool:
    """Return whether the grant came back from a journal, and no kiosk has said anything about it.

    A session has one grant. A journal also has the lines of grants that were then not committed,
    and no kiosk got; so a grant that comes with its kiosk's report takes their place.
    """
    reported = select(FactRow.id).where(FactRow.grant_id == grant.id)
    return grant.from_journal and work.session.exec(reported).first() is None


def _restore(
    work: Work, card: Card, received: GrantReceived, kept: _Receipt, *, from_journal: bool
) -> None:
    card.visits = max(card.visits, kept.grant.number)
    trust = work.session.get(Organisation, kept.grant.organisation_id)
    if trust is not None:
        trust.grants = max(trust.grants, kept.grant.counter)
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
            from_journal=from_journal,
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
