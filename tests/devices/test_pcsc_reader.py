# SPDX-License-Identifier: Apache-2.0
"""The PC/SC reader with real processes and a real pcscd: hangs, deaths and recoveries."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from kiosk.devices.reader import ReaderNotice, Sight
from kiosk.devices.reader import process as reader_process
from kiosk.errors import CardMute, CardRemoved, ReaderUnavailable
from kiosk.simulated.faults import Fault, FaultyCard, Mishap
from kiosk.simulated.pcscd import PrivatePcscd
from kiosk.simulated.piv_card import PivMemory, SimulatedPivCard
from kiosk.simulated.virtual_card import SimulatedCard
from kiosk.values import ReaderTrouble
from tests.devices.bench import PcscBench, workers
from tests.devices.cards import UNBLOCK, Issued, plan_for
from tests.devices.doorman import Doorman
from tests.devices.rival import Hold, rival
from tests.patience import PATIENCE, wait_until
from tests.processes import is_alive

pytestmark = pytest.mark.dealt


@pytest.fixture
def bench(pcscd: PrivatePcscd) -> Iterator[PcscBench]:
    made = PcscBench(pcscd)
    yield made
    made.close()


def test_a_missed_deadline_kills_the_worker_with_its_memory(
    bench: PcscBench, piv: Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = FaultyCard(piv.card, Fault(Mishap.MUTE, instruction=UNBLOCK))
    bench.insert(card)
    plan = plan_for(piv, bench.reader.inspect())
    (worker,) = workers()
    monkeypatch.setitem(reader_process.SECONDS, "unlock", 1.0)
    with pytest.raises(CardMute) as caught:
        bench.reader.unlock(plan, lambda _: None)
    assert (caught.value.operation, caught.value.seconds) == ("unlock", 1.0)
    assert workers() == set()
    assert not Path(f"/proc/{worker}").exists()  # nor a zombie: its memory is gone


class ByteByByte:
    """A card of the protocol T=0 alone: no Le may follow data, and answers come in two halves."""

    atr = bytes.fromhex("3B6000FF")

    def __init__(self, card: SimulatedCard) -> None:
        self._card = card
        self.commands: list[bytes] = []
        self._waiting = b""

    def reset(self) -> None:
        self._card.reset()

    def exchange(self, command: bytes) -> bytes:
        self.commands.append(command)
        if command[1] == 0xC0:  # GET RESPONSE
            asked = command[4] or 256
            if asked > len(self._waiting):
                return bytes((0x6C, len(self._waiting)))
            piece, self._waiting = self._waiting[:asked], self._waiting[asked:]
            left = min(len(self._waiting), 0xFF)
            return piece + (bytes((0x61, left)) if left else b"\x90\x00")
        reply = self._card.exchange(command)
        while reply[-2] == 0x61:
            reply = reply[:-2] + self._card.exchange(bytes((0, 0xC0, 0, 0, reply[-1])))
        if len(reply) == 2 or len(command) <= 5:
            return reply
        self._waiting = reply[:-2]
        return bytes((0x61, min(len(self._waiting), 0xFF)))


def test_a_card_of_the_protocol_t0_is_read(bench: PcscBench, piv: Issued) -> None:
    card = ByteByByte(piv.card)
    bench.insert(card)
    report = bench.reader.inspect()
    assert report.identity.serial == piv.serial
    assert report.certificates.authentication is not None
    assert bench.reader.unlock(plan_for(piv, report), lambda _: None).generation == 1
    for command in card.commands:
        data = command[4] if len(command) > 5 else 0
        assert len(command) == (5 + data if data else len(command))


def answers(bench: PcscBench, seconds: float) -> bool:
    """Return whether the reader answers within that many seconds."""
    heard = threading.Event()
    bench.reader.answer(heard.set)
    return heard.wait(seconds)


def test_the_reader_answers_while_idle_and_while_working(
    bench: PcscBench, piv: Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(reader_process.SECONDS, "answer", PATIENCE)
    assert answers(bench, PATIENCE)  # without a card, and before any work
    monkeypatch.setitem(reader_process.SECONDS, "inspect", 2.0)
    bench.insert(FaultyCard(piv.card, Fault(Mishap.MUTE)))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(bench.reader.inspect)
        wait_until(lambda: bench.reader._busy_since is not None, "an operation is under way")
        assert answers(bench, 0)  # its operation has its own deadline
        with pytest.raises(CardMute):
            asked.result()
    assert answers(bench, PATIENCE)


def test_a_frozen_worker_is_replaced(bench: PcscBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(reader_process.SECONDS, "answer", PATIENCE)
    assert answers(bench, PATIENCE)
    (worker,) = workers()
    os.kill(worker, signal.SIGSTOP)
    monkeypatch.setitem(reader_process.SECONDS, "answer", 0.5)
    assert not answers(bench, 1.5)
    monkeypatch.undo()
    monkeypatch.setitem(reader_process.SECONDS, "answer", PATIENCE)
    assert answers(bench, PATIENCE)
    assert workers() != {worker}


def test_concurrent_operations_run_one_after_another(bench: PcscBench, piv: Issued) -> None:
    bench.insert(FaultyCard(piv.card, Fault(Mishap.SLOW, at=2, seconds=0.5)))
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(bench.reader.inspect) for _ in range(4)]
        serials = {each.result().identity.serial for each in asked}
    assert serials == {piv.serial}
    assert len(workers()) == 1  # although the threads that asked have ended


def test_a_worker_killed_at_work_is_replaced(
    bench: PcscBench, piv: Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than a test may take: the death is noticed, and not a deadline.
    monkeypatch.setitem(reader_process.SECONDS, "inspect", 600.0)
    card = FaultyCard(piv.card, Fault(Mishap.MUTE))
    bench.insert(card)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(bench.reader.inspect)
        wait_until(card.sent, "the card hears the first command")
        (worker,) = workers()
        os.kill(worker, signal.SIGKILL)
        with pytest.raises(CardMute):
            asked.result()
    bench.remove()
    bench.see(Sight.REMOVED)
    bench.insert(card)
    bench.reader.inspect()
    assert workers() != {worker}


@pytest.mark.parametrize("hold", [Hold.TRANSACTION, Hold.EXCLUSIVE])
def test_a_program_that_holds_the_card_is_reported(
    bench: PcscBench, piv: Issued, hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(reader_process.SECONDS, "inspect", 3.0)
    card = FaultyCard(piv.card)
    bench.insert(card)
    with rival(hold):
        with pytest.raises(ReaderUnavailable) as caught:
            bench.reader.inspect()
        assert caught.value.trouble is ReaderTrouble.HELD
        assert card.sent() == 0
    monkeypatch.setitem(reader_process.SECONDS, "inspect", 8.0)
    assert bench.reader.inspect().identity.serial == piv.serial


def test_a_program_that_shares_the_card_does_no_harm(bench: PcscBench, piv: Issued) -> None:
    bench.insert(piv.card)
    with rival(Hold.LOOKING_ON):
        assert bench.reader.inspect().identity.serial == piv.serial


def test_the_reader_is_noticed_after_it_is_plugged_in_again(
    bench: PcscBench, pcscd: PrivatePcscd, piv: Issued
) -> None:
    """Another pcscd runs without a reader, then one with a reader: see `PrivatePcscd.unplug`."""
    bench.insert(piv.card)
    bench.reader.inspect()
    pcscd.unplug()
    bench.remove()  # it left with the reader
    while bench.see(Sight.FAILED).trouble is not ReaderTrouble.NO_READER:
        pass
    with pytest.raises(ReaderUnavailable) as caught:
        bench.reader.inspect()
    assert caught.value.trouble is ReaderTrouble.NO_READER
    pcscd.plug()
    bench.see(Sight.READY)
    bench.insert(piv.card)
    assert bench.reader.inspect().identity.serial == piv.serial


def test_the_reader_recovers_after_a_restart_of_pcscd(
    bench: PcscBench, pcscd: PrivatePcscd, piv: Issued
) -> None:
    bench.insert(piv.card)
    bench.reader.inspect()
    pcscd.stop()
    bench.remove()  # it left with the service
    assert bench.see(Sight.FAILED).trouble is ReaderTrouble.NO_SERVICE
    with pytest.raises(ReaderUnavailable) as caught:
        bench.reader.inspect()
    assert caught.value.trouble is ReaderTrouble.NO_SERVICE
    pcscd.start()
    bench.see(Sight.READY)
    bench.insert(piv.card)
    bench.reader.inspect()


@pytest.fixture
def stands(
    pcscd: PrivatePcscd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[int], Doorman]]:
    """Return a function that starts a doorman who rejects that many connections."""
    with ExitStack() as standing:

        def stand(turns_away: int) -> Doorman:
            doorman = Doorman(tmp_path / "pcscd", pcscd.socket_path, turns_away)
            standing.callback(doorman.close)
            monkeypatch.setenv("PCSCLITE_CSOCK_NAME", str(tmp_path / "pcscd"))
            return doorman

        yield stand


@pytest.mark.parametrize("often", [1, 3])
def test_a_rejected_connection_is_retried(
    bench: PcscBench, piv: Issued, stands: Callable[[int], Doorman], often: int
) -> None:
    """No command has been sent to the card by then."""
    bench.insert(piv.card)
    doorman, reader = stands(often), reader_process.PcscReader()
    with closing(reader):
        assert reader.inspect().identity.serial == piv.serial
        assert doorman.turned_away == often


def test_repeated_rejections_are_an_error(
    bench: PcscBench, piv: Issued, stands: Callable[[int], Doorman]
) -> None:
    bench.insert(piv.card)
    doorman, reader = stands(1000), reader_process.PcscReader()
    with closing(reader):
        with pytest.raises(ReaderUnavailable) as caught:
            reader.inspect()
        # The error depends on whether the worker still had something to send when the door was
        # shut.
        assert caught.value.trouble in {ReaderTrouble.NO_ACCESS, ReaderTrouble.NO_SERVICE}
        assert doorman.turned_away > 1


def test_a_death_of_pcscd_at_work_is_an_error(
    bench: PcscBench, pcscd: PrivatePcscd, piv: Issued
) -> None:
    card = FaultyCard(piv.card, Fault(Mishap.MUTE, instruction=UNBLOCK, acted=True))
    bench.insert(card)
    plan = plan_for(piv, bench.reader.inspect())
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(bench.reader.unlock, plan, lambda _: None)
        wait_until(lambda: card.sent(UNBLOCK), "the card hears the unblock")
        os.kill(pcscd.pid, signal.SIGKILL)
        with pytest.raises(ReaderUnavailable) as caught:
            work.result()
    assert caught.value.trouble is ReaderTrouble.NO_SERVICE
    assert card.sent(UNBLOCK) == 1
    bench.remove()
    bench.see(Sight.FAILED)
    pcscd.stop()  # the rest of it
    pcscd.start()
    bench.see(Sight.READY)
    bench.insert(card)
    assert bench.reader.inspect().counters.passcode == 3


def test_the_virtual_reader_is_reported_as_simulated(pcscd: PrivatePcscd) -> None:
    reader = reader_process.PcscReader()
    seen = threading.Event()
    simulated: list[bool] = []

    def notice(notice: ReaderNotice) -> None:
        if notice.sight is Sight.READY:
            simulated.append(notice.simulated)
            seen.set()

    reader.watch(notice)
    try:
        assert seen.wait(PATIENCE)
    finally:
        reader.close()
    assert simulated == [True]


def test_a_killed_watcher_is_replaced(bench: PcscBench, piv: Issued) -> None:
    bench.insert(piv.card)
    assert bench.reader.watcher_pid is not None
    os.kill(bench.reader.watcher_pid, signal.SIGKILL)
    bench.see(Sight.FAILED)
    bench.see(Sight.READY)
    bench.see(Sight.INSERTED)
    bench.reader.inspect()


def test_a_hanging_card_service_is_noticed(
    pcscd: PrivatePcscd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_process, "WATCHER_SILENT_SECONDS", 6.5)
    bench = PcscBench(pcscd)
    try:
        os.kill(pcscd.pid, signal.SIGSTOP)
        assert bench.see(Sight.FAILED).trouble is ReaderTrouble.NO_SERVICE
        assert bench.stuck == 1
        os.kill(pcscd.pid, signal.SIGCONT)
        bench.see(Sight.READY)
    finally:
        os.kill(pcscd.pid, signal.SIGCONT)
        bench.close()


def test_a_restart_is_requested_if_the_reader_stays_mute(
    bench: PcscBench, piv: Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(reader_process.SECONDS, "inspect", 0.7)
    bench.insert(FaultyCard(piv.card, Fault(Mishap.MUTE, at=3)))
    for hangs in (0, 1, 1):  # once for two in a row
        with pytest.raises((CardMute, ReaderUnavailable)):
            bench.reader.inspect()
        assert bench.stuck == hangs


@pytest.mark.parametrize("atr", ["3B80820282", "3B9F", "3B808E0E80"])
def test_an_odd_card_does_not_fail_the_reader(bench: PcscBench, piv: Issued, atr: str) -> None:
    class Odd(SimulatedPivCard):
        @property
        def atr(self) -> bytes:
            return bytes.fromhex(atr)

    assert isinstance(piv.memory, PivMemory)
    bench.insert(Odd(piv.memory))
    with pytest.raises((CardMute, CardRemoved)):
        bench.reader.inspect()


def test_a_worker_that_died_idle_is_replaced_before_the_next_user(
    bench: PcscBench, piv: Issued
) -> None:
    bench.insert(piv.card)
    bench.reader.inspect()
    (worker,) = workers()
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: not is_alive(worker), "the worker has died")
    bench.reader.inspect()
