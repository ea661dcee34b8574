# SPDX-License-Identifier: Apache-2.0
"""`kiosk doctor card` reports everything about a card and spends none of its tries."""

from __future__ import annotations

import pytest

from kiosk.card.examination import Finding, examine
from kiosk.doctor.card_report import describe
from kiosk.errors import CardRemoved
from kiosk.simulated.gids_card import SimulatedGidsCard
from kiosk.simulated.iso7816_card import SimulatedIso7816Card
from kiosk.simulated.issuing import SimulatedIssuer
from kiosk.simulated.piv_card import PivBehaviour, SimulatedPivCard
from kiosk.simulated.virtual_card import Blank
from tests.card.connections import Recorded, Scripted

SPENDING = {0x24, 0x2C, 0x87}


def test_a_card_of_every_family_is_described_without_spending_a_try(
    issuer: SimulatedIssuer,
) -> None:
    for card, kind in [
        (SimulatedPivCard(issuer.issue_piv("A Nurse"), PivBehaviour(metadata=True)), "PIV"),
        (SimulatedGidsCard(issuer.issue_gids("A Nurse")), "GIDS"),
        (SimulatedIso7816Card(issuer.issue_isoapplet()), "IsoApplet"),
    ]:
        connection = Recorded(card)
        text = describe(examine(connection))
        assert kind in text
        assert "may unlock" in text
        assert "A Nurse" not in text
        for command in connection.commands:
            assert command[1] not in SPENDING
            assert command[1] != 0x20 or len(command) == 4


def test_a_fault_is_one_line_of_the_report(issuer: SimulatedIssuer) -> None:
    memory = issuer.issue_piv("A Nurse")
    memory.certificates[0x9A] = b"\x30\x03"
    findings = {each.what: each.found for each in examine(SimulatedPivCard(memory))}
    assert findings["certificate for log in"].startswith("not available: The card broke its own")
    assert findings["serial"] == memory.guid.hex().upper()


def test_a_foreign_card_is_reported_with_its_answer_to_reset() -> None:
    text = describe(examine(Blank()))
    assert "3B 00" in text
    assert "No known kind of card" in text


def test_a_removed_card_is_not_a_finding() -> None:
    with pytest.raises(CardRemoved):
        examine(Scripted(""))


def test_text_of_a_card_cannot_control_the_terminal() -> None:
    assert "\x1b" not in describe([Finding("serial", "\x1b[2Jgone\n")])
