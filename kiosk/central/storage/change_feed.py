# SPDX-License-Identifier: Apache-2.0
"""Positions in the change feed: each change that kiosks follow gets one in its own transaction.

This module alone gives them, whoever makes the change. The session of `Database.transaction` notes
which rows are new, changed or deleted. At the end of the transaction it advances the organisation's
counter, whose row stays locked until the commit. So everybody who sees a position sees all
positions before it, and a kiosk that has reached a position has missed nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, event, inspect, update
from sqlalchemy.orm import ORMExecuteState
from sqlmodel import Session as _PlainSession
from sqlmodel import col, select

from kiosk.central.tables import (
    Card,
    ChangeCounter,
    Installation,
    Kiosk,
    Organisation,
    Registration,
    Tombstone,
    metadata,
)
from kiosk.values import Family

_IDENTITY = ("organisation_id", "family", "serial")
_OF_CARD = (*_IDENTITY, "status", "authentication_certificate", "expires_on", "frozen", "closed")
_OF_REGISTRATION = ("card_id", "questions", "locked")
_OF_ORGANISATION = ("name", "stopped", "offline", "lease_hours", "contacts")
_FOLLOWED = (Card, Registration, Organisation, Kiosk, Installation)
_BATCH = 500  # identifiers in one query
_Identity = tuple[int, Family, str]


class Session(_PlainSession):
    """A session that notes which rows are changed in it."""


@dataclass(slots=True)
class _Touched:
    """The rows that a transaction has changed; `count` is the growth in cards by organisation."""

    cards: dict[int, Card] = field(default_factory=dict)  # by id(): new rows have no key yet
    registered: set[int] = field(default_factory=set)
    gone: list[_Identity] = field(default_factory=list)
    organisations: dict[int, Organisation] = field(default_factory=dict)
    everywhere: bool = False
    count: Counter[int] = field(default_factory=Counter)


def number(session: Session) -> None:
    """Give the changed rows their positions; this is the last step of a transaction."""
    session.flush()
    touched: _Touched | None = session.info.pop(_Touched, None)
    if touched is None:
        return
    cards = _cards(session, touched)
    gone: dict[int, list[_Identity]] = defaultdict(list)
    for identity in touched.gone:
        gone[identity[0]].append(identity)
    organisations = {each.id for each in touched.organisations.values()}
    if touched.everywhere:
        organisations.update(session.exec(select(Organisation.id)))
    # Always in the same order, so that transactions do not deadlock.
    for organisation in sorted(organisations | cards.keys() | gone.keys()):
        left, changed = gone[organisation], cards[organisation]
        taken = max(1, len(left) + len(changed))
        first = _advance(session, organisation, taken, touched.count[organisation]) - taken + 1
        _bury(session, left, first)
        _place(session, changed, first + len(left))


def take_positions(session: _PlainSession, organisation: int, taken: int, cards: int) -> int:
    """Take positions for cards that a statement writes; return the number before the first.

    The caller writes them in this transaction. `cards` is the growth in cards.
    """
    return _advance(session, organisation, taken, cards) - taken


def _cards(session: Session, touched: _Touched) -> dict[int, list[int]]:
    """Return the changed cards by organisation."""
    homes = {card.id: card.organisation_id for card in touched.cards.values()}
    unknown = sorted(touched.registered - homes.keys())
    for start in range(0, len(unknown), _BATCH):
        batch = col(Card.id).in_(unknown[start : start + _BATCH])
        homes.update(session.exec(select(Card.id, Card.organisation_id).where(batch)).all())
    cards: dict[int, list[int]] = defaultdict(list)
    for card, organisation in homes.items():
        cards[organisation].append(card)
    return cards


def _advance(session: _PlainSession, organisation: int, taken: int, cards: int) -> int:
    """Advance the counter, which stays locked, and return its new position."""
    advanced = (
        update(ChangeCounter)
        .where(col(ChangeCounter.organisation_id) == organisation)
        .values(
            position=col(ChangeCounter.position) + taken, cards=col(ChangeCounter.cards) + cards
        )
        .returning(col(ChangeCounter.position))
        .execution_options(synchronize_session=False)
    )
    position: int | None = session.execute(advanced).scalar_one_or_none()
    if position is None:
        session.add(ChangeCounter(organisation_id=organisation, position=taken, cards=cards))
        session.flush()
        return taken
    return position


def _bury(session: Session, left: list[_Identity], first: int) -> None:
    now = datetime.now(UTC)
    for position, (organisation, family, serial) in enumerate(left, first):
        session.add(
            Tombstone(
                organisation_id=organisation,
                position=position,
                family=family,
                serial=serial,
                at=now,
            )
        )
    session.flush()


def _place(session: Session, cards: list[int], first: int) -> None:
    if not cards:
        return
    table = metadata.tables["card"]
    placed = (
        update(table)
        .where(table.c.id == bindparam("card"))
        .values(position=bindparam("position_taken"))
    )
    session.connection().execute(
        placed,
        [{"card": card, "position_taken": at} for at, card in enumerate(cards, first)],
    )


# ---------------------------------------------------------------- noting changes


def _touched(session: Session) -> _Touched:
    touched: _Touched = session.info.setdefault(_Touched, _Touched())
    return touched


@event.listens_for(Session, "before_flush")
def _note(session: Session, _context: object, _instances: object) -> None:
    for row in session.new:
        _added(session, row)
    for row in session.dirty:
        _changed(session, row)
    for row in session.deleted:
        _deleted(session, row)


def _added(session: Session, row: object) -> None:
    if isinstance(row, Card):
        touched = _touched(session)
        touched.cards[id(row)] = row
        touched.count[row.organisation_id] += 1
    elif isinstance(row, Registration):
        _touched(session).registered.add(row.card_id)
    elif isinstance(row, Organisation):
        _touched(session).organisations[id(row)] = row
    elif isinstance(row, Kiosk) and not row.epoch:
        # A new kiosk has nothing to report, so it is in the present epoch.
        with session.no_autoflush:
            row.epoch = session.get_one(Installation, 1).epoch


def _changed(session: Session, row: object) -> None:
    if isinstance(row, Card) and _differs(row, _OF_CARD):
        touched = _touched(session)
        touched.cards[id(row)] = row
        before = _before(row)
        if before != (row.organisation_id, row.family, row.serial):
            touched.gone.append(before)
            touched.count[before[0]] -= 1
            touched.count[row.organisation_id] += 1
    elif isinstance(row, Registration) and _differs(row, _OF_REGISTRATION):
        _touched(session).registered.add(row.card_id)
    elif isinstance(row, Organisation) and _differs(row, _OF_ORGANISATION):
        _touched(session).organisations[id(row)] = row
    elif isinstance(row, Installation) and _differs(row, ("stopped",)):
        _touched(session).everywhere = True


def _deleted(session: Session, row: object) -> None:
    if isinstance(row, Card):
        touched = _touched(session)
        before = _before(row)
        touched.cards.pop(id(row), None)
        touched.gone.append(before)
        touched.count[before[0]] -= 1
    elif isinstance(row, Registration):
        _touched(session).registered.add(row.card_id)


def _differs(row: object, names: tuple[str, ...]) -> bool:
    state: Any = inspect(row)
    return any(state.attrs[name].history.has_changes() for name in names)


def _before(card: Card) -> _Identity:
    """Return the card's identity as it is in the database."""
    state: Any = inspect(card)
    was = []
    for name in _IDENTITY:
        history = state.attrs[name].history
        was.append(history.deleted[0] if history.deleted else getattr(card, name))
    organisation, family, serial = was
    return organisation, Family(family), serial


for _name in _IDENTITY:
    # Load the former value when another is set, even if it was not loaded before.
    event.listen(getattr(Card, _name), "set", lambda *_: None, active_history=True)


@event.listens_for(Session, "do_orm_execute")
def _refuse_in_bulk(state: ORMExecuteState) -> None:
    """Refuse bulk updates and deletes of followed rows, which would get no position."""
    mapper = state.bind_mapper
    if (state.is_update or state.is_delete) and mapper and mapper.class_ in _FOLLOWED:
        raise TypeError(f"{mapper.class_.__name__} must be changed row by row: see `change_feed`")
