# SPDX-License-Identifier: Apache-2.0
"""After a restore of central from a backup, kiosks report their facts again before any grant."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from kiosk.central.audit import trail
from kiosk.central.tables import Card, FactRow, GrantRow, Organisation
from kiosk.contract import messages as msg
from kiosk.contract.messages import CardCommand, Grant
from tests.central.desk import Operator, settings_of
from tests.central.world import Clock, KioskClient, PersonalCard, Service, problem
from tests.sync.world import TRUST, Follower

pytestmark = pytest.mark.dealt


@pytest.fixture
def operator(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Operator:
    settings_of(service, monkeypatch)
    return Operator(service, capsys)


@pytest.fixture
def card(kiosk: Follower) -> PersonalCard:
    return kiosk.client.know(PersonalCard())


@pytest.fixture
def backup(service: Service, card: PersonalCard, tmp_path: Path) -> Path:
    """Return the database at the time when a card and its kiosk were known."""
    place = tmp_path / "backup.db"
    with closing(sqlite3.connect(service.folder / "central.db")) as connection:
        connection.execute(f"VACUUM INTO '{place}'")
    return place


def unlock(kiosk: Follower, card: PersonalCard) -> Grant:
    """Record a visit that renewed the card's key, as the kiosk records it."""
    client, outbox = kiosk.client, kiosk.outbox
    client.service.clock.pass_time(60)
    grant = client.granted(card)
    outbox.begin_visit(grant.session)
    outbox.note(msg.GrantReceived(grant=grant.grant, session=grant.session, receipt=grant.receipt))
    current, following = grant.current.generation, grant.current.generation + 1
    for sequence, (command, generation, status) in enumerate(
        [
            (CardCommand.UNBLOCK, current, None),
            (CardCommand.UNBLOCK, current, "9000"),
            (CardCommand.CHANGE, following, None),
            (CardCommand.CHANGE, following, "9000"),
            (CardCommand.ATTEST, following, "9000"),
        ]
    ):
        outbox.record(
            grant.session,
            msg.CardFact(
                grant=grant.grant,
                sequence=sequence,
                command=command,
                generation=generation,
                status=status,
                signature=client.attest(card, grant, generation)
                if command is CardCommand.ATTEST
                else None,
            ),
        )
    outbox.end_visit(grant.session)
    kiosk.deliver()
    return grant


def restore(service: Service, backup: Path) -> None:
    service.stop()
    for each in service.folder.glob("central.db*"):
        each.unlink()
    shutil.copy(backup, service.folder / "central.db")
    service.start()


def connect(*kiosks: Follower) -> None:
    """Connect to the service's new address; its tokens are those of the backup."""
    for kiosk in kiosks:
        kiosk.client._access = None
        kiosk.open()


def test_keys_known_only_to_kiosks_are_recovered(
    service: Service, kiosk: Follower, card: PersonalCard, backup: Path, operator: Operator
) -> None:
    kiosk.follow()
    kiosk.deliver()
    grants = [unlock(kiosk, card) for _ in range(3)]
    assert grants[-1].next is not None
    assert grants[-1].next.generation == 3
    restore(service, backup)
    assert "until 1 kiosks have reported" in operator.does("epochs", "new")
    connect(kiosk)
    refused = kiosk.client.open(card)
    assert (refused.status_code, problem(refused)) == (409, "unsettled")
    letters = len(service.mailbox.letters)
    kiosk.follow()
    assert problem(kiosk.client.open(card)) == "unsettled"
    kiosk.deliver()
    assert len(service.mailbox.letters) == letters
    service.clock.pass_time(600)
    grant = kiosk.client.granted(card)
    assert (grant.current.generation, grant.first) == (3, 3)
    assert grant.current.key == grants[-1].next.key
    with service.services.database.reading() as database:
        assert len(database.exec(select(FactRow)).all()) == 15
        numbers = [row.number for row in database.exec(select(GrantRow))]
        assert numbers == sorted(numbers)
        assert trail.first_break(database) is None
    assert kiosk.outbox.count_pending() == 0
    assert kiosk.outbox.count_refused() == 0


def test_a_lost_kiosk_is_settled_by_the_ra(
    service: Service, kiosk: Follower, card: PersonalCard, operator: Operator
) -> None:
    lost = service.kiosk("lost", TRUST)
    stranger = service.kiosk("elsewhere", "Trust B")
    theirs = stranger.know(PersonalCard())
    assert lost.token
    operator.does("epochs", "new")
    kiosk.follow()
    kiosk.deliver()
    assert problem(kiosk.client.open(card)) == "unsettled"
    rows = {row["kiosk"]: row["reported anew"] for row in operator.listed("kiosks", "list")}
    assert rows == {"ward 7": "yes", "lost": "no", "elsewhere": "no"}
    assert problem(stranger.open(theirs)) == "unsettled"
    operator.does("epochs", "settle", "lost")
    assert operator.audited["kind"] == "epoch.settled"
    kiosk.client.granted(card)
    operator.does("kiosks", "revoke", "elsewhere")
    assert operator.run("epochs", "settle", "ward 7") == 2


def test_a_kiosk_of_this_epoch_reports_nothing_again(
    service: Service, kiosk: Follower, card: PersonalCard, operator: Operator
) -> None:
    operator.does("epochs", "new")
    kiosk.follow()
    kiosk.deliver()
    assert service.kiosk("new", TRUST).token
    kiosk.client.granted(card)


def test_a_kiosk_deletes_facts_that_are_backed_up(
    service: Service, kiosk: Follower, card: PersonalCard, operator: Operator
) -> None:
    kiosk.follow()
    unlock(kiosk, card)
    first = service.clock.now
    unlock(kiosk, card)
    until = f"{first:%Y-%m-%dT%H:%M:%SZ}"
    operator.does("backup", "confirm", "--until", until)
    for _ in range(2):
        kiosk.follow()
    operator.does("epochs", "new")
    kiosk.follow()
    again = [item.fact.kind for item in kiosk.outbox.pending(50)]
    assert again.count("card") == 5
    assert again.index("epoch") > max(place for place, kind in enumerate(again) if kind == "card")


def test_an_impossible_backup_time_is_declined(service: Service, operator: Operator) -> None:
    """The commands use the clock of this machine."""
    now = datetime.now(UTC)
    operator.does("backup", "confirm", "--until", f"{now:%Y-%m-%dT%H:%M:%SZ}")
    for wrong in (now - timedelta(days=1), now + timedelta(days=1)):
        assert operator.run("backup", "confirm", "--until", f"{wrong:%Y-%m-%dT%H:%M:%SZ}") == 2


@pytest.mark.parametrize("forged", ["receipt", "grant", "session", "kiosk"])
def test_a_receipt_is_valid_only_for_its_grant_and_kiosk(
    service: Service, kiosk: Follower, card: PersonalCard, backup: Path, forged: str
) -> None:
    grant = unlock(kiosk, card)
    neighbour = service.kiosk("ward 8", TRUST)
    assert neighbour.token
    restore(service, backup)
    kiosk.client._access = neighbour._access = None
    sender: KioskClient = neighbour if forged == "kiosk" else kiosk.client
    fact = msg.GrantReceived(
        grant=uuid4() if forged == "grant" else grant.grant,
        session=uuid4() if forged == "session" else grant.session,
        receipt=bytes(len(grant.receipt)) if forged == "receipt" else grant.receipt,
    )
    assert sender.report(_item(fact)) == ["refused"]
    assert kiosk.client.report(
        _item(msg.GrantReceived(grant=grant.grant, session=grant.session, receipt=grant.receipt))
    ) == ["applied"]


def _item(fact: msg.GrantReceived) -> dict[str, object]:
    item = msg.OutboxItem(id=uuid4(), recorded_at=Clock().now, fact=fact)
    fields: dict[str, object] = item.model_dump(mode="json")
    return fields


def test_a_receipt_does_not_change_a_known_grant(
    service: Service, kiosk: Follower, card: PersonalCard
) -> None:
    grant = unlock(kiosk, card)
    fact = msg.GrantReceived(grant=grant.grant, session=grant.session, receipt=b"anything")
    with service.services.database.reading() as database:
        before = database.exec(select(GrantRow)).one().model_dump()
    assert kiosk.client.report(_item(fact)) == ["applied"]
    with service.services.database.reading() as database:
        assert database.exec(select(GrantRow)).one().model_dump() == before
        assert database.exec(select(Organisation.grants)).one() == 1
        assert database.exec(select(Card)).one().serial == card.serial
    assert isinstance(grant.grant, UUID)
