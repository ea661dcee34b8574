# SPDX-License-Identifier: Apache-2.0
"""The behaviour that all reader drivers share: the simulated one, and PC/SC on a real pcscd.

The tests run over cards of every family that has the operation.
"""

from __future__ import annotations

import pytest

from kiosk.card import public_keys
from kiosk.card.session import Ability, CardIncapable
from kiosk.card.unlock_work import Candidate, CardStep, Unlocked
from kiosk.devices.reader import Sight
from kiosk.errors import CardRemoved, CardUnknown, KioskError, WrongCard, WrongSecret
from kiosk.simulated.issuing import SimulatedIssuer
from kiosk.simulated.piv_card import PivMemory
from kiosk.simulated.virtual_card import Blank
from kiosk.values import Counters, Family, Secret
from tests.devices.bench import Bench
from tests.devices.cards import ABILITIES, NEW, NEXT, Issued, issue, plan_for

OPENED = [("unblock", None), ("unblock", 0x9000), ("verify", 0x9000)]
RENEWED = [("change", None), ("change", 0x9000), ("attest", 0x9000)]


@pytest.fixture(params=[Family.PIV, Family.ISO7816])
def with_key(request: pytest.FixtureRequest, printed: dict[Family, Issued]) -> Issued:
    """Return a locked card of each family whose unblocking key comes to the kiosk."""
    return printed[request.param].locked()


def piv_certificates(piv: Issued) -> list[bytes]:
    """Return the certificates of 9A and 9E."""
    assert isinstance(piv.memory, PivMemory)
    return [piv.memory.certificates[slot] for slot in (0x9A, 0x9E)]


def test_insertion_reading_and_removal_are_noticed(bench: Bench, issued: Issued) -> None:
    bench.insert(issued.card)
    report = bench.reader.inspect()
    assert (report.identity.family, report.identity.serial) == (issued.family, issued.serial)
    assert report.counters == Counters(0, None)
    bench.remove()
    bench.see(Sight.REMOVED)
    with pytest.raises(CardRemoved):
        bench.reader.inspect()


def test_certificates_arrive_whole(bench: Bench, piv: Issued) -> None:
    bench.insert(piv.card)
    found = bench.reader.inspect().certificates
    assert [found.authentication, found.card_authentication] == piv_certificates(piv)


def test_an_examination_spends_no_try(bench: Bench, issued: Issued) -> None:
    bench.insert(issued.card)
    tries = issued.key_tries
    found = {finding.what: finding.found for finding in bench.reader.examine()}
    assert issued.serial in " ".join(found.values())
    assert found["tries left, passcode"] == "0"
    assert (issued.memory.passcode_left, issued.key_tries) == (0, tries)


def test_a_report_has_the_cards_capabilities(bench: Bench, issued: Issued) -> None:
    bench.insert(issued.card)
    assert bench.reader.inspect().abilities == ABILITIES[issued.family]


def test_a_card_proves_its_identity(bench: Bench, piv: Issued) -> None:
    bench.insert(piv.card)
    report = bench.reader.inspect()
    certificate = report.certificates.card_authentication
    assert certificate is not None
    signature = bench.reader.prove(report.identity, certificate, b"d" * 32)
    assert public_keys.verifies(
        public_keys.from_certificate(certificate, "9E"), signature, b"d" * 32
    )


@pytest.mark.parametrize("family", [Family.GIDS, Family.ISO7816])
def test_a_card_without_a_signing_key_is_an_error(
    bench: Bench, printed: dict[Family, Issued], family: Family
) -> None:
    certificate = piv_certificates(printed[Family.PIV])[1]
    bench.insert(printed[family].card)
    report = bench.reader.inspect()
    with pytest.raises(CardIncapable) as caught:
        bench.reader.prove(report.identity, certificate, b"d" * 32)
    assert caught.value.ability == Ability.PROVE
    assert bench.reader.inspect() == report


def test_an_unlock_reports_every_step_and_resets_the_card(bench: Bench, with_key: Issued) -> None:
    bench.insert(with_key.card)
    report = bench.reader.inspect()
    renewable = Ability.RENEW_KEY in report.abilities
    steps: list[CardStep] = []
    result = bench.reader.unlock(plan_for(with_key, report), steps.append)
    assert result == Unlocked(1 if renewable else 0)
    outcomes = [(step.command, step.status) for step in steps]
    assert outcomes == OPENED + (RENEWED if renewable else [])
    assert (with_key.key == NEXT) is renewable
    assert with_key.memory.passcode.startswith(NEW)
    # If the card were still verified, it would hide its counter.
    assert bench.reader.inspect().counters == Counters(3, None)


def test_errors_arrive_with_their_data(bench: Bench, with_key: Issued) -> None:
    bench.insert(with_key.card)
    report = bench.reader.inspect()
    left = (with_key.key_tries or 0) - 1
    wrong = Candidate(0, Secret(with_key.key[::-1]))
    with pytest.raises(WrongSecret) as caught:
        bench.reader.unlock(plan_for(with_key, report, current=wrong), lambda _: None)
    assert (caught.value.which, caught.value.tries_left, caught.value.status) == (
        "unblocking key",
        left,
        0x63C0 | left,
    )


def test_a_step_that_cannot_be_recorded_stops_the_card(bench: Bench, with_key: Issued) -> None:
    class DiskFull(KioskError):
        pass

    def refuse(_: CardStep) -> None:
        raise DiskFull

    bench.insert(with_key.card)
    report = bench.reader.inspect()
    with pytest.raises(DiskFull):
        bench.reader.unlock(plan_for(with_key, report), refuse)
    assert with_key.memory.passcode_left == 0
    assert bench.reader.inspect().counters == Counters(0, None)


def test_another_card_in_its_place_is_rejected(bench: Bench, with_key: Issued) -> None:
    bench.insert(with_key.card)
    report = bench.reader.inspect()
    bench.remove()
    other = issue(SimulatedIssuer.make(), with_key.family)
    tries = other.key_tries
    bench.see(Sight.REMOVED)
    bench.insert(other.card)
    with pytest.raises(WrongCard):
        bench.reader.unlock(plan_for(with_key, report), lambda _: None)
    assert other.key_tries == tries


def test_a_foreign_card_is_unknown(bench: Bench) -> None:
    bench.insert(Blank())
    with pytest.raises(CardUnknown):
        bench.reader.inspect()
