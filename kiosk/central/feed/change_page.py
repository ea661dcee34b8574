# SPDX-License-Identifier: Apache-2.0
"""Pages of changes: the cards and the policy of a kiosk's organisation, from a cursor on.

A page is read at one moment, by the index of positions. So its cost depends on the number of
changes, not on the number of cards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session, col, select

from kiosk.central.audit import checkpoints
from kiosk.central.keys import trust_store
from kiosk.central.refusal import RequestRefused
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.central.tables import (
    Card,
    ChangeCounter,
    Installation,
    Kiosk,
    Organisation,
    Registration,
    Tombstone,
)
from kiosk.contract.approval import Approval
from kiosk.contract.messages import ProblemType
from kiosk.contract.replication import (
    CardChange,
    CardGone,
    CardState,
    Change,
    ChangePage,
    Cursor,
    Policy,
    SupportContact,
    card_hash,
    registration_mark,
)
from kiosk.values import CardIdentity, Family

_KEY_PURPOSE = b"what stands for cards at a kiosk"
_KEY_BYTES = 32


def page(services: Services, caller: Caller, after: Cursor | None, limit: int) -> ChangePage:
    """Return the next changes, at most `limit`; refuse a cursor that is void."""
    with services.database.reading() as database:
        kiosk = database.get(Kiosk, caller.id)
        if kiosk is None or kiosk.revoked:  # it may have been revoked during the long poll
            raise RequestRefused(ProblemType.NOT_AUTHENTICATED)
        installation = database.get_one(Installation, 1)
        counter = database.get(ChangeCounter, caller.organisation_id) or ChangeCounter(
            organisation_id=caller.organisation_id, position=0, cards=0, horizon=0
        )
        start = after or Cursor(
            caller.organisation_id, caller.id, installation.epoch, 0, counter.position
        )
        _refuse_if_void(start, caller, installation, counter)
        key = services.master.derive(_KEY_PURPOSE, str(caller.id).encode(), _KEY_BYTES)
        found = _changes(database, start, limit + 1, key)
        more = len(found) > limit
        last = found[limit - 1][0] if more else counter.position
        return ChangePage(
            items=tuple(change for _, change in found[:limit]),
            next=str(Cursor(start.organisation, start.kiosk, start.epoch, last, start.since)),
            more=more,
            head=counter.position,
            total=max(0, counter.cards),
            epoch=installation.epoch,
            policy=_policy(database, caller, installation),
            key=key if after is None else None,
            backed_up=installation.backed_up_until,
            approval=kiosk.approval and Approval.model_validate(kiosk.approval),
            audit=checkpoints.newest(database),
        )


def _refuse_if_void(
    cursor: Cursor, caller: Caller, installation: Installation, counter: ChangeCounter
) -> None:
    """Refuse a cursor of another kiosk or epoch, one that is ahead, and one that is too old.

    A cursor is too old if tombstones after it may have been pruned. The kiosk never had the cards
    that left before it began, so it needs no tombstones of those.
    """
    if (
        (cursor.organisation, cursor.kiosk) != (caller.organisation_id, caller.id)
        or cursor.epoch != installation.epoch
        or max(cursor.position, cursor.since) > counter.position
        or max(cursor.position, cursor.since) < counter.horizon
    ):
        raise RequestRefused(ProblemType.CURSOR_VOID)


def _changes(
    database: Session, start: Cursor, at_most: int, key: bytes
) -> list[tuple[int, Change]]:
    """Return the changes after `start` with their positions, at most `at_most`."""
    cards = database.execute(
        select(  # type: ignore[call-overload]
            Card.position,
            Card.family,
            Card.serial,
            Card.status,
            Card.closed,
            Card.frozen,
            Card.expires_on,
            Card.authentication_certificate,
            Registration.id,
            Registration.locked,
            Registration.questions,
        )
        .outerjoin(Registration, col(Registration.card_id) == col(Card.id))
        .where(Card.organisation_id == start.organisation, Card.position > start.position)
        .order_by(col(Card.position))
        .limit(at_most)
    ).all()
    gone = database.exec(
        select(Tombstone)
        .where(
            Tombstone.organisation_id == start.organisation,
            Tombstone.position > max(start.position, start.since),
        )
        .order_by(col(Tombstone.position))
        .limit(at_most)
    ).all()
    found: list[tuple[int, Change]] = [(row.position, _card(row, key)) for row in cards]
    found += [(row.position, _gone(row, key)) for row in gone]
    return sorted(found, key=lambda pair: pair[0])[:at_most]


def _card(row: Row[Any], key: bytes) -> CardChange:
    certificate: bytes | None = row.authentication_certificate
    questions: Sequence[str] = row.questions or ()
    return CardChange(
        card=card_hash(key, CardIdentity(Family(row.family), row.serial)),
        status=CardState(row.status),
        registered=row.id is not None,
        registration=b"" if row.id is None else registration_mark(key, row.id),
        locked=bool(row.locked),
        closed=row.closed,
        frozen=row.frozen,
        questions=tuple(questions),
        certificate_ends=None if certificate is None else trust_store.expires_on(certificate),
        expires=row.expires_on,
    )


def _gone(row: Tombstone, key: bytes) -> CardGone:
    return CardGone(card=card_hash(key, CardIdentity(Family(row.family), row.serial)))


def _policy(database: Session, caller: Caller, installation: Installation) -> Policy:
    organisation = database.get_one(Organisation, caller.organisation_id)
    return Policy(
        organisation=organisation.name,
        stopped=installation.stopped or organisation.stopped,
        offline=organisation.offline,
        lease_hours=organisation.lease_hours,
        contacts=tuple(
            SupportContact(name=name, detail=detail) for name, detail in organisation.contacts
        ),
    )
