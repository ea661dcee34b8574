# SPDX-License-Identifier: Apache-2.0
"""The replica: what central keeps of the organisation's cards, as far as the screen needs it.

A page of changes and the cursor that follows it are one transaction. Cards are known by their hash
alone. A fill from nothing goes over what is there: rows that are not handed down again are swept
once it has ended, and are good until then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date

from pydantic import ValidationError
from sqlalchemy import Engine, inspect
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, delete, func, select

from kiosk.contract.messages import HoldReason
from kiosk.contract.replication import CardChange, CardState, ChangePage, Policy, card_hash
from kiosk.errors import StoreFailed
from kiosk.rows import carry_out
from kiosk.store.tables import ReplicaCard, ReplicaStateRow
from kiosk.values import CardIdentity


@dataclass(frozen=True, slots=True)
class ReplicaState:
    """How far the replica has come: see `tables.ReplicaStateRow`."""

    key: bytes = b""
    cursor: str = ""
    epoch: str = ""
    highest: int = 0
    policy: str = ""
    audit_head: str = ""
    cards: int = 0
    total: int = 0
    generation: int = 1
    filling: bool = True
    complete: bool = False
    window_since: float = 0.0
    window_cards: int = 0
    lost: int = 0
    held_reason: HoldReason | None = None
    held_organisation: int = 0
    held_epoch: str = ""
    held_head: int = 0
    held_losses: int = 0
    approved_epoch: str = ""
    approved_head: int = 0


@dataclass(frozen=True, slots=True)
class KnownCard:
    """A card as the replica has it."""

    status: CardState
    registered: bool
    registration: bytes
    locked: bool
    closed: bool
    frozen: bool
    questions: tuple[str, ...]
    certificate_ends: date | None
    expires: date | None


class Replica:
    """For the sync, which alone writes it. Every method raises StoreFailed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def state(self) -> ReplicaState:
        """How far it has come."""
        with self._session() as database:
            return _standing(database.get(ReplicaStateRow, 1))

    def losses(self, page: ChangePage) -> int:
        """How many cards the page would take away, or the registration of."""
        changes = {change.card: change for change in page.items}
        with self._session() as database:
            return sum(
                not isinstance(now := changes[card], CardChange)
                or (registered and not now.registered)
                for card, registered in _present(database, list(changes))
            )

    def unconfirmed(self, page: ChangePage, generation: int) -> int:
        """How many cards would be swept after `page`, the last of a fill."""
        with self._session() as database:
            older = col(ReplicaCard.generation) < generation
            query = select(func.count()).select_from(ReplicaCard).where(older)
            named = [change.card for change in page.items]
            return database.exec(query).one() - sum(
                database.exec(query.where(col(ReplicaCard.card).in_(some))).one()
                for some in _some(named)
            )

    def apply(self, page: ChangePage, after: ReplicaState, *, sweep: bool) -> ReplicaState:
        """Take the page and the state that goes with it; what is there then.

        `after` leaves the number of cards to this method.
        """
        changes = {change.card: change for change in page.items}
        came = [change for change in changes.values() if isinstance(change, CardChange)]
        gone = [card for card, change in changes.items() if not isinstance(change, CardChange)]
        with self._session() as database:
            cards = _standing(database.get(ReplicaStateRow, 1)).cards
            cards += len(came) - len(_present(database, [change.card for change in came]))
            for some in _some(gone):
                cards -= _delete(database, col(ReplicaCard.card).in_(some))
            if came:
                rows = [_row(change, after.generation) for change in came]
                database.connection().execute(_UPSERT, rows)
            if sweep:
                cards -= _delete(database, col(ReplicaCard.generation) < after.generation)
            return _keep(database, after, cards)

    def note(self, after: ReplicaState) -> None:
        """Keep a state that no page goes with."""
        with self._session() as database:
            _keep(database, after, _standing(database.get(ReplicaStateRow, 1)).cards)

    def clear(self, after: ReplicaState) -> None:
        """Begin from nothing at all: the hashes are of another key."""
        with self._session() as database:
            carry_out(database, delete(ReplicaCard))
            _keep(database, after, 0)

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with _failing_as_store(), Session(self._engine) as database, database.begin():
            yield database


class ReplicaReader:
    """For those who only look."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, card: CardIdentity) -> KnownCard | None:
        """What the replica has of a card. Raises StoreFailed."""
        with _failing_as_store(), Session(self._engine) as database:
            state = _standing(database.get(ReplicaStateRow, 1))
            row = database.get(ReplicaCard, card_hash(state.key, card))
            return None if row is None else _known(row)

    def known(self, cards: Sequence[bytes]) -> dict[bytes, KnownCard]:
        """The same, of those cards that these hashes stand for. Raises StoreFailed."""
        found: dict[bytes, KnownCard] = {}
        with _failing_as_store(), Session(self._engine) as database:
            for some in _some(cards):
                query = select(ReplicaCard).where(col(ReplicaCard.card).in_(some))
                found |= {row.card: _known(row) for row in database.exec(query)}
        return found

    def state(self) -> ReplicaState:
        """How far it has come, so that a first fill can be told. Raises StoreFailed."""
        with _failing_as_store(), Session(self._engine) as database:
            return _standing(database.get(ReplicaStateRow, 1))

    def policy(self) -> Policy | None:
        """The organisation's policy, if it was ever told. Raises StoreFailed."""
        policy = self.state().policy
        with _failing_as_store():
            return Policy.model_validate_json(policy) if policy else None


_AT_ONCE = 500
_COLUMNS = [column.name for column in inspect(ReplicaCard).columns]
_new = insert(ReplicaCard)
_UPSERT = _new.on_conflict_do_update(
    index_elements=["card"],
    set_={name: _new.excluded[name] for name in _COLUMNS if name != "card"},
)


def _standing(state: ReplicaStateRow | None) -> ReplicaState:
    if state is None:
        return ReplicaState()
    told = {each.name: getattr(state, each.name) for each in fields(ReplicaState)}
    reason = told["held_reason"]
    return ReplicaState(**{**told, "held_reason": HoldReason(reason) if reason else None})


def _keep(database: Session, after: ReplicaState, cards: int) -> ReplicaState:
    told = {each.name: getattr(after, each.name) for each in fields(ReplicaState)}
    told |= {"cards": cards, "held_reason": after.held_reason or ""}
    database.merge(ReplicaStateRow(**told))
    return _standing(ReplicaStateRow(**told))


def _present(database: Session, cards: Sequence[bytes]) -> list[tuple[bytes, bool]]:
    """Those of `cards` that are there, and whether they are registered."""
    found: list[tuple[bytes, bool]] = []
    for some in _some(cards):
        query = select(ReplicaCard.card, ReplicaCard.registered)
        found += database.exec(query.where(col(ReplicaCard.card).in_(some))).all()
    return found


def _some(cards: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(cards), _AT_ONCE):
        yield cards[start : start + _AT_ONCE]


def _delete(database: Session, condition: object) -> int:
    return carry_out(database, delete(ReplicaCard).where(condition))  # type: ignore[arg-type]


def _row(change: CardChange, generation: int) -> dict[str, object]:
    told = {name: getattr(change, name) for name in _COLUMNS if name in CardChange.model_fields}
    return {**told, "questions": "\n".join(change.questions), "generation": generation}


def _known(row: ReplicaCard) -> KnownCard:
    told = {each.name: getattr(row, each.name) for each in fields(KnownCard)}
    told |= {"status": CardState(row.status), "questions": tuple(row.questions.split())}
    return KnownCard(**told)


@contextmanager
def _failing_as_store() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, ValidationError, ValueError) as error:
        # Only the kind: the message carries the statement and its values.
        raise StoreFailed(type(error).__name__) from None
