"""The outbox: facts, recorded durably before the next thing happens, delivered at least once."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

from pydantic import ValidationError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, func, select

from kiosk.contract.messages import (
    CardFact,
    ItemOutcome,
    ItemStatus,
    OutboxItem,
    PasscodeChange,
    VisitEnd,
)
from kiosk.errors import StoreFailed
from kiosk.store.tables import Closed, OpenVisit, OutboxRow, OutboxState


class Outbox:
    """Facts in the order in which they happened, and the visits they belong to.

    A visit is open from before its grant is asked for until its card work is over, so that a kiosk
    which was killed knows which visits to end. Every method that writes raises StoreFailed where
    the disk is full, locked for too long or broken; what it was to write is then not there.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = threading.Lock()

    # ------------------------------------------------------------ visits and their facts

    def begin_visit(self, session: UUID) -> None:
        """Open a visit, durably; a visit that is open already stays as it is."""
        with self._transaction() as database:
            _refuse_if_closed(database)
            if database.get(OpenVisit, str(session)) is None:
                database.add(OpenVisit(session=str(session)))

    def record(self, session: UUID, fact: CardFact) -> UUID:
        """Commit a fact of an open visit to the disk, and only then return its id."""
        with self._transaction() as database:
            visit = database.get(OpenVisit, str(session))
            if visit is None:
                raise StoreFailed("no such visit")
            visit.facts += 1
            database.add(visit)
            return _append(database, fact)

    def end_visit(self, session: UUID) -> None:
        """Close a visit: nothing more comes of it, and central may know that."""
        with self._transaction() as database:
            visit = database.get(OpenVisit, str(session))
            if visit is not None:
                _end(database, visit)

    def end_open_visits(self) -> int:
        """Close the visits that a kill left open; call before any card work. How many they were."""
        with self._transaction() as database:
            visits = database.exec(select(OpenVisit)).all()
            for visit in visits:
                _end(database, visit)
            return len(visits)

    def note(self, fact: PasscodeChange) -> UUID:
        """Commit a fact that belongs to no unlock."""
        with self._transaction() as database:
            _refuse_if_closed(database)
            return _append(database, fact)

    # ------------------------------------------------------------ delivery

    def pending(self, limit: int) -> tuple[OutboxItem, ...]:
        """The oldest facts that central has not acknowledged, at most `limit`."""
        query = (
            select(OutboxRow)
            .where(OutboxRow.state == OutboxState.PENDING)
            .order_by(col(OutboxRow.position))
            .limit(limit)
        )
        with _failing_as_store(), Session(self._engine) as database:
            return tuple(OutboxItem.model_validate_json(row.body) for row in database.exec(query))

    def count_pending(self) -> int:
        """How many facts central has not acknowledged."""
        query = select(func.count()).where(OutboxRow.state == OutboxState.PENDING)
        with _failing_as_store(), Session(self._engine) as database:
            return database.exec(query).one()

    def acknowledge(self, outcomes: Sequence[ItemOutcome]) -> None:
        """Note what central said of each item."""
        with self._transaction() as database:
            for outcome in outcomes:
                row = database.exec(
                    select(OutboxRow).where(OutboxRow.id == str(outcome.id))
                ).one_or_none()
                if row is None:
                    continue
                row.attempts += 1
                row.last_answer = f"{outcome.status} {outcome.reason}".strip()
                refused = outcome.status is ItemStatus.REFUSED
                row.state = OutboxState.REFUSED if refused else OutboxState.DELIVERED
                database.add(row)

    def close(self) -> bool:
        """Take nothing more; False, and nothing changed, while visits are open or facts pending."""
        with self._transaction() as database:
            # First of all: from here on no other process writes until this is committed.
            database.merge(Closed())
            database.flush()
            pending = select(OutboxRow).where(OutboxRow.state == OutboxState.PENDING)
            if database.exec(pending).first() or database.exec(select(OpenVisit)).first():
                database.rollback()
                return False
            return True

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        with self._writing, _failing_as_store(), Session(self._engine) as database:
            yield database
            database.commit()


def _refuse_if_closed(database: Session) -> None:
    if database.get(Closed, 1) is not None:
        raise StoreFailed("closed")


def _append(database: Session, fact: CardFact | VisitEnd | PasscodeChange) -> UUID:
    item = OutboxItem(id=uuid4(), recorded_at=datetime.now(UTC), fact=fact)
    row = OutboxRow(id=str(item.id), body=item.model_dump_json(), recorded_at=item.recorded_at)
    database.add(row)
    return item.id


def _end(database: Session, visit: OpenVisit) -> None:
    _append(database, VisitEnd(session=UUID(visit.session), facts=visit.facts))
    database.delete(visit)


@contextmanager
def _failing_as_store() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, ValidationError) as error:
        # Only the kind: the message carries the statement and its values.
        raise StoreFailed(type(error).__name__) from None
