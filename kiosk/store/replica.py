# SPDX-License-Identifier: Apache-2.0
"""The replica: the part of central's data about the organisation's cards that the screen needs.

A page of changes and the cursor after it are one transaction. Cards are known only by their hash. A
new fill writes over the existing rows. Rows that it does not deliver stay valid until the fill
ends; then they are swept.
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
    """The progress of the replica: see `tables.ReplicaStateRow`."""

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
    """The replica for the sync, its only writer; every method raises StoreFailed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def state(self) -> ReplicaState:
        """Return the replica's progress."""
        with self._session() as database:
            return _to_state(database.get(ReplicaStateRow, 1))

    def losses(self, page: ChangePage) -> int:
        """Return how many cards would disappear, or lose their registration, with the page."""
        changes = {change.card: change for change in page.items}
        with self._session() as database:
            return sum(
                not isinstance(now := changes[card], CardChange)
                or (registered and not now.registered)
                for card, registered in _present(database, list(changes))
            )

    def unconfirmed(self, page: ChangePage, generation: int) -> int:
        """Return how many cards would be swept after `page`, the last page of a fill."""
        with self._session() as database:
            older = col(ReplicaCard.generation) < generation
            query = select(func.count()).select_from(ReplicaCard).where(older)
            named = [change.card for change in page.items]
            return database.exec(query).one() - sum(
                database.exec(query.where(col(ReplicaCard.card).in_(batch))).one()
                for batch in _batches(named)
            )

    def apply(self, page: ChangePage, after: ReplicaState, *, sweep: bool) -> ReplicaState:
        """Apply the page and store the state after it; return the stored state.

        This method counts the cards; the count in `after` is ignored.
        """
        changes = {change.card: change for change in page.items}
        present = [change for change in changes.values() if isinstance(change, CardChange)]
        removed = [card for card, change in changes.items() if not isinstance(change, CardChange)]
        with self._session() as database:
            cards = _to_state(database.get(ReplicaStateRow, 1)).cards
            cards += len(present) - len(_present(database, [change.card for change in present]))
            for batch in _batches(removed):
                cards -= _delete(database, col(ReplicaCard.card).in_(batch))
            if present:
                rows = [_row(change, after.generation) for change in present]
                database.connection().execute(_UPSERT, rows)
            if sweep:
                cards -= _delete(database, col(ReplicaCard.generation) < after.generation)
            return _keep(database, after, cards)

    def note(self, after: ReplicaState) -> None:
        """Store a state that belongs to no page."""
        with self._session() as database:
            _keep(database, after, _to_state(database.get(ReplicaStateRow, 1)).cards)

    def clear(self, after: ReplicaState) -> None:
        """Remove all cards, because their hashes are of another key."""
        with self._session() as database:
            carry_out(database, delete(ReplicaCard))
            _keep(database, after, 0)

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with _failing_as_store(), Session(self._engine) as database, database.begin():
            yield database


class ReplicaReader:
    """The replica for readers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, card: CardIdentity) -> KnownCard | None:
        """Return a card of the replica, or None; raises StoreFailed."""
        with _failing_as_store(), Session(self._engine) as database:
            state = _to_state(database.get(ReplicaStateRow, 1))
            row = database.get(ReplicaCard, card_hash(state.key, card))
            return None if row is None else _known(row)

    def known(self, cards: Sequence[bytes]) -> dict[bytes, KnownCard]:
        """Return the cards with these hashes; raises StoreFailed."""
        found: dict[bytes, KnownCard] = {}
        with _failing_as_store(), Session(self._engine) as database:
            for batch in _batches(cards):
                query = select(ReplicaCard).where(col(ReplicaCard.card).in_(batch))
                found |= {row.card: _known(row) for row in database.exec(query)}
        return found

    def state(self) -> ReplicaState:
        """Return the replica's progress, which also shows a first fill; raises StoreFailed."""
        with _failing_as_store(), Session(self._engine) as database:
            return _to_state(database.get(ReplicaStateRow, 1))

    def policy(self) -> Policy | None:
        """Return the organisation's policy, or None before it was received; raises StoreFailed."""
        policy = self.state().policy
        with _failing_as_store():
            return Policy.model_validate_json(policy) if policy else None


_BATCH = 500
_COLUMNS = [column.name for column in inspect(ReplicaCard).columns]
_new = insert(ReplicaCard)
_UPSERT = _new.on_conflict_do_update(
    index_elements=["card"],
    set_={name: _new.excluded[name] for name in _COLUMNS if name != "card"},
)


def _to_state(state: ReplicaStateRow | None) -> ReplicaState:
    if state is None:
        return ReplicaState()
    values = {each.name: getattr(state, each.name) for each in fields(ReplicaState)}
    reason = values["held_reason"]
    return ReplicaState(**{**values, "held_reason": HoldReason(reason) if reason else None})


def _keep(database: Session, after: ReplicaState, cards: int) -> ReplicaState:
    values = {each.name: getattr(after, each.name) for each in fields(ReplicaState)}
    values |= {"cards": cards, "held_reason": after.held_reason or ""}
    database.merge(ReplicaStateRow(**values))
    return _to_state(ReplicaStateRow(**values))


def _present(database: Session, cards: Sequence[bytes]) -> list[tuple[bytes, bool]]:
    """Return those of `cards` that the replica has, and whether they are registered."""
    found: list[tuple[bytes, bool]] = []
    for batch in _batches(cards):
        query = select(ReplicaCard.card, ReplicaCard.registered)
        found += database.exec(query.where(col(ReplicaCard.card).in_(batch))).all()
    return found


def _batches(cards: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(cards), _BATCH):
        yield cards[start : start + _BATCH]


def _delete(database: Session, condition: object) -> int:
    return carry_out(database, delete(ReplicaCard).where(condition))  # type: ignore[arg-type]


def _row(change: CardChange, generation: int) -> dict[str, object]:
    values = {name: getattr(change, name) for name in _COLUMNS if name in CardChange.model_fields}
    return {**values, "questions": "\n".join(change.questions), "generation": generation}


def _known(row: ReplicaCard) -> KnownCard:
    values = {each.name: getattr(row, each.name) for each in fields(KnownCard)}
    values |= {"status": CardState(row.status), "questions": tuple(row.questions.split())}
    return KnownCard(**values)


@contextmanager
def _failing_as_store() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, ValidationError, ValueError) as error:
        # Keep only the kind: the message contains the statement and its values.
        raise StoreFailed(type(error).__name__) from None
