# SPDX-License-Identifier: Apache-2.0
"""After the loss of a database, the journal suffices to produce every card's key again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import select

from kiosk.central.evidence import history
from kiosk.central.evidence.visit import ReportedTries
from kiosk.central.keys import escrow, escrow_journal
from kiosk.central.operations import seed
from kiosk.central.operations.seed import Personalisation
from kiosk.central.tables import Card, EscrowedKey, GrantRow
from kiosk.contract.messages import Grant
from tests.central.desk import Operator
from tests.central.world import Clock, KioskClient, PersonalCard, Service, problem
from tests.proofs.attack import journals

MOMENT = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def lines(folder: Path) -> Path:
    return folder / "elsewhere.journal"


@pytest.fixture
def service(folder: Path, clock: Clock, lines: Path) -> Iterator[Service]:
    running = Service(folder, clock, f"sqlite:///{folder}/central.db")
    running.settings = running.settings.model_copy(update={"journal": lines})
    running.start()
    yield running
    running.stop()


def backup(service: Service) -> Path:
    service.stop()
    kept = service.folder / "backup.db"
    for each in service.folder.glob("central.db*"):
        shutil.copyfile(each, str(kept) + each.name.removeprefix("central.db"))
    service.start()
    return kept


def restore(service: Service, kept: Path) -> None:
    service.stop()
    for each in service.folder.glob("central.db*"):
        each.unlink()
    for each in kept.parent.glob("backup.db*"):
        shutil.copyfile(each, service.folder / f"central.db{each.name.removeprefix('backup.db')}")
    service.start()


def renewed(kiosk: KioskClient, card: PersonalCard) -> Grant:
    grant = kiosk.granted(card)
    kiosk.finish(card, grant)
    return grant


def test_the_right_pair_is_offered_after_two_unlocks_since_the_backup(
    service: Service, kiosk: KioskClient, card: PersonalCard, lines: Path, operator: Operator
) -> None:
    kept = backup(service)
    for _ in range(2):
        renewed(kiosk, card)  # the card carries generation 2 by now
    restore(service, kept)
    operator.does("escrow", "recover", lines)
    assert "grants recovered: 2" in operator.out
    with service.services.database.reading() as database:
        currents = [row.current for row in database.exec(select(GrantRow))]
    assert sorted(currents) == [0, 1]
    operator.does("escrow", "recover", lines)  # a second time: nothing is doubled
    assert "grants there already: 2" in operator.out
    assert operator.audited["kind"] == "escrow.recovered"


def test_a_key_imported_since_the_backup_is_recovered(
    service: Service, kiosk: KioskClient, lines: Path, operator: Operator
) -> None:
    kiosk.token  # noqa: B018
    kept = backup(service)
    card = kiosk.know(PersonalCard(unblocking_key="PUKx7777"))
    restore(service, kept)
    assert operator.run("escrow", "recover", lines) == 1
    assert "cards not known" in operator.out
    wrong = replace(card, unblocking_key="PUKx0000")
    # Imported once more, with another key than the one it had.
    document = wrong.document(kiosk.organisation)
    without = service.services.escrow
    seed.sow(
        replace(service.services, escrow=escrow.Escrow(service.services.master)),
        Personalisation.model_validate(document),
    )
    operator.does("escrow", "recover", lines)
    with service.services.database.reading() as database:
        known = database.exec(select(Card)).one()
        assert without.key(database, known, 0).reveal() in (b"PUKx7777", b"PUKx0000")
        assert database.get(EscrowedKey, (known.id, 0)) is not None


def test_a_truncated_line_does_not_affect_the_others(lines: Path, folder: Path) -> None:
    kept = escrow_journal.Journal(lines)
    first = escrow_journal.CardLine(family="piv", serial="A" * 8, seed=b"s" * 32, wrapped=b"w")
    kept.write([first], MOMENT)
    with lines.open("ab") as file:
        file.write(b'{"kind": "card", "family": "pi')
    kept.write([first.model_copy(update={"serial": "B" * 8})], MOMENT)
    serials = [
        line.serial
        for line in escrow_journal.read(lines)
        if isinstance(line, escrow_journal.CardLine)
    ]
    assert serials == ["A" * 8, "B" * 8]


def test_no_key_is_granted_if_the_journal_cannot_be_written(
    service: Service, kiosk: KioskClient, card: PersonalCard, lines: Path
) -> None:
    session = kiosk.accepted(card)
    lines.unlink()
    lines.mkdir()
    answer = kiosk.ask_grant(session)
    assert answer.status_code == 503
    with service.services.database.reading() as database:
        assert database.exec(select(GrantRow)).first() is None
    lines.rmdir()
    assert kiosk.ask_grant(session).status_code == 200
    assert len(list(escrow_journal.read(lines))) == 1


def test_the_journal_shows_no_key(lines: Path, kiosk: KioskClient, card: PersonalCard) -> None:
    grant = kiosk.granted(card)
    content = lines.read_bytes()
    assert content.count(b"\n") == 2
    for key in (grant.current.key, grant.next.key if grant.next else None):
        assert key is not None
        assert key not in content


# ---------------------------------------------------------------- lines of what was never committed


def grants(service: Service) -> set[UUID]:
    with service.services.database.reading() as database:
        return set(database.exec(select(GrantRow.id)))


def failed_grant(service: Service, kiosk: KioskClient, card: PersonalCard) -> UUID:
    """Have a grant fail at its COMMIT, after its line is in the journal; return the session."""
    session = kiosk.accepted(card)
    kiosk.token  # noqa: B018 - a new one would need a COMMIT
    with journals.commits_fail(service):
        assert kiosk.ask_grant(session).status_code == 503
    return session


def test_lines_of_failed_grants_do_not_replace_real_ones(
    service: Service, kiosk: KioskClient, lines: Path, operator: Operator
) -> None:
    """The database's disk is full, and the journal's is not; later grants take the same numbers."""
    card, other = (kiosk.know(PersonalCard(unblocking_maximum=9)) for _ in range(2))
    kept = backup(service)
    session = failed_grant(service, kiosk, card)
    failed_grant(service, kiosk, other)
    real = {
        Grant.model_validate_json(kiosk.ask_grant(session).text).grant,
        renewed(kiosk, other).grant,
        renewed(kiosk, other).grant,
    }
    assert len([each for each in escrow_journal.read(lines) if each.kind == "grant"]) == 5
    operator.does("escrow", "recover", lines)
    assert grants(service) == real  # nothing was restored, so nothing is missing
    restore(service, kept)
    operator.does("escrow", "recover", lines)
    assert real <= grants(service)
    with service.services.database.reading() as database:
        known = database.exec(select(Card).where(Card.serial == other.serial)).one()
        assert history.evaluate(database, known, ReportedTries()).current == 1


def test_a_session_that_failed_and_was_not_asked_again_counts_for_one_visit(
    service: Service, kiosk: KioskClient, card: PersonalCard, lines: Path, operator: Operator
) -> None:
    kept = backup(service)
    session = failed_grant(service, kiosk, card)
    with journals.commits_fail(service):
        assert kiosk.ask_grant(session).status_code == 503
    restore(service, kept)
    operator.does("escrow", "recover", lines)
    assert len(grants(service)) == 1
    assert "session has another one: 1" in operator.out


def test_a_line_has_an_identity_that_no_other_has(
    service: Service, kiosk: KioskClient, card: PersonalCard, lines: Path
) -> None:
    renewed(kiosk, card)
    content = lines.read_bytes()
    renewed(kiosk, card)
    service.restart()
    lines.write_bytes(content)  # an older copy of the file
    renewed(kiosk, card)
    identities = [(line.journal, line.line) for line in escrow_journal.read(lines)]
    assert len(identities) == len(set(identities)) == 3
    assert len({journal for journal, _ in identities}) == 2


def test_a_journal_that_is_not_whole_is_named_until_it_is_declared_lost(
    service: Service, kiosk: KioskClient, card: PersonalCard, lines: Path, operator: Operator
) -> None:
    renewed(kiosk, card)
    older = lines.read_bytes()
    renewed(kiosk, card)
    whole = lines.read_bytes()
    lines.write_bytes(older)
    assert operator.run("escrow", "recover", lines) == 1
    assert "missing: journal" in operator.out
    assert "line 3" in operator.out
    assert problem(kiosk.open(card)) == "unsettled"
    assert operator.run("alerts") == 1
    alerts = operator.out
    (journal,) = [each for each in operator.listed("escrow", "journals") if each["missing"]]
    assert journal["journal"] in alerts
    lines.write_bytes(whole)
    operator.does("escrow", "recover", lines)
    kiosk.granted(card)
    lines.write_bytes(older)
    assert operator.run("escrow", "recover", lines) == 1
    operator.does("escrow", "declare-lost", "--journal", journal["journal"])
    assert operator.audited["kind"] == "escrow.declared-lost"
    kiosk.granted(card)
    assert operator.run("escrow", "declare-lost", "--journal", journal["journal"]) == 2


def test_a_line_that_became_unreadable_is_a_gap(
    service: Service, kiosk: KioskClient, card: PersonalCard, lines: Path, operator: Operator
) -> None:
    kept = backup(service)
    for _ in range(3):
        renewed(kiosk, card)
    first, *others = lines.read_bytes().splitlines(keepends=True)
    lines.write_bytes(b"".join([first, others[0], b"#" + others[1], *others[2:]]))
    restore(service, kept)
    kiosk._access = None
    assert operator.run("escrow", "recover", lines) == 1
    assert "missing: journal" in operator.out
    assert "missing: 1 grants of Trust A" in operator.out
    assert problem(kiosk.open(card)) == "unsettled"


def test_a_process_whose_database_is_restored_begins_another_journal(
    service: Service, kiosk: KioskClient, lines: Path
) -> None:
    """Its own lines would otherwise be taken for what this database never committed."""
    card = kiosk.know(PersonalCard(unblocking_maximum=9))
    content = journals.content(service)
    renewed(kiosk, card)
    journals.restore(service, content)
    kiosk._access = None
    renewed(kiosk, card)
    assert len({line.journal for line in escrow_journal.read(lines)}) == 2
