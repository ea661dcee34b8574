# SPDX-License-Identifier: Apache-2.0
"""Import of cardholders, cards and keys from files: complete or not at all, and repeatable."""

from __future__ import annotations

import sys
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from kiosk.central.actions import imports
from kiosk.central.actions.context import OperatorContext
from kiosk.central.actions.imports import ImportedRows, ImportFiles, ImportOutcome, Source
from kiosk.central.keys import sealing
from kiosk.central.operations import import_staging
from kiosk.central.operations.import_plan import Plan
from kiosk.central.tables import (
    AuditEntry,
    Card,
    Cardholder,
    ChangeCounter,
    EscrowedKey,
    Organisation,
    Position,
    StagedCard,
    StagedCardholder,
    StagedKey,
    StagedPosition,
    Tombstone,
)
from tests.central.desk import OPERATOR, Operator
from tests.central.loggedin import TrustedCard
from tests.central.world import KioskClient, PersonalCard, Service, certificate, problem
from tests.patience import wait_until
from tests.processes import running

STAGED = (StagedCardholder, StagedPosition, StagedCard, StagedKey)
NORA, OLGA = "000000000001", "000000000002"


@dataclass
class Files:
    """The RA's rows before they are written to files."""

    folder: Path
    holders: list[str] = field(
        default_factory=lambda: [
            f"{NORA},Nora Nurse,nora@nhs.net,Trust A",
            f"{OLGA},Olga Other,olga@nhs.net,Trust A",
        ]
    )
    positions: list[str] = field(
        default_factory=lambda: [f"{NORA},S1,Nurse,2024-01-01", f"{NORA},S2,Bank nurse,"]
    )
    cards: list[str] = field(
        default_factory=lambda: [
            f"piv,00112233,{NORA},Oberthur,2024-01-01,",
            f"gids,44556677,{OLGA},IDEMIA,,",
        ]
    )
    keys: list[str] = field(
        default_factory=lambda: [
            "piv,00112233,Imported,,5",
            f"gids,44556677,{'0123456789abcdef' * 3},3des,",
        ]
    )

    def __post_init__(self) -> None:
        self.public = sealing.create_import_key(self.folder / "import.key")

    def written(self) -> list[object]:
        """Write the files; return the command's arguments for them."""
        contents = {
            "cardholders": ("uuid,name,email,organisation", self.holders),
            "positions": ("uuid,code,name,start", self.positions),
            "cards": ("family,serial,holder,manufacturer,issued,certificate", self.cards),
        }
        arguments: list[object] = ["import"]
        for name, (headings, rows) in contents.items():
            file = self.folder / f"{name}.csv"
            file.write_text("\n".join([headings, *rows]) + "\n")
            arguments += [f"--{name}", file]
        text = "\n".join(["family,serial,key,cipher,tries", *self.keys]) + "\n"
        keys, flaws = sealing.read_keys("keys", text)
        assert not flaws
        sealed = self.folder / "keys.sealed"
        sealed.write_bytes(sealing.seal(keys, sealing.load_public_half(self.public)))
        return [*arguments, "--keys", sealed, "--import-key", self.folder / "import.key"]


@pytest.fixture
def files(tmp_path: Path, operator: Operator) -> Files:
    operator.does("organisations", "add", "Trust A")
    return Files(tmp_path)


def stored(operator: Operator) -> dict[str, int]:
    tables = (Cardholder, Position, Card, EscrowedKey, AuditEntry)
    with operator.service.services.database.reading() as database:
        return {table.__name__: len(database.exec(select(table)).all()) for table in tables}


def test_a_repeated_import_doubles_nothing(operator: Operator, files: Files) -> None:
    der = certificate(PersonalCard().holder_key)
    files.cards[0] += b64encode(der).decode()
    operator.does(*files.written())
    assert "cards added: 2" in operator.out
    assert operator.audited == {
        "kind": "imported",
        "operator": OPERATOR,
        "cardholders_added": 2,
        "positions": 2,
        "cards_added": 2,
        "keys": 2,
        "rejected": 0,
    }
    first = stored(operator)
    with operator.service.services.database.reading() as database:
        card = database.exec(select(Card).where(Card.serial == "00112233")).one()
        assert card.authentication_certificate == der
        assert card.unblocking_maximum == 5
        escrow = operator.service.services.escrow
        assert escrow.key(database, card, 0).reveal() == b"Imported"
    files.holders[0] = f"{NORA},Nora Newname,nora.new@nhs.net,Trust A"
    operator.does(*files.written())
    assert stored(operator) == {**first, "AuditEntry": first["AuditEntry"] + 1}
    with operator.service.services.database.reading() as database:
        holder = database.exec(select(Cardholder).where(Cardholder.uuid == NORA)).one()
        assert (holder.name, holder.email) == ("Nora Newname", "nora.new@nhs.net")


BAD = [
    ("holders", f"{NORA},Twice,x@nhs.net,Trust A", "cardholders.csv, line 4, uuid: is in line 2"),
    ("holders", "12,Short,x@nhs.net,Trust A", "cardholders.csv, line 4, uuid: "),
    ("holders", "000000000003,No address,nowhere,Trust A", "cardholders.csv, line 4, email: "),
    ("holders", "000000000003,Thief,t@evil.example>.nhs.uk,Trust A", "line 4, email: "),
    ("holders", "000000000003,Who,x@gmail.com,Trust A", "line 4, email: codes may not go to this"),
    ("holders", "000000000003,Who,x@nhs.net,Trust Z", "line 4, organisation: no such"),
    ("positions", "000000000009,S9,Nurse,", "positions.csv, line 4, uuid: no such cardholder"),
    ("positions", f"{NORA},S9,Nurse,yesterday", "positions.csv, line 4, start: "),
    ("cards", "piv,88889999,000000000009,,,", "cards.csv, line 4, holder: no such cardholder"),
    ("cards", f"piv,88889999,{NORA},,,", "cards.csv, line 4, serial: its key is not among"),
    ("cards", f"piv,88889999,{NORA},,,AAAA", "cards.csv, line 4, certificate: "),
    ("keys", "piv,88889999,Imported,,", "keys.sealed, line 3, serial: no such card"),
]


@pytest.mark.dealt
@pytest.mark.parametrize(("file", "row", "told"), BAD)
def test_a_row_error_is_reported_and_stops_the_import_unless_skipped(
    operator: Operator, files: Files, file: str, row: str, told: str
) -> None:
    getattr(files, file).append(row)
    before = stored(operator)
    assert operator.run(*files.written()) == 2
    assert told in operator.err
    assert "Nothing was imported" in operator.err
    assert "Imported" not in operator.err + operator.out
    assert stored(operator) == before
    assert operator.run(*files.written(), "--check", "--skip-bad-rows") == 1
    assert told in operator.err
    assert stored(operator) == before
    operator.does(*files.written(), "--skip-bad-rows")
    assert told in operator.err
    assert operator.audited["rejected"] == 1
    assert stored(operator)["Card"] == 2


def test_unsealed_keys_are_refused_with_the_remedy(operator: Operator, files: Files) -> None:
    arguments = files.written()
    clear = files.folder / "keys.sealed"
    clear.write_text("family,serial,key\npiv,00112233,Imported\n")
    before = stored(operator)
    assert operator.run(*arguments) == 2
    assert "Keys are not taken in the clear: `kiosk-central keys seal`" in operator.err
    assert "Imported" not in operator.err
    assert stored(operator) == before
    assert operator.run("import", "--keys", clear) == 2
    assert operator.run("import") == 2


def test_the_key_of_a_card_changes_only_before_its_first_grant(
    operator: Operator, files: Files, kiosk: KioskClient
) -> None:
    operator.does(*files.written())
    files.keys[0] = "piv,00112233,Mistaken,,5"
    operator.does(*files.written())
    given = kiosk.know(PersonalCard(serial="AABBCCDD"))
    kiosk.granted(given)
    files.keys.append("piv,AABBCCDD,Mistaken,,3")
    assert operator.run(*files.written()) == 2
    assert "AABBCCDD was given out with another key already" in operator.err
    with operator.service.services.database.reading() as database:
        for serial, key in (("00112233", b"Mistaken"), ("AABBCCDD", given.unblocking_key.encode())):
            card = database.exec(select(Card).where(Card.serial == serial)).one()
            assert operator.service.services.escrow.key(database, card, 0).reveal() == key


def test_a_registered_card_keeps_its_holder_and_their_address(
    operator: Operator, files: Files, kiosk: KioskClient
) -> None:
    card = kiosk.know(PersonalCard())
    with operator.service.services.database.transaction() as database:
        database.exec(select(Cardholder)).one().uuid = NORA
    files.cards, files.keys = [f"piv,{card.serial},{OLGA},,,"], []
    assert operator.run(*files.written()) == 2
    assert "line 2, holder: is registered to another cardholder" in operator.err
    files.cards = []
    operator.does(*files.written())
    assert "confirmed addresses kept: 1" in operator.out
    with operator.service.services.database.reading() as database:
        holder = database.exec(select(Cardholder).where(Cardholder.uuid == NORA)).one()
        assert holder.email == "nora@example.nhs.uk"


def test_an_imported_card_is_known_at_the_kiosk(
    operator: Operator, files: Files, kiosk: KioskClient
) -> None:
    kiosk.know(PersonalCard())
    operator.does(*files.written())
    assert problem(kiosk.open(PersonalCard(serial="00112233"))) == "not-registered"


# ---------------------------------------------------------------- turns


def many(files: Files, number: int) -> None:
    """Have the files name so many people, with a position each."""
    uuids = [f"{each:012}" for each in range(3, 3 + number)]
    files.holders += [f"{each},Person {each},p{each}@nhs.net,Trust A" for each in uuids]
    files.positions += [f"{each},S1,Nurse,2024-01-01" for each in uuids]


def staged(operator: Operator) -> int:
    with operator.service.services.database.reading() as database:
        return sum(len(database.exec(select(each.import_id)).all()) for each in STAGED)


def import_many(operator: Operator, files: Files, progress: Callable[[int], None]) -> ImportOutcome:
    """Import the files as the command does, in this process."""
    files.written()
    holders, positions = (
        Source(name, (files.folder / f"{name}.csv").read_text())
        for name in ("cardholders", "positions")
    )
    context = OperatorContext(operator.service.services, OPERATOR)
    return imports.import_rows(context, files=ImportFiles(holders, positions), progress=progress)


def test_a_stop_is_carried_out_before_an_import_ends(
    operator: Operator, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between any two batches the turn is free, and nothing is published before the last one."""
    monkeypatch.setattr(import_staging, "BATCH_ROWS", 10)
    many(files, 40)
    before = stored(operator)
    batches: list[int] = []

    def stop(done: int) -> None:
        batches.append(done)
        operator.does("unlocking", "stop", "--organisation", "Trust A")
        now = stored(operator)
        assert (now["Cardholder"], now["Position"]) == (before["Cardholder"], before["Position"])

    import_many(operator, files, stop)
    assert batches == [10, 20, 30, 40, 42, 52, 62, 72, 82, 84]
    assert stored(operator)["Cardholder"] == before["Cardholder"] + 42
    assert staged(operator) == 0
    with operator.service.services.database.reading() as database:
        kinds = database.exec(select(AuditEntry.kind).order_by(col(AuditEntry.sequence))).all()
    assert list(kinds[-2:]) == ["unlocking.stopped", "imported"]


def test_positions_belong_to_the_people_that_the_file_names(
    operator: Operator, files: Files
) -> None:
    many(files, 30)
    import_many(operator, files, lambda _done: None)
    with operator.service.services.database.reading() as database:
        pairs = database.exec(
            select(Cardholder.uuid, Position.code).join(
                Position, col(Position.cardholder_id) == col(Cardholder.id)
            )
        ).all()
    given = [tuple(row.split(",")[:2]) for row in files.positions]
    assert sorted(pairs) == sorted(given)
    operator.service.kiosk("ward 8").know(PersonalCard())  # keys of later rows do not collide


def test_an_import_that_is_outdated_is_decided_anew(
    operator: Operator, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_staging, "BATCH_ROWS", 1)
    added: list[int] = []

    def add_another(done: int) -> None:
        if not added:
            added.append(done)
            with operator.service.services.database.transaction() as database:
                trust = database.exec(select(Organisation)).one()
                database.add(
                    Cardholder(organisation_id=trust.id, name="N", email="n@nhs.net", uuid=NORA)
                )

    outcome = import_many(operator, files, add_another)
    counts = {each.what: each.rows for each in outcome.counts}
    assert (counts["cardholders added"], counts["cardholders there already"]) == (1, 1)
    with operator.service.services.database.reading() as database:
        nora = database.exec(select(Cardholder).where(Cardholder.uuid == NORA)).one()
    assert nora.name == "Nora Nurse"
    assert staged(operator) == 0


def test_a_card_that_others_add_meanwhile_is_not_doubled(
    operator: Operator, files: Files, kiosk: KioskClient
) -> None:
    import_many(operator, files, lambda _done: None)
    files.written()

    def add_it(_done: int) -> None:
        if not stored(operator)["Card"]:
            kiosk.know(TrustedCard(serial="00112233"))

    outcome = imports.import_rows(
        OperatorContext(operator.service.services, OPERATOR),
        files=ImportFiles(
            cards=Source("cards", (files.folder / "cards.csv").read_text()),
            keys=imports.SealedFile(
                "keys", (files.folder / "keys.sealed").read_bytes(), files.folder / "import.key"
            ),
        ),
        progress=add_it,
    )
    assert ImportedRows("cards there already", 1) in outcome.counts
    assert ImportedRows("cards added", 1) in outcome.counts
    assert stored(operator)["Card"] == 2


def test_an_address_that_is_confirmed_meanwhile_is_kept(
    operator: Operator, files: Files, kiosk: KioskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_staging, "BATCH_ROWS", 1)
    import_many(operator, files, lambda _done: None)
    files.holders[0] = f"{NORA},Nora Newname,nora.new@nhs.net,Trust A"
    card = PersonalCard()

    def confirm(_done: int) -> None:
        if card.serial not in known:
            kiosk.know(card)
            known.append(card.serial)
            with operator.service.services.database.transaction() as database:
                row = database.exec(select(Card).where(Card.serial == card.serial)).one()
                holder = database.exec(select(Cardholder).where(Cardholder.uuid == NORA)).one()
                row.cardholder_id = holder.id

    known: list[str] = []
    outcome = import_many(operator, files, confirm)
    assert ImportedRows("confirmed addresses kept", 1) in outcome.counts
    with operator.service.services.database.reading() as database:
        nora = database.exec(select(Cardholder).where(Cardholder.uuid == NORA)).one()
    assert (nora.name, nora.email) == ("Nora Newname", "nora@nhs.net")


def sizes_of_turns(monkeypatch: pytest.MonkeyPatch, most: int) -> list[int]:
    """Have a turn publish at most so many rows; return the list that their numbers go to."""
    monkeypatch.setattr(imports, "MOST_ROWS", most)
    sizes: list[int] = []
    publish = import_staging.publish

    def noted(session: Session, identity: UUID, plan: Plan, now: datetime) -> int:
        sizes.append(plan.size)
        return publish(session, identity, plan, now)

    monkeypatch.setattr(import_staging, "publish", noted)
    return sizes


def parts_audited(operator: Operator) -> list[tuple[Any, Any]]:
    with operator.service.services.database.reading() as database:
        entries = database.exec(
            select(AuditEntry)
            .where(AuditEntry.kind == "imported")
            .order_by(col(AuditEntry.sequence))
        ).all()
    return [(each.details.get("part"), each.details.get("parts")) for each in entries]


def test_no_turn_publishes_more_rows_than_kiosks_can_wait_for(
    operator: Operator, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = sizes_of_turns(monkeypatch, 4)
    operator.does(*files.written())
    assert sizes == [2, 2, 4], "people, positions, and cards with their keys"
    assert parts_audited(operator) == [(1, 3), (2, 3), (3, 3)]
    rows = stored(operator)
    assert [rows[name] for name in ("Cardholder", "Position", "Card", "EscrowedKey")] == [2] * 4
    assert "cards added: 2" in operator.out
    assert "positions: 2" in operator.out
    assert staged(operator) == 0


def test_the_positions_of_a_cardholder_are_published_together(
    operator: Operator, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.positions = [f"{who},S{n},Nurse," for n in range(4) for who in (NORA, OLGA)]
    sizes = sizes_of_turns(monkeypatch, 3)
    import_many(operator, files, lambda _done: None)
    assert sizes == [2, 4, 4]


def test_an_import_that_fails_in_a_later_part_goes_on_from_there(
    operator: Operator, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(files, 18)
    sizes = sizes_of_turns(monkeypatch, 10)

    def fail(done: int) -> None:
        if done > 10:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        import_many(operator, files, fail)
    assert (stored(operator)["Cardholder"], stored(operator)["Position"]) == (10, 0)
    outcome = import_many(operator, files, lambda _done: None)
    assert ImportedRows("cardholders added", 10) in outcome.counts
    assert ImportedRows("cardholders there already", 10) in outcome.counts
    assert (stored(operator)["Cardholder"], stored(operator)["Position"]) == (20, 20)
    assert max(sizes) <= 10


def test_a_rejected_key_has_its_number_in_the_file_in_any_part(
    operator: Operator, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes_of_turns(monkeypatch, 4)
    files.keys.append("piv,99999999,Imported,,5")
    assert operator.run(*files.written(), "--skip-bad-rows") == 0
    assert "keys.sealed, line 3, serial: no such card" in operator.err


@pytest.mark.dealt
def test_an_import_that_is_killed_leaves_nothing(
    operator: Operator, files: Files, service: Service
) -> None:
    many(files, 5000)
    arguments = [str(each) for each in files.written()]
    before = stored(operator)
    with running([sys.executable, "-m", "kiosk.central", *arguments]) as process:
        wait_until(lambda: staged(operator) > 0, "rows are staged")
        process.kill()
        process.wait()
    assert stored(operator) == before
    assert staged(operator) > 0
    database = service.services.database
    import_staging.sweep(database, datetime.now(UTC))
    assert staged(operator) > 0, "it may be at work yet"
    assert import_staging.sweep(database, datetime.now(UTC) + timedelta(hours=2)) > 0
    assert staged(operator) == 0
    operator.does(*files.written())
    assert stored(operator)["Cardholder"] == before["Cardholder"] + 5002


def test_rows_that_are_the_same_are_left_alone(operator: Operator, files: Files) -> None:
    operator.does(*files.written())
    staged_rows: list[int] = []
    import_many(operator, files, staged_rows.append)
    assert staged_rows == []


def test_a_card_that_moves_leaves_a_tombstone(operator: Operator, files: Files) -> None:
    operator.does("organisations", "add", "Trust B")
    operator.does(*files.written())
    third = "000000000003"
    files.holders.append(f"{third},Theo Third,theo@nhs.net,Trust B")
    files.cards[0] = f"piv,00112233,{third},Oberthur,2024-01-01,"
    operator.does(*files.written())
    with operator.service.services.database.reading() as database:
        trusts = {each.name: each.id for each in database.exec(select(Organisation))}
        counters = {
            each.organisation_id: (each.position, each.cards)
            for each in database.exec(select(ChangeCounter))
        }
        gone = database.exec(select(Tombstone)).one()
        card = database.exec(select(Card).where(Card.serial == "00112233")).one()
    assert (gone.organisation_id, gone.serial) == (trusts["Trust A"], "00112233")
    assert gone.position == counters[trusts["Trust A"]][0]
    assert (card.organisation_id, card.position) == (
        trusts["Trust B"],
        counters[trusts["Trust B"]][0],
    )
    assert [counters[trusts[each]][1] for each in ("Trust A", "Trust B")] == [1, 1]


def test_imported_names_have_no_characters_that_change_a_terminal(
    operator: Operator, files: Files
) -> None:
    for place, character in enumerate("\x1b\x9b\u202e\u200b"):
        files.holders.append(f"{place + 10:012},A{character}B,x{place}@nhs.net,Trust A")
    assert operator.run(*files.written()) == 2
    for line in range(4, 8):
        assert f"line {line}, name: has a character that cannot be displayed" in operator.err
