# SPDX-License-Identifier: Apache-2.0
"""A sample call of every action and every look, made without a command line, as a console would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey
from sqlmodel import select

from kiosk.central.actions.context import Channel, OperatorContext
from kiosk.central.actions.imports import ImportFiles, Source
from kiosk.central.actions.organisations import PolicyChange
from kiosk.central.actions.trust import TrustFile
from kiosk.central.keys import trust_store
from kiosk.central.tables import Card, Cardholder, Installation, Organisation, Table
from kiosk.contract.approval import HeldChange, sign
from tests.central.authority import Authority
from tests.central.world import KioskClient, PersonalCard, Service

OPERATOR = "Rita from the RA"
UUID = "123456789012"
Named = dict[str, Any]


@dataclass
class Actor:
    """An operator, with a kiosk and a card to act on."""

    service: Service
    kiosk: KioskClient
    card: PersonalCard
    folder: Path

    @property
    def context(self) -> OperatorContext:
        return OperatorContext(self.service.services, OPERATOR, Channel.COMMAND_LINE)

    def set(self, table: type[Table], **values: object) -> None:
        """Set columns of the only row of a table."""
        with self.service.services.database.transaction() as session:
            row = session.exec(select(table)).one()
            for name, value in values.items():
                setattr(row, name, value)

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return the content of the database, table by table."""
        with self.service.services.database.reading() as session:
            return {
                name: sorted(map(tuple, session.connection().execute(table.select())), key=repr)
                for name, table in Table.metadata.tables.items()
            }


def _nothing(_actor: Actor) -> None:
    pass


@dataclass(frozen=True)
class SampleCall:
    """Preparations for an action, and arguments with which it succeeds and declines.

    `bad` is None for an action that never declines.
    """

    good: Callable[[Actor], Named]
    bad: Callable[[Actor], Named] | None
    prepare: Callable[[Actor], None] = _nothing


def _serial(actor: Actor) -> Named:
    return {"serial": actor.card.serial}


def _unknown(_actor: Actor) -> Named:
    return {"serial": "00" * 8}


def _kiosk(actor: Actor) -> Named:
    return {"name": actor.kiosk.name}


def _no_kiosk(_actor: Actor) -> Named:
    return {"name": "ward 8"}


def _second_card(actor: Actor) -> Named:
    new = actor.kiosk.know(PersonalCard())
    with actor.service.services.database.transaction() as session:
        cards = {each.serial: each for each in session.exec(select(Card))}
        cards[new.serial].cardholder_id = cards[actor.card.serial].cardholder_id
    return {**_serial(actor), "by": new.serial}


def _journal(actor: Actor) -> Named:
    (actor.folder / "journal").write_text("")
    return {"journals": [actor.folder / "journal"]}


def _approval(actor: Actor) -> Named:
    held = HeldChange(organisation=1, kiosk=actor.kiosk.name, epoch="0" * 16, head=1)
    return {"approvals": [sign(SigningKey.generate(), held).model_dump_json()]}


def _holders(*rows: str) -> Named:
    text = "\n".join(("uuid,name,email,organisation", *rows))
    return {"files": ImportFiles(cardholders=Source("holders.csv", text))}


def _file(content: bytes) -> Named:
    return {"file": TrustFile("file", content)}


_AUTHORITY = Authority()


def _believed(actor: Actor) -> None:
    with actor.service.services.database.transaction() as session:
        trust_store.add_issuer(session, _AUTHORITY.der, actor.service.clock(), anchor=True)


def _new(_actor: Actor) -> Named:
    return {"name": "Trust B"}


SAMPLE_CALLS: dict[str, SampleCall] = {
    "approvals.give": SampleCall(_approval, lambda _: {"approvals": ["{}"]}),
    "audit.sign": SampleCall(lambda _: {}, None),
    "backup.confirm": SampleCall(
        lambda actor: {"until": actor.service.clock()},
        lambda actor: {"until": actor.service.clock() + timedelta(seconds=1)},
    ),
    "backup.make": SampleCall(
        lambda actor: {"folder": actor.folder, "copy": ["true"]},
        lambda actor: {"folder": actor.folder, "kept": 0},
    ),
    "cardholders.erase": SampleCall(
        lambda _: {"uuid": UUID},
        lambda _: {"uuid": ""},
        lambda actor: actor.set(Cardholder, uuid=UUID),
    ),
    "cards.activate": SampleCall(
        _serial, _unknown, lambda actor: actor.set(Card, status="suspended")
    ),
    "cards.leaver": SampleCall(_serial, _unknown),
    "cards.lost": SampleCall(_serial, _unknown),
    "cards.replace": SampleCall(
        _second_card, lambda actor: {**_serial(actor), "by": actor.card.serial}
    ),
    "cards.suspend": SampleCall(_serial, _unknown),
    "cards.thaw": SampleCall(
        lambda actor: {**_serial(actor), "tries": 3},
        lambda actor: {**_serial(actor), "tries": 1},
        lambda actor: actor.set(Card, frozen=True),
    ),
    "epochs.new": SampleCall(lambda _: {}, None),
    "epochs.settle": SampleCall(
        _kiosk, _no_kiosk, lambda actor: actor.set(Installation, epoch="f" * 16)
    ),
    "escrow.declare-lost": SampleCall(
        lambda _: {"organisation": "Trust A"},
        lambda _: {"organisation": "Trust Z"},
        lambda actor: actor.set(Organisation, missing_grants=True),
    ),
    "escrow.recover": SampleCall(_journal, lambda actor: {"journals": [actor.folder / "none"]}),
    "import": SampleCall(
        lambda _: _holders(f"{UUID},Nora,nora@nhs.net,Trust A"),
        lambda _: _holders(f"{UUID},Nora,nora@nhs.net,Trust A", "12,Short,s@nhs.net,Trust A"),
    ),
    "kiosks.enrol-token": SampleCall(
        lambda _: {"name": "ward 9", "organisation": "Trust A"},
        lambda _: {"name": "ward 9", "organisation": "Trust Z"},
    ),
    "kiosks.networks": SampleCall(
        lambda actor: {**_kiosk(actor), "networks": ("10.1.0.0/16",)},
        lambda actor: {**_kiosk(actor), "networks": ("10.1.0.0/8",)},
    ),
    "kiosks.retire": SampleCall(_kiosk, _no_kiosk),
    "kiosks.revoke": SampleCall(_kiosk, _no_kiosk),
    "organisations.add": SampleCall(_new, lambda _: {"name": "Trust A"}),
    "organisations.policy": SampleCall(
        lambda _: {"name": "Trust A", "change": PolicyChange(offline=True)},
        lambda _: {"name": "Trust A", "change": PolicyChange(lease_hours=13)},
    ),
    "registrations.release": SampleCall(
        _serial, _serial, lambda actor: actor.set(Card, closed=True)
    ),
    "registrations.remove": SampleCall(_serial, _unknown),
    "retention.apply": SampleCall(lambda _: {}, lambda _: {"days": {"gossip": 1}}),
    "tombstones.prune": SampleCall(lambda _: {"days": 0}, lambda _: {"days": -1}),
    "trust.add-anchor": SampleCall(lambda _: _file(_AUTHORITY.der), lambda _: _file(b"else")),
    "trust.add-issuer": SampleCall(lambda _: _file(_AUTHORITY.der), lambda _: _file(b"else")),
    "trust.add-list": SampleCall(
        lambda _: _file(_AUTHORITY.revocations()), lambda _: _file(b"else"), _believed
    ),
    "unlocking.resume": SampleCall(
        lambda _: {"organisation": None}, lambda _: {"organisation": "Z"}
    ),
    "unlocking.stop": SampleCall(
        lambda _: {"organisation": "Trust A"}, lambda _: {"organisation": "Z"}
    ),
}

LOOKS: dict[str, Named] = {
    "approvals.list_held": {},
    "audit.verify_audit": {},
    "cards.list_cards": {"organisation": "Trust A"},
    "imports.check_import": _holders(f"{UUID},Nora,nora@nhs.net,Trust A"),
    "escrow.list_journals": {},
    "kiosks.list_kiosks": {},
    "kiosks.list_lent": {"name": "ward 7"},
    "organisations.list_organisations": {},
    "organisations.show_policy": {"name": "Trust A"},
    "registrations.list_registrations": {},
    "reports.list_alerts": {},
    "reports.list_ending": {},
    "reports.measure": {},
    "reports.report_months": {},
    "trust.list_authorities": {},
}
