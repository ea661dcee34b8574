# SPDX-License-Identifier: Apache-2.0
"""The audit's chain reveals every change, and survives the erasure of a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from kiosk.central.audit import trail
from kiosk.central.keys import master_key
from kiosk.central.storage.database import Database
from kiosk.central.tables import AuditEntry, AuditHead, AuditPersonal
from tests.central.world import KioskClient, PersonalCard, Service

NOW = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    master_key.create(tmp_path / "key")
    opened = Database(database_url)
    opened.prepare(master_key.load(tmp_path / "key"))
    with opened.transaction() as session:
        for number in range(5):
            trail.append(session, NOW, "tested", {"number": number}, {"cardholder": number})
    yield opened
    opened.close()


def broken_at(database: Database) -> int | None:
    with database.transaction() as session:
        return trail.first_break(session)


def entry(session: Session, sequence: int) -> AuditEntry:
    return session.exec(select(AuditEntry).where(AuditEntry.sequence == sequence)).one()


def test_an_untouched_chain_holds(database: Database) -> None:
    assert broken_at(database) is None


def test_an_entrys_personal_data_can_be_erased(database: Database) -> None:
    with database.transaction() as session:
        session.delete(session.exec(select(AuditPersonal)).first())
    assert broken_at(database) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "other"),
        ("details", {"number": 7}),
        ("at", NOW + timedelta(microseconds=1)),
        ("commitment", bytes(32)),
        ("previous", bytes(32)),
        ("hash", bytes(32)),
    ],
)
def test_a_changed_entry_is_found(database: Database, field: str, value: object) -> None:
    with database.transaction() as session:
        setattr(entry(session, 3), field, value)
    assert broken_at(database) == 3


def test_exchanged_personal_data_is_found(database: Database) -> None:
    with database.transaction() as session:
        about = session.exec(select(AuditPersonal).where(AuditPersonal.sequence == 2)).one()
        about.fields = {"cardholder": 99}
    assert broken_at(database) == 2


@pytest.mark.parametrize("sequence", [1, 3, 5])
def test_a_missing_entry_is_found(database: Database, sequence: int) -> None:
    with database.transaction() as session:
        session.delete(
            session.exec(select(AuditPersonal).where(AuditPersonal.sequence == sequence)).one()
        )
        session.flush()
        session.delete(entry(session, sequence))
    assert broken_at(database) == sequence


def test_a_reset_head_is_found(database: Database) -> None:
    with database.transaction() as session:
        session.exec(select(AuditHead)).one().sequence = 4
    assert broken_at(database) is not None


def test_a_rolled_back_transaction_leaves_no_entry(database: Database) -> None:
    def undone() -> None:
        with database.transaction() as session:
            trail.append(session, NOW, "undone", {}, {})
            raise LookupError

    with pytest.raises(LookupError):
        undone()
    with database.transaction() as session:
        assert "undone" not in set(session.exec(select(AuditEntry.kind)))
    assert broken_at(database) is None


def test_a_working_service_keeps_the_chain_free_of_personal_data(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    kiosk.open(PersonalCard())
    kiosk.granted(card)
    service.restart()
    kiosk.granted(card)
    assert broken_at(service.services.database) is None
    with service.services.database.transaction() as session:
        entries = session.exec(select(AuditEntry).order_by(col(AuditEntry.sequence))).all()
        assert all(card.serial not in str(one.details) for one in entries)
        assert any(card.serial in str(one.fields) for one in session.exec(select(AuditPersonal)))
        assert [one.kind for one in entries][:2] == ["unlock.card-not-known", "unlock.opened"]


def test_verification_reports_its_progress(database: Database) -> None:
    progress: list[int] = []
    with database.reading() as session:
        assert trail.first_break(session, progress.append) is None
    assert progress == [1, 2, 3, 4, 5]
