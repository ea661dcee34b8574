# SPDX-License-Identifier: Apache-2.0
"""Import of cardholders, cards and keys from files: complete or not at all, and repeatable."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlmodel import select

from kiosk.central.keys import sealing
from kiosk.central.tables import AuditEntry, Card, Cardholder, EscrowedKey, Position
from tests.central.desk import OPERATOR, Operator
from tests.central.world import KioskClient, PersonalCard, certificate, problem

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
