# SPDX-License-Identifier: Apache-2.0
"""Imports: what the rows of files change, decided from the database as it is at one moment.

Deciding takes no turn to write. `import_staging` stages the changes and publishes them. An import
updates existing rows, and doubles nothing; rows that are as the files have them are left alone.
Three things are never changed: the unblocking key of a card that was granted or lent (what it
carries now follows from it), the holder of a registered card, and an address that its holder
confirmed by a code.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from nacl.utils import random as random_bytes
from sqlmodel import Session, col, func, select

from kiosk.central import addresses
from kiosk.central.keys.escrow import Escrow
from kiosk.central.keys.escrow_journal import CardLine
from kiosk.central.keys.sealing import CardKey, RowError
from kiosk.central.operations.import_plan import Plan, Row
from kiosk.central.operations.imported_rows import (
    Batch,
    CardName,
    ImportedCard,
    ImportedHolder,
    ImportedPosition,
    Outcome,
)
from kiosk.central.tables import (
    Card,
    Cardholder,
    EscrowedKey,
    GrantRow,
    Organisation,
    PackRow,
    Position,
    Registration,
    StagedCard,
    StagedCardholder,
    StagedKey,
    StagedPosition,
)
from kiosk.values import Family

_SEED_BYTES = 32


@dataclass(slots=True)
class _Holder:
    """A cardholder, or a new one with a rank."""

    organisation: int
    id: int | None = None
    rank: int | None = None
    told: tuple[str, str, str] = ("", "", "")  # name, email, language

    @property
    def reference(self) -> Row:
        return {"holder_id": self.id, "holder_rank": self.rank}


@dataclass(slots=True)
class _Card:
    """A card, or a new one with a rank."""

    family: Family
    serial: str
    seed: bytes
    organisation: int
    holder: int | None
    id: int | None = None
    rank: int | None = None
    manufacturer: str = ""
    issued: date | None = None
    expires: date | None = None
    certificate: bytes | None = None


class Importer:
    """Decides what an import changes, from the database as `database` sees it.

    `mail_domains` are those that cardholders may have their addresses at, or below.
    """

    def __init__(
        self, database: Session, escrow: Escrow, outcome: Outcome, *, mail_domains: Sequence[str]
    ) -> None:
        self._database = database
        self._escrow = escrow
        self._mail_domains = mail_domains
        self._outcome = outcome
        self._plan = Plan()
        for table in (Cardholder, Card):
            self._plan.newest[table] = database.exec(select(func.max(table.id))).one() or 0
        self._holders = {
            uuid: _Holder(organisation, identifier, None, (name, email, language))
            for identifier, uuid, organisation, name, email, language in database.execute(
                select(  # type: ignore[call-overload]
                    Cardholder.id,
                    Cardholder.uuid,
                    Cardholder.organisation_id,
                    Cardholder.name,
                    Cardholder.email,
                    Cardholder.language,
                )
            )
            if uuid
        }
        self._cards: dict[CardName, _Card] = {}
        self._registered: set[int] = set(database.exec(select(Registration.card_id)))

    def decide(self, batch: Batch) -> Plan:
        """Return what can be changed; the rest is in the outcome's flaws."""
        if batch.holders:
            self._decide_holders(batch.holders)
        if batch.positions:
            self._decide_positions(batch.positions)
        if batch.cards or batch.keys:
            self._read_cards()
            self._decide_cards(batch)
            self._decide_keys(batch)
        return self._plan

    # ------------------------------------------------------------ cardholders and positions

    def _decide_holders(self, rows: Sequence[tuple[RowError, ImportedHolder]]) -> None:
        trusts = {each.name: each.id for each in self._database.exec(select(Organisation))}
        confirmed = set(
            self._database.exec(
                select(Card.cardholder_id).join(
                    Registration, col(Registration.card_id) == col(Card.id)
                )
            )
        )
        for at, row in rows:
            try:
                addresses.accepted(row.email, self._mail_domains)
            except ValueError as error:
                self._reject(at, str(error), "email")
                continue
            if row.organisation not in trusts:
                self._reject(at, "no such organisation: `organisations add`", "organisation")
                continue
            holder = self._holders.get(row.uuid)
            if holder is not None and holder.organisation != trusts[row.organisation]:
                self._reject(at, "belongs to another organisation", "organisation")
                continue
            told = (row.name, row.email, row.language)
            if holder is None:
                rank = self._plan.rank(Cardholder)
                holder = _Holder(trusts[row.organisation], None, rank, told)
                self._holders[row.uuid] = holder
                self._outcome.counts["cardholders added"] += 1
            else:
                self._outcome.counts["cardholders there already"] += 1
                if holder.id in confirmed:
                    kept = holder.told[1]
                    if kept != row.email:
                        self._outcome.counts["confirmed addresses kept"] += 1
                    told = (row.name, kept, row.language)
                if told == holder.told:
                    continue
            self._plan.stage(
                StagedCardholder,
                {
                    **holder.reference,
                    "organisation_id": holder.organisation,
                    "uuid": row.uuid,
                    "name": told[0],
                    "email": told[1],
                    "language": told[2],
                },
            )

    def _decide_positions(self, rows: Sequence[tuple[RowError, ImportedPosition]]) -> None:
        given: dict[str, list[Row]] = defaultdict(list)
        for at, row in rows:
            if row.uuid not in self._holders:
                self._reject(at, "no such cardholder", "uuid")
                continue
            given[row.uuid].append(row.model_dump(exclude={"uuid"}))
            self._outcome.counts["positions"] += 1
        columns = list(ImportedPosition.model_fields)[1:]
        had: dict[int, set[tuple[Any, ...]]] = defaultdict(set)
        number: Counter[int] = Counter()
        held = [Position.cardholder_id, *(getattr(Position, name) for name in columns)]
        for holder_id, *cells in self._database.execute(select(*held)):
            had[holder_id].add(tuple(cells))
            number[holder_id] += 1
        for uuid, positions in given.items():
            holder = self._holders[uuid]
            if holder.id is not None and number[holder.id] == len(positions):
                new = {tuple(each[name] for name in columns) for each in positions}
                if new == had[holder.id]:
                    continue
            for each in positions:
                self._plan.stage(StagedPosition, {**holder.reference, **each})

    # ------------------------------------------------------------ cards and keys

    def _read_cards(self) -> None:
        columns = (
            Card.family, Card.serial, Card.seed, Card.organisation_id, Card.cardholder_id, Card.id,
            Card.manufacturer, Card.issued_on, Card.expires_on, Card.authentication_certificate,
        )  # fmt: skip
        for row in self._database.execute(select(*columns)):  # type: ignore[call-overload]
            identity = (Family(row.family), row.serial)
            self._cards[identity] = _Card(
                *identity,
                row.seed,
                row.organisation_id,
                row.cardholder_id,
                row.id,
                None,
                row.manufacturer,
                row.issued_on,
                row.expires_on,
                row.authentication_certificate,
            )

    def _decide_cards(self, batch: Batch) -> None:
        for at, row in batch.cards:
            holder = self._holders.get(row.holder)
            if holder is None:
                self._reject(at, "no such cardholder", "holder")
                continue
            identity = (row.family, row.serial)
            card = self._cards.get(identity)
            if card is None:
                if identity not in batch.keys:
                    self._reject(at, "its key is not among the sealed ones")
                    continue
                self._add_card(row, holder)
                continue
            if card.holder != holder.id and card.id in self._registered:
                self._reject(at, "is registered to another cardholder", "holder")
                continue
            self._outcome.counts["cards there already"] += 1
            self._change_card(card, row, holder)

    def _add_card(self, row: ImportedCard, holder: _Holder) -> None:
        card = _Card(
            row.family,
            row.serial,
            random_bytes(_SEED_BYTES),
            holder.organisation,
            holder.id,
            rank=self._plan.rank(Card),
        )
        self._cards[(row.family, row.serial)] = card
        self._outcome.counts["cards added"] += 1
        growth = self._plan.growth[holder.organisation]
        growth.cards += 1
        growth.positions += 1
        self._stage_card(card, row, holder, {"feed_rank": growth.positions})

    def _change_card(self, card: _Card, row: ImportedCard, holder: _Holder) -> None:
        certificate = row.der or card.certificate
        seen = (card.organisation, card.expires, card.certificate)
        followed = seen != (holder.organisation, row.expires, certificate)
        unseen = (card.holder, card.manufacturer, card.issued)
        if not followed and unseen == (holder.id, row.manufacturer, row.issued):
            return
        feed: Row = {}
        if card.organisation != holder.organisation:
            left = self._plan.growth[card.organisation]
            left.cards -= 1
            left.positions += 1
            feed |= {"left_organisation_id": card.organisation, "left_rank": left.positions}
            self._plan.growth[holder.organisation].cards += 1
        if followed:
            growth = self._plan.growth[holder.organisation]
            growth.positions += 1
            feed["feed_rank"] = growth.positions
        self._stage_card(card, row, holder, feed)

    def _stage_card(self, card: _Card, row: ImportedCard, holder: _Holder, feed: Row) -> None:
        self._plan.stage(
            StagedCard,
            {
                "card_id": card.id,
                "card_rank": card.rank,
                **holder.reference,
                "organisation_id": holder.organisation,
                "feed_rank": None,
                "left_organisation_id": None,
                "left_rank": None,
                **feed,
                "family": card.family,
                "serial": card.serial,
                "seed": card.seed,
                "manufacturer": row.manufacturer,
                "issued_on": row.issued,
                "expires_on": row.expires,
                "authentication_certificate": row.der,
            },
        )

    def _decide_keys(self, batch: Batch) -> None:
        given_out = {
            *self._database.exec(select(GrantRow.card_id)),
            *self._database.exec(select(PackRow.card_id)),
        }
        kept = {
            each.card_id: each
            for each in self._database.execute(
                select(
                    EscrowedKey.card_id, EscrowedKey.kind, EscrowedKey.mutual, EscrowedKey.wrapped
                ).where(EscrowedKey.generation == 0)
            )
        }
        for identity, (number, key) in batch.keys.items():
            at = RowError(batch.keys_file, number, "serial", "")
            card = self._cards.get(identity)
            if card is None:
                self._reject(at, "no such card")
                continue
            known = None if card.id is None else kept.get(card.id)
            if known is not None:
                if self._is_known(known, card, key):
                    continue
                if card.id in given_out:
                    reason = f"{card.serial} was given out with another key already"
                    self._reject(at, reason, "key")
                    continue
            self._stage_key(card, key)
            self._outcome.counts["keys"] += 1

    def _is_known(self, known: Any, card: _Card, key: CardKey) -> bool:
        if (known.kind, known.mutual) != (key.cipher, key.mutual):
            return False
        return self._escrow.unwrap(card.family, card.serial, known.wrapped).same_as(key.secret)

    def _stage_key(self, card: _Card, key: CardKey) -> None:
        wrapped = self._escrow.wrap(card.family, card.serial, key.secret)
        self._plan.stage(
            StagedKey,
            {
                "card_id": card.id,
                "card_rank": card.rank,
                "wrapped": wrapped,
                "kind": key.cipher,
                "mutual": key.mutual,
                "tries": key.tries,
            },
        )
        self._plan.lines.append(
            CardLine(
                family=card.family,
                serial=card.serial,
                seed=card.seed,
                wrapped=wrapped,
                cipher=key.cipher,
                mutual=key.mutual,
                tries=key.tries,
            )
        )

    def _reject(self, at: RowError, reason: str, name: str | None = None) -> None:
        self._outcome.flaws.append(RowError(at.file, at.line, name or at.field, reason))
