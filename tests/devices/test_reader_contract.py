"""What every reader driver does alike: the simulated one, and the real one on a real pcscd."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives import serialization

from kiosk.card import keys
from kiosk.card.session import Ability, CardReport
from kiosk.card.unlock import Candidate, CardStep, Unlocked, UnlockPlan
from kiosk.devices.reader import Sight
from kiosk.errors import CardRemoved, CardUnknown, KioskError, WrongCard, WrongSecret
from kiosk.simulated.card import Blank
from kiosk.simulated.issuing import SimulatedIssuer
from kiosk.simulated.piv import PivMemory, SimulatedPivCard
from kiosk.values import Counters, Secret
from tests.devices.bench import Bench, InProcessBench, PcscBench

KEY, NEXT, NEW = b"current1", b"nextnext", b"135790"


@pytest.fixture(params=["simulated", "pcsc"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    made: Bench = (
        InProcessBench()
        if request.param == "simulated"
        else PcscBench(request.getfixturevalue("pcscd"))
    )
    yield made
    made.close()


@pytest.fixture(scope="module")
def issuer() -> SimulatedIssuer:
    return SimulatedIssuer.make()


@pytest.fixture
def memory(issuer: SimulatedIssuer) -> PivMemory:
    memory = issuer.issue_piv("A Nurse", unblocking_key=KEY)
    memory.passcode_left = 0
    return memory


def plan_for(report: CardReport, **changes: object) -> UnlockPlan:
    def spki(certificate: bytes | None) -> bytes:
        assert certificate is not None
        return keys.from_certificate(certificate, "x").public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    fields: dict[str, object] = {
        "identity": report.identity,
        "current": Candidate(0, Secret(KEY)),
        "next": Candidate(1, Secret(NEXT)),
        "first": 0,
        "second_allowed": False,
        "second_needs_tries_left": 2,
        "renew": True,
        "passcode": Secret(NEW),
        "proof": b"p" * 32,
        "card_key": spki(report.certificates.card_authentication),
        "holder_key": spki(report.certificates.authentication),
        "attestations": {0: b"0" * 32, 1: b"1" * 32},
    }
    return UnlockPlan(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_card_is_noticed_read_and_missed(bench: Bench, memory: PivMemory) -> None:
    bench.insert(SimulatedPivCard(memory))
    report = bench.reader.inspect()
    assert report.identity.serial == memory.guid.hex().upper()
    assert report.counters == Counters(0, None)
    assert report.certificates.authentication == memory.certificates[0x9A]
    bench.remove()
    bench.see(Sight.REMOVED)
    with pytest.raises(CardRemoved):
        bench.reader.inspect()


def test_a_card_is_examined_and_loses_nothing(bench: Bench, memory: PivMemory) -> None:
    bench.insert(SimulatedPivCard(memory))
    found = {finding.what: finding.found for finding in bench.reader.examine()}
    assert memory.guid.hex().upper() in " ".join(found.values())
    assert (memory.passcode_left, memory.unblocking_left) == (0, 3)


def test_what_a_card_can_do_arrives_with_its_report(bench: Bench, memory: PivMemory) -> None:
    bench.insert(SimulatedPivCard(memory))
    assert bench.reader.inspect().abilities == frozenset(Ability)


def test_a_card_proves_itself(bench: Bench, memory: PivMemory) -> None:
    bench.insert(SimulatedPivCard(memory))
    report = bench.reader.inspect()
    certificate = report.certificates.card_authentication
    assert certificate is not None
    signature = bench.reader.prove(report.identity, certificate, b"d" * 32)
    assert keys.verifies(keys.from_certificate(certificate, "9E"), signature, b"d" * 32)


def test_an_unlock_tells_every_step_and_leaves_the_card_reset(
    bench: Bench, memory: PivMemory
) -> None:
    bench.insert(SimulatedPivCard(memory))
    steps: list[CardStep] = []
    result = bench.reader.unlock(plan_for(bench.reader.inspect()), steps.append)
    assert result == Unlocked(1)
    assert [(step.command, step.status) for step in steps] == [
        ("unblock", None),
        ("unblock", 0x9000),
        ("verify", 0x9000),
        ("change", None),
        ("change", 0x9000),
        ("attest", 0x9000),
    ]
    assert memory.unblocking_key == NEXT
    # Were the card still verified, it would hide its counter.
    assert bench.reader.inspect().counters == Counters(3, None)


def test_errors_arrive_with_their_data(bench: Bench, memory: PivMemory) -> None:
    bench.insert(SimulatedPivCard(memory))
    report = bench.reader.inspect()
    with pytest.raises(WrongSecret) as caught:
        bench.reader.unlock(
            plan_for(report, current=Candidate(0, Secret(b"no-match"))), lambda _: None
        )
    assert (caught.value.which, caught.value.tries_left, caught.value.status) == (
        "unblocking key",
        2,
        0x63C2,
    )


def test_a_step_that_cannot_be_recorded_stops_the_card(bench: Bench, memory: PivMemory) -> None:
    class DiskFull(KioskError):
        pass

    def refuse(_: CardStep) -> None:
        raise DiskFull

    bench.insert(SimulatedPivCard(memory))
    report = bench.reader.inspect()
    with pytest.raises(DiskFull):
        bench.reader.unlock(plan_for(report), refuse)
    assert memory.passcode_left == 0
    assert bench.reader.inspect().counters == Counters(0, None)


def test_another_card_in_its_place_is_refused(
    bench: Bench, memory: PivMemory, issuer: SimulatedIssuer
) -> None:
    bench.insert(SimulatedPivCard(memory))
    report = bench.reader.inspect()
    bench.remove()
    other = issuer.issue_piv("Somebody else")
    bench.see(Sight.REMOVED)
    bench.insert(SimulatedPivCard(other))
    with pytest.raises(WrongCard):
        bench.reader.unlock(plan_for(report), lambda _: None)
    assert other.unblocking_left == 3


def test_a_foreign_card_is_unknown(bench: Bench) -> None:
    bench.insert(Blank())
    with pytest.raises(CardUnknown):
        bench.reader.inspect()
