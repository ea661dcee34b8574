# SPDX-License-Identifier: Apache-2.0
"""The outbox: facts are committed to disk before the next step, and delivered at least once."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

from pydantic import ValidationError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, delete, func, select, update

from kiosk.contract.messages import (
    CardFact,
    EpochConfirmed,
    Fact,
    GrantReceived,
    ItemOutcome,
    ItemStatus,
    KioskEvent,
    OutboxItem,
    PackAnswers,
    PackAttempt,
    PackEnded,
    PasscodeChange,
    ReportOutcome,
    VisitEnd,
)
from kiosk.errors import StoreFailed
from kiosk.rows import carry_out
from kiosk.store.tables import Closed, OpenVisit, OutboxRow, OutboxState, ReportedEpoch

_KEPT = 5_000
"""The most delivered outcomes that are kept if central never says that they are backed up."""
_OUTCOMES = (
    *("card", "visit end", "passcode change", "grant"),
    *("pack attempt", "pack answers", "pack end"),
)
_NOT_UNDERSTOOD = "not understood: "


Noted = PasscodeChange | GrantReceived | KioskEvent | PackAttempt | PackAnswers | PackEnded


class Outbox:
    """Facts in the order in which they happened, and the visits that they belong to.

    A visit is open from before its grant is requested until its card work is over. So a kiosk that
    was killed knows which visits to end. Every method that writes raises StoreFailed if the disk is
    full, locked for too long or broken; nothing was written then.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = threading.Lock()
        self._over: set[UUID] = set()  # ended visits whose end is not on the disk yet
        self._left_open = False  # whether a kill may have left visits open
        self._begun: set[UUID] = set()  # visits begun since, which no kill left open

    # ------------------------------------------------------------ visits and their facts

    def begin_visit(self, session: UUID) -> None:
        """Open a visit, durably; a visit that is already open stays as it is."""
        self._over.discard(session)
        if self._left_open:
            self._begun.add(session)
        with self._transaction() as database:
            _refuse_if_closed(database)
            if database.get(OpenVisit, str(session)) is None:
                database.add(OpenVisit(session=str(session)))

    def record(self, session: UUID, fact: CardFact) -> UUID:
        """Commit a fact of an open visit to the disk, then return its id."""
        with self._transaction() as database:
            visit = database.get(OpenVisit, str(session))
            if visit is None:
                raise StoreFailed("no such visit")
            visit.facts += 1
            database.add(visit)
            return _append(database, fact)

    def end_visit(self, session: UUID) -> None:
        """Close a visit, so that central learns that nothing more comes of it.

        If it cannot be written now, `catch_up` writes it later. Until then central assumes more
        card work and holds the card back.
        """
        self._over.add(session)
        self.catch_up()

    def catch_up(self) -> int:
        """Close the visits whose end could not be written earlier; return their number.

        These include the visits that `end_open_visits` could not close.
        """
        if not self._over and not self._left_open:
            return 0
        with self._transaction() as database:
            # Read inside the lock: another thread may have closed them all before.
            over, left_open = set(self._over), self._left_open
            visits = [
                visit
                for visit in database.exec(select(OpenVisit)).all()
                if (session := UUID(visit.session)) in over
                or (left_open and session not in self._begun)
            ]
            for visit in visits:
                _end(database, visit)
        self._over -= over
        self._left_open = False
        return len(visits)

    def end_open_visits(self) -> int:
        """Close the visits that a kill left open and return their number; call before card work.

        If it cannot be written now, `catch_up` does it later and leaves out visits that were begun
        since.
        """
        self._left_open = True
        self._begun.clear()
        return self.catch_up()

    def is_settled(self) -> bool:
        """Return whether central knows the end and the outcome of every visit here."""
        with _failing_as_store(), Session(self._engine) as database:
            is_open = database.exec(select(OpenVisit)).first() is not None
        return not is_open and self.count_pending() == 0

    def note(self, fact: Noted) -> UUID:
        """Commit a fact that is not part of a visit's card work."""
        with self._transaction() as database:
            _refuse_if_closed(database)
            return _append(database, fact)

    # ------------------------------------------------------------ delivery

    def pending(self, limit: int) -> tuple[OutboxItem, ...]:
        """Return the oldest facts that central has not acknowledged, at most `limit`.

        Facts that can no longer be read are put aside, so that they block nothing.
        """
        query = (
            select(OutboxRow)
            .where(OutboxRow.state == OutboxState.PENDING)
            .order_by(col(OutboxRow.position))
            .limit(limit)
        )
        with _failing_as_store(), Session(self._engine) as database:
            read = [(row.id, _item(row)) for row in database.exec(query)]
        unreadable = [each for each, item in read if item is None]
        if unreadable:
            self._put_aside(unreadable, "unreadable")
        return tuple(item for _, item in read if item is not None)

    def count_pending(self) -> int:
        """Return the number of facts that central has not acknowledged."""
        query = select(func.count()).where(OutboxRow.state == OutboxState.PENDING)
        with _failing_as_store(), Session(self._engine) as database:
            return database.exec(query).one()

    def count_pending_outcomes(self) -> int:
        """Return how many of those concern a card."""
        query = select(func.count()).where(
            OutboxRow.state == OutboxState.PENDING, col(OutboxRow.kind).in_(_OUTCOMES)
        )
        with _failing_as_store(), Session(self._engine) as database:
            return database.exec(query).one()

    def count_refused(self) -> int:
        """Return the number of facts that central refused or that could not be read."""
        query = select(func.count()).where(OutboxRow.state == OutboxState.REFUSED)
        with _failing_as_store(), Session(self._engine) as database:
            return database.exec(query).one()

    def acknowledge(self, outcome: ReportOutcome) -> None:
        """Record central's answer for each item; outcomes are kept, in case central loses them."""
        with self._transaction() as database:
            for each in outcome.items:
                row = database.exec(
                    select(OutboxRow).where(OutboxRow.id == str(each.id))
                ).one_or_none()
                if row is not None:
                    _apply_answer(database, row, each, outcome.received_at)
            database.flush()
            _keep_the_newest(database)

    def failed(self, ids: Sequence[UUID], reason: str) -> None:
        """Record a delivery attempt that failed."""
        with self._transaction() as database:
            _each(database, ids, attempts=col(OutboxRow.attempts) + 1, last_answer=reason)

    def not_understood(self, item: UUID, reason: str) -> None:
        """Put aside an item that central cannot read, so that later items can pass."""
        self._put_aside([str(item)], _NOT_UNDERSTOOD + reason)

    def offer_again(self) -> int:
        """Make items that central could not read pending again, and return their number.

        Central may have been upgraded since.
        """
        with self._transaction() as database:
            return carry_out(
                database,
                update(OutboxRow)
                .where(col(OutboxRow.last_answer).startswith(_NOT_UNDERSTOOD))
                .values(state=OutboxState.PENDING, last_answer=""),
            )

    def prepare_for(self, epoch: str) -> int:
        """Make pending again what a central of a new epoch may have lost; return the number.

        Outcomes that central refused are offered too: it may know by now what they are about. It
        happens once for each epoch. A fact that is sent last confirms it.
        """
        with self._transaction() as database:
            _refuse_if_closed(database)
            reported = database.get(ReportedEpoch, 1)
            if reported is not None and reported.epoch == epoch:
                return 0
            again = carry_out(
                database,
                update(OutboxRow)
                .where(
                    col(OutboxRow.state).in_((OutboxState.DELIVERED, OutboxState.REFUSED)),
                    col(OutboxRow.kind).in_(_OUTCOMES),
                )
                .values(state=OutboxState.PENDING),
            )
            database.merge(ReportedEpoch(epoch=epoch))
            _append(database, EpochConfirmed(epoch=epoch))
            return again

    def forget(self, backed_up: datetime) -> int:
        """Delete the outcomes that central received by `backed_up`; return their number.

        They would survive a loss of central.
        """
        with self._transaction() as database:
            return carry_out(
                database,
                delete(OutboxRow).where(
                    col(OutboxRow.state) == OutboxState.DELIVERED,
                    col(OutboxRow.received_at) <= backed_up.timestamp(),
                ),
            )

    def _put_aside(self, ids: Sequence[str], reason: str) -> None:
        with self._transaction() as database:
            _each(
                database,
                ids,
                attempts=col(OutboxRow.attempts) + 1,
                last_answer=reason,
                state=OutboxState.REFUSED,
            )

    def close(self) -> bool:
        """Accept nothing more; return False, unchanged, while visits are open or facts pending."""
        with self._transaction() as database:
            # This comes first: no other process writes from here until the commit.
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


def _append(database: Session, fact: Fact) -> UUID:
    item = OutboxItem(id=uuid4(), recorded_at=datetime.now(UTC), fact=fact)
    database.add(
        OutboxRow(
            id=str(item.id),
            kind=fact.kind,
            body=item.model_dump_json(),
            recorded_at=item.recorded_at,
        )
    )
    return item.id


def _item(row: OutboxRow) -> OutboxItem | None:
    try:
        return OutboxItem.model_validate_json(row.body)
    except ValidationError:
        return None


def _apply_answer(
    database: Session, row: OutboxRow, answer: ItemOutcome, received_at: datetime
) -> None:
    row.attempts += 1
    row.last_answer = f"{answer.status} {answer.reason}".strip()
    if answer.status is ItemStatus.REFUSED:
        row.state = OutboxState.REFUSED
    elif row.kind in _OUTCOMES:
        row.state, row.received_at = OutboxState.DELIVERED, received_at.timestamp()
    else:
        database.delete(row)
        return
    database.add(row)


def _each(database: Session, ids: Sequence[UUID] | Sequence[str], **values: object) -> None:
    chosen = [str(each) for each in ids]
    carry_out(database, update(OutboxRow).where(col(OutboxRow.id).in_(chosen)).values(**values))


def _keep_the_newest(database: Session) -> None:
    newest = select(OutboxRow.position).where(OutboxRow.state == OutboxState.DELIVERED)
    last = database.exec(newest.order_by(col(OutboxRow.position).desc()).offset(_KEPT)).first()
    if last is not None:
        carry_out(
            database,
            delete(OutboxRow).where(
                col(OutboxRow.state) == OutboxState.DELIVERED, col(OutboxRow.position) <= last
            ),
        )


def _end(database: Session, visit: OpenVisit) -> None:
    _append(database, VisitEnd(session=UUID(visit.session), facts=visit.facts))
    database.delete(visit)


@contextmanager
def _failing_as_store() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, ValidationError) as error:
        # Keep only the kind: the message contains the statement and its values.
        raise StoreFailed(type(error).__name__) from None
