# SPDX-License-Identifier: Apache-2.0
"""Staging of imports: rows go into staging tables in short turns, and are published in one more.

Between two turns everybody else gets theirs, on SQLite too, where a writer that waits asks again
only now and then. Publishing copies all rows by a few statements, whose cost does not depend on
Python. It first checks that what the plan was decided from still holds, and changes nothing if it
does not. Publishing deletes the row of `staged_import`; staged rows without one belong to nobody,
and `sweep` deletes them in short turns as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    Connection,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlmodel import Session

from kiosk.central.keys import escrow_journal
from kiosk.central.operations.import_plan import STAGED, Plan
from kiosk.central.storage import change_feed, identifiers
from kiosk.central.storage.database import Database
from kiosk.central.tables import (
    Card,
    Cardholder,
    EscrowedKey,
    Position,
    StagedCard,
    StagedCardholder,
    Table,
    Tombstone,
    metadata,
)
from kiosk.errors import KioskError

BATCH_ROWS = 1000
"""The rows that one turn stages or deletes."""
_LEAST_PAUSE = 0.03
_DEAD_AFTER = timedelta(hours=1)
"""An import that staged nothing for so long was ended, and is forgotten."""

_IMPORT = metadata.tables["staged_import"]
_HOLDERS = metadata.tables["staged_cardholder"]
_POSITIONS = metadata.tables["staged_position"]
_CARDS = metadata.tables["staged_card"]
_KEYS = metadata.tables["staged_key"]
_CARDHOLDER = metadata.tables["cardholder"]
_POSITION = metadata.tables["position"]
_CARD = metadata.tables["card"]
_ESCROWED = metadata.tables["escrowed_key"]
_TOMBSTONE = metadata.tables["tombstone"]
_REGISTRATION = metadata.tables["registration"]
_KINDS: dict[str, type[Table]] = {
    str(each.__tablename__): each for each in (Cardholder, Position, Card, EscrowedKey, Tombstone)
}


class Outdated(KioskError):
    """The database has changed so that the plan does not fit any more; nothing was published."""


class Forgotten(KioskError):
    """The import's staged rows were swept away, as of an import that had ended."""


def stage(
    database: Database, plan: Plan, clock: Callable[[], datetime], progress: Callable[[int], None]
) -> UUID:
    """Stage the plan's rows in short turns; return the import that they belong to.

    `progress` is told between two turns how many rows are staged. Raises Forgotten.
    """
    identity = uuid4()
    with _short_turn(database) as session:
        session.connection().execute(insert(_IMPORT).values(id=identity, staged_at=clock()))
    done = 0
    for kind in STAGED:
        rows = plan.rows[kind]
        for start in range(0, len(rows), BATCH_ROWS):
            batch = [{"import_id": identity, **row} for row in rows[start : start + BATCH_ROWS]]
            with _short_turn(database) as session:
                connection = session.connection()
                seen = update(_IMPORT).where(_IMPORT.c.id == identity).values(staged_at=clock())
                if not connection.execute(seen).rowcount:
                    raise Forgotten
                connection.execute(insert(_table(kind)), batch)
            done += len(batch)
            progress(done)
    return identity


def publish(session: Session, identity: UUID, plan: Plan, now: datetime) -> int:
    """Copy the import's rows to their tables, in the caller's turn.

    Return the number of addresses that were kept because their holders confirmed them meanwhile.
    Raises Outdated and Forgotten.
    """
    connection = session.connection()
    if not connection.execute(delete(_IMPORT).where(_IMPORT.c.id == identity)).rowcount:
        raise Forgotten
    published = _Publication(connection, identity, plan, now)
    published.refuse_if_outdated()
    published.reserve_keys()
    kept = published.copy_cardholders()
    published.copy_positions()
    published.copy_cards(session)
    published.copy_escrowed_keys()
    for line in plan.lines:
        escrow_journal.note(session, line)
    return kept


def sweep(database: Database, now: datetime) -> int:
    """Delete the staged rows of imports that ended, in short turns; return how many there were."""
    with database.reading() as session:
        dead = session.connection().execute(select(_IMPORT.c.id).where(_dead(now))).all()
    if dead:
        with _short_turn(database) as session:
            session.connection().execute(delete(_IMPORT).where(_dead(now)))
    swept = 0
    for kind in STAGED:
        table = _table(kind)
        orphaned = table.c.import_id.not_in(select(_IMPORT.c.id))
        while True:
            with database.reading() as session:
                if (
                    session.connection().execute(select(table.c.line).where(orphaned)).first()
                    is None
                ):
                    break
            key = tuple_(table.c.import_id, table.c.line)
            some = select(table.c.import_id, table.c.line).where(orphaned).limit(BATCH_ROWS)
            with _short_turn(database) as session:
                swept += session.connection().execute(delete(table).where(key.in_(some))).rowcount
    return swept


def discard(database: Database, identity: UUID) -> None:
    """Give an import up: its rows belong to nobody from here on, until they are swept."""
    with _short_turn(database) as session:
        session.connection().execute(delete(_IMPORT).where(_IMPORT.c.id == identity))


@contextmanager
def _short_turn(database: Database) -> Iterator[Session]:
    """Hold the turn for the block, and then leave it to others for as long."""
    begun = time.monotonic()
    with database.transaction() as session:
        yield session
    time.sleep(max(_LEAST_PAUSE, time.monotonic() - begun))


def _dead(now: datetime) -> Any:
    at = _IMPORT.c.staged_at
    return (at < now - _DEAD_AFTER) | (at > now + _DEAD_AFTER)


def _table(kind: type[Table]) -> Any:
    return metadata.tables[str(kind.__tablename__)]


class _Publication:
    """The statements that publish an import."""

    def __init__(self, connection: Connection, identity: UUID, plan: Plan, now: datetime) -> None:
        self._connection = connection
        self._identity = identity
        self._plan = plan
        self._now = now
        self._holder = self._card = 0

    def _of(self, table: Any) -> Any:
        return table.c.import_id == self._identity

    def _holder_of(self, table: Any) -> Any:
        """The key of the cardholder that a staged row names, by their rank if they are new."""
        return func.coalesce(table.c.holder_id, literal(self._holder) + table.c.holder_rank)

    def _card_of(self, table: Any) -> Any:
        """The key of the card that a staged row names, by its rank if it is new."""
        return func.coalesce(table.c.card_id, literal(self._card) + table.c.card_rank)

    def reserve_keys(self) -> None:
        """Reserve the keys of new rows: rank 1 gets the first, and so on."""
        ranks = self._plan.ranks
        self._holder = identifiers.reserve(self._connection, _CARDHOLDER, ranks[Cardholder])
        self._card = identifiers.reserve(self._connection, _CARD, ranks[Card])

    def refuse_if_outdated(self) -> None:
        """Refuse if a decision would be another now. Raises Outdated."""
        self._refuse_if_added_meanwhile()
        holder, card = _CARDHOLDER.c, _CARD.c
        grant, pack = metadata.tables["grant"], metadata.tables["pack"]
        changed_holder = (
            select(_HOLDERS.c.line)
            .join(_CARDHOLDER, _HOLDERS.c.holder_id == holder.id)
            .where(self._of(_HOLDERS))
            .where(
                (_HOLDERS.c.uuid != holder.uuid)
                | (_HOLDERS.c.organisation_id != holder.organisation_id)
            )
        )
        erased = (
            select(_POSITIONS.c.line)
            .join(_CARDHOLDER, _POSITIONS.c.holder_id == holder.id)
            .where(self._of(_POSITIONS), holder.uuid == "")
        )
        moved_holder = (
            select(_CARDS.c.line)
            .join(_CARDHOLDER, _CARDS.c.holder_id == holder.id)
            .where(self._of(_CARDS))
            .where((holder.uuid == "") | (holder.organisation_id != _CARDS.c.organisation_id))
        )
        home = func.coalesce(_CARDS.c.left_organisation_id, _CARDS.c.organisation_id)
        registered = exists().where(_REGISTRATION.c.card_id == card.id)
        taken = card.cardholder_id != func.coalesce(_CARDS.c.holder_id, 0)
        changed_card = (
            select(_CARDS.c.line)
            .join(_CARD, _CARDS.c.card_id == card.id)
            .where(self._of(_CARDS))
            .where((card.organisation_id != home) | (taken & registered))
        )
        given_out = (
            select(_KEYS.c.line)
            .where(self._of(_KEYS))
            .where(
                exists().where(grant.c.card_id == _KEYS.c.card_id)
                | exists().where(pack.c.card_id == _KEYS.c.card_id)
            )
        )
        for outdated in (
            changed_holder, erased, moved_holder, changed_card, given_out
        ):  # fmt: skip
            if self._connection.execute(outdated.limit(1)).first() is not None:
                raise Outdated

    def _refuse_if_added_meanwhile(self) -> None:
        """Refuse if others added a cardholder or a card that is new in the plan. Raises Outdated.

        There are few of them, if any. A join would be by columns without an index, which a server
        that knows nothing of the staged rows yet compares one by one.
        """
        newest, holder, card = self._plan.newest, _CARDHOLDER.c, _CARD.c
        holders = select(holder.uuid).where(holder.id > newest[Cardholder])
        cards = select(card.family, card.serial).where(card.id > newest[Card])
        uuids = {uuid for (uuid,) in self._connection.execute(holders)}
        names = {(family, serial) for family, serial in self._connection.execute(cards)}
        rows = self._plan.rows
        if any(
            each["holder_id"] is None and each["uuid"] in uuids for each in rows[StagedCardholder]
        ) or any(
            each["card_id"] is None and (each["family"], each["serial"]) in names
            for each in rows[StagedCard]
        ):
            raise Outdated

    def copy_cardholders(self) -> int:
        """Add and change cardholders; return how many keep an address that they confirmed."""
        staged = _HOLDERS.c
        self._copy(
            _CARDHOLDER,
            _HOLDERS,
            {"id": literal(self._holder) + staged.holder_rank},
            staged.holder_id.is_(None),
        )
        this = (staged.holder_id == _CARDHOLDER.c.id) & self._of(_HOLDERS)
        confirmed = exists().where(
            _CARD.c.cardholder_id == _CARDHOLDER.c.id, _REGISTRATION.c.card_id == _CARD.c.id
        )
        other = staged.email != _CARDHOLDER.c.email
        self._connection.execute(
            update(_CARDHOLDER)
            .where(this)
            .values(
                name=staged.name,
                language=staged.language,
                email=case((other & confirmed, _CARDHOLDER.c.email), else_=staged.email),
            )
        )
        kept = select(func.count()).select_from(_HOLDERS.join(_CARDHOLDER, this & other))
        return int(self._connection.execute(kept).scalar_one())

    def copy_positions(self) -> None:
        """Replace the positions of the cardholders that have staged ones."""
        staged = _POSITIONS.c
        replaced = select(staged.holder_id).where(
            self._of(_POSITIONS), staged.holder_id.is_not(None)
        )
        self._connection.execute(delete(_POSITION).where(_POSITION.c.cardholder_id.in_(replaced)))
        given = {"cardholder_id": self._holder_of(_POSITIONS), "modified_at": self._at(_POSITION)}
        self._copy(_POSITION, _POSITIONS, given)

    def copy_cards(self, session: Session) -> None:
        """Add and change cards, each at its position in its organisation's change feed."""
        staged = _CARDS.c
        # Always in the same order, so that transactions do not deadlock.
        for organisation, growth in sorted(self._plan.growth.items()):
            before = change_feed.take_positions(
                session, organisation, growth.positions, growth.cards
            )
            here = staged.organisation_id == organisation
            place = literal(before) + staged.feed_rank
            given = {
                "id": self._card_of(_CARDS),
                "cardholder_id": self._holder_of(_CARDS),
                "modified_at": self._at(_CARD),
                "position": place,
            }
            self._copy(_CARD, _CARDS, given, here & staged.card_id.is_(None))
            left = {
                "organisation_id": staged.left_organisation_id,
                "position": literal(before) + staged.left_rank,
                "at": self._at(_TOMBSTONE, "at"),
            }
            self._copy(_TOMBSTONE, _CARDS, left, staged.left_organisation_id == organisation)
            self._change_cards(here & staged.feed_rank.is_not(None), place)
        # Changes that kiosks do not follow.
        self._change_cards(staged.feed_rank.is_(None), _CARD.c.position)

    def _change_cards(self, where: Any, place: Any) -> None:
        staged = _CARDS.c
        certificate = func.coalesce(
            staged.authentication_certificate, _CARD.c.authentication_certificate
        )
        self._connection.execute(
            update(_CARD)
            .where(self._of(_CARDS), staged.card_id == _CARD.c.id, where)
            .values(
                cardholder_id=self._holder_of(_CARDS),
                organisation_id=staged.organisation_id,
                manufacturer=staged.manufacturer,
                issued_on=staged.issued_on,
                expires_on=staged.expires_on,
                authentication_certificate=certificate,
                modified_at=self._now,
                position=place,
            )
        )

    def copy_escrowed_keys(self) -> None:
        """Add keys, in place of those that were never given out."""
        staged = _KEYS.c
        replaced = select(staged.card_id).where(self._of(_KEYS), staged.card_id.is_not(None))
        self._connection.execute(
            delete(_ESCROWED).where(_ESCROWED.c.generation == 0, _ESCROWED.c.card_id.in_(replaced))
        )
        given = {"card_id": self._card_of(_KEYS), "generation": literal(0)}
        self._copy(_ESCROWED, _KEYS, given)
        self._connection.execute(
            update(_CARD)
            .where(self._of(_KEYS), self._card_of(_KEYS) == _CARD.c.id)
            .where(_CARD.c.unblocking_maximum != staged.tries)
            .values(unblocking_maximum=staged.tries)
        )

    def _at(self, table: Any, column: str = "modified_at") -> Any:
        return literal(self._now, table.c[column].type)

    def _copy(self, target: Any, source: Any, given: dict[str, Any], where: Any = True) -> None:
        """Insert rows of: `given`, columns of the same name, and defaults for the rest."""
        kind = _KINDS[target.name]
        columns = {}
        for column in target.c:
            if column.name in given:
                columns[column.name] = given[column.name]
            elif column.name in source.c:
                columns[column.name] = source.c[column.name]
            elif not column.primary_key:
                default = kind.model_fields[column.name].default
                columns[column.name] = literal(default, column.type)
        rows = select(*columns.values()).where(self._of(source), where).order_by(source.c.line)
        self._connection.execute(
            insert(target).from_select(list(columns), rows, include_defaults=False)
        )
