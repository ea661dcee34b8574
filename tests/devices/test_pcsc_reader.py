"""What only real processes and a real pcscd can show: hanging, dying, coming back."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest

from kiosk.devices.reader import ReaderNotice, Sight
from kiosk.devices.reader import process as reader_process
from kiosk.errors import CardMute, CardRemoved, ReaderUnavailable
from kiosk.simulated.issuing import SimulatedIssuer
from kiosk.simulated.pcscd import PrivatePcscd
from kiosk.simulated.piv import PivMemory, SimulatedPivCard
from kiosk.values import ReaderTrouble
from tests.devices.bench import PcscBench


@pytest.fixture
def bench(pcscd: PrivatePcscd) -> Iterator[PcscBench]:
    made = PcscBench(pcscd)
    yield made
    made.close()


@pytest.fixture(scope="module")
def memory() -> PivMemory:
    return SimulatedIssuer.make().issue_piv("A Nurse")


class Mute(SimulatedPivCard):
    """A card that stops answering until it is let go."""

    def __init__(self, memory: PivMemory) -> None:
        super().__init__(memory)
        self.let_go = threading.Event()

    def exchange(self, command: bytes) -> bytes:
        self.let_go.wait(60)
        return super().exchange(command)


def workers() -> set[int]:
    """The card workers among this process's children."""
    listed = subprocess.run(
        ["pgrep", "-P", str(os.getpid()), "-f", "kiosk.devices.reader.worker"],
        capture_output=True,
        text=True,
        check=False,
    )
    return {int(line) for line in listed.stdout.split()}


def test_a_mute_card_costs_a_deadline_and_the_next_one_works(
    bench: PcscBench, memory: PivMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(reader_process.SECONDS, "inspect", 1.0)
    mute = Mute(memory)
    bench.insert(mute)
    with pytest.raises(CardMute) as caught:
        bench.reader.inspect()
    assert caught.value.operation == "inspect"
    assert workers() == set()
    mute.let_go.set()
    bench.remove()
    bench.see(Sight.REMOVED)
    monkeypatch.setitem(reader_process.SECONDS, "inspect", 8.0)
    bench.insert(SimulatedPivCard(memory))
    assert bench.reader.inspect().identity.serial == memory.guid.hex().upper()


def test_a_worker_that_is_killed_is_replaced(bench: PcscBench, memory: PivMemory) -> None:
    mute = Mute(memory)
    mute.let_go.set()
    bench.insert(mute)
    bench.reader.inspect()
    mute.let_go.clear()
    (worker,) = workers()
    killer = threading.Timer(0.3, os.kill, (worker, signal.SIGKILL))
    killer.start()
    with pytest.raises(CardMute):
        bench.reader.inspect()
    mute.let_go.set()
    time.sleep(0.1)  # the abandoned command comes to its end at the card
    bench.remove()
    bench.see(Sight.REMOVED)
    bench.insert(SimulatedPivCard(memory))
    bench.reader.inspect()
    assert workers() != {worker}


def test_pcscd_stopped_and_started(
    bench: PcscBench, pcscd: PrivatePcscd, memory: PivMemory
) -> None:
    bench.insert(SimulatedPivCard(memory))
    bench.reader.inspect()
    pcscd.stop()
    bench.remove()  # it left with the service
    bench.see(Sight.REMOVED)
    assert bench.see(Sight.FAILED).trouble is ReaderTrouble.NO_SERVICE
    with pytest.raises((ReaderUnavailable, CardRemoved)):
        bench.reader.inspect()
    pcscd.start()
    bench.see(Sight.READY)
    bench.insert(SimulatedPivCard(memory))
    bench.reader.inspect()


def test_the_virtual_reader_says_that_it_is_simulated(pcscd: PrivatePcscd) -> None:
    reader = reader_process.PcscReader()
    seen = threading.Event()
    simulated: list[bool] = []

    def notice(notice: ReaderNotice) -> None:
        if notice.sight is Sight.READY:
            simulated.append(notice.simulated)
            seen.set()

    reader.watch(notice)
    try:
        assert seen.wait(20)
    finally:
        reader.close()
    assert simulated == [True]


def test_a_watcher_that_is_killed_is_replaced(bench: PcscBench, memory: PivMemory) -> None:
    bench.insert(SimulatedPivCard(memory))
    assert bench.reader.watcher_pid is not None
    os.kill(bench.reader.watcher_pid, signal.SIGKILL)
    bench.see(Sight.REMOVED)
    bench.see(Sight.READY)
    bench.see(Sight.INSERTED)
    bench.reader.inspect()


def test_a_card_service_that_hangs_is_noticed(
    pcscd: PrivatePcscd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_process, "WATCHER_SILENT_SECONDS", 6.5)
    bench = PcscBench(pcscd)
    try:
        os.kill(pcscd.pid, signal.SIGSTOP)
        assert bench.see(Sight.FAILED).trouble is ReaderTrouble.NO_SERVICE
        os.kill(pcscd.pid, signal.SIGCONT)
        bench.see(Sight.READY)
    finally:
        os.kill(pcscd.pid, signal.SIGCONT)
        bench.close()


@pytest.mark.parametrize("atr", ["3B80820282", "3B9F", "3B808E0E80"])
def test_an_odd_card_is_the_cards_trouble_and_not_the_readers(
    bench: PcscBench, memory: PivMemory, atr: str
) -> None:
    class Odd(SimulatedPivCard):
        @property
        def atr(self) -> bytes:
            return bytes.fromhex(atr)

    bench.insert(Odd(memory))
    with pytest.raises((CardMute, CardRemoved)):
        bench.reader.inspect()


def test_a_worker_that_died_idle_costs_the_next_person_nothing(
    bench: PcscBench, memory: PivMemory
) -> None:
    bench.insert(SimulatedPivCard(memory))
    bench.reader.inspect()
    (worker,) = workers()
    os.kill(worker, signal.SIGKILL)
    time.sleep(0.1)
    bench.reader.inspect()


def test_a_card_pulled_in_the_middle_is_removed_and_not_resent(
    bench: PcscBench, memory: PivMemory
) -> None:
    class Pulled(SimulatedPivCard):
        count = 0

        def exchange(self, command: bytes) -> bytes:
            self.count += 1
            if self.count == 3 and bench.slot is not None:
                bench.remove()
            return super().exchange(command)

    card = Pulled(memory)
    bench.insert(card)
    with pytest.raises(CardRemoved):
        bench.reader.inspect()
    assert card.count == 3
    bench.see(Sight.REMOVED)
