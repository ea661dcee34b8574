# SPDX-License-Identifier: Apache-2.0
"""Card faults during an operation, on each driver: a defined error, and the next one works."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest

from kiosk.card.session import CardReport
from kiosk.card.unlock_work import CardStep
from kiosk.devices.reader import Sight
from kiosk.devices.reader import process as reader_process
from kiosk.errors import (
    CardError,
    CardMalformed,
    CardMute,
    CardRemoved,
    ReaderUnavailable,
    WrongCard,
)
from kiosk.simulated.faults import Fault, FaultyCard, Mishap
from kiosk.simulated.issuing import SimulatedIssuer
from kiosk.simulated.piv_card import PivMemory
from tests.devices.bench import Bench
from tests.devices.cards import CHANGE, UNBLOCK, Issued, plan_for
from tests.patience import PATIENCE, wait_until

pytestmark = pytest.mark.dealt

MOMENTS = [False, True]  # before the card acted, and after


_MUTE_SECONDS = 2.0  # how long a worker that already runs waits for a mute card here


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set deadlines that a busy machine does not breach."""
    for operation in ("answer", "inspect", "unlock"):
        monkeypatch.setitem(reader_process.SECONDS, operation, PATIENCE)


@contextmanager
def impatient(bench: Bench) -> Iterator[None]:
    """Shorten the deadline once the worker runs.

    On a busy machine, the start of a worker alone would breach a short deadline, and the reader
    would be reported as held by another program.
    """
    heard = threading.Event()
    bench.reader.answer(heard.set)
    assert heard.wait(PATIENCE)
    with pytest.MonkeyPatch.context() as patch:
        for operation in ("inspect", "unlock"):
            patch.setitem(reader_process.SECONDS, operation, _MUTE_SECONDS)
        yield


def insert_again(bench: Bench, card: FaultyCard) -> None:
    bench.remove()
    bench.see(Sight.REMOVED)
    bench.insert(card)


def read_again(bench: Bench, card: FaultyCard, mishap: Mishap) -> CardReport:
    """Read the card again.

    An empty reply is a hang-up to the virtual reader, and pcscd may notice that later than the
    kiosk: so the card is removed and inserted, and given a moment.
    """
    if mishap is not Mishap.EMPTY_REPLY:
        return bench.reader.inspect()
    return take_out_and_read(bench, card)


def take_out_and_read(bench: Bench, card: FaultyCard) -> CardReport:
    """Return the report on a card that was back so soon that pcscd may have missed its removal."""
    bench.remove()
    time.sleep(1)  # two polls of pcscd
    bench.insert(card)
    return read_once_there(bench)


def read_once_there(bench: Bench) -> CardReport:
    """Return the report on a card that pcscd may be about to notice."""

    def read() -> CardReport | None:
        try:
            return bench.reader.inspect()
        except CardRemoved:
            return None

    report = wait_until(read, "pcscd notices the card")
    assert report is not None
    return report


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(Mishap.EMPTY_REPLY, at=3), CardRemoved),
        (Fault(Mishap.ONE_BYTE_REPLY, at=3), CardRemoved),
        (Fault(Mishap.LONG_REPLY, at=3), CardMalformed),
        (Fault(Mishap.LONG_REPLY, at=2), CardMalformed),  # if no data were requested
    ],
    ids=["empty", "one byte", "longer than asked", "data that were not asked for"],
)
def test_an_invalid_answer_ends_only_the_operation(
    bench: Bench, piv: Issued, fault: Fault, error: type[CardError]
) -> None:
    card = FaultyCard(piv.card, fault)
    bench.insert(card)
    with pytest.raises(error):
        bench.reader.inspect()
    assert card.sent() == fault.at  # not one more
    assert read_again(bench, card, fault.mishap).identity.serial == piv.serial


def test_the_reader_waits_for_a_slow_card(bench: Bench, piv: Issued) -> None:
    bench.insert(FaultyCard(piv.card, Fault(Mishap.SLOW, at=3, seconds=0.5)))
    assert bench.reader.inspect().identity.serial == piv.serial


@pytest.mark.parametrize("acted", MOMENTS)
def test_a_pulled_card_is_reported_as_removed(bench: Bench, piv: Issued, acted: bool) -> None:
    card = FaultyCard(piv.card, Fault(Mishap.PULLED, at=3, acted=acted))
    bench.insert(card)
    with pytest.raises(CardRemoved):
        bench.reader.inspect()
    assert card.sent() == 3
    bench.see(Sight.REMOVED)
    with pytest.raises(CardRemoved):
        bench.reader.inspect()
    bench.insert(card)
    assert bench.reader.inspect().identity.serial == piv.serial


def test_a_mute_card_costs_one_deadline_and_the_reader_recovers(bench: Bench, piv: Issued) -> None:
    card = FaultyCard(piv.card, Fault(Mishap.MUTE, at=3))
    bench.insert(card)
    with impatient(bench), pytest.raises(CardMute):
        bench.reader.inspect()
    # Until the card is removed, a card service may hang with it.
    with impatient(bench), pytest.raises((CardMute, ReaderUnavailable)):
        bench.reader.inspect()
    assert card.sent() == 3
    insert_again(bench, card)
    assert bench.reader.inspect().identity.serial == piv.serial


@pytest.mark.parametrize("acted", MOMENTS)
@pytest.mark.parametrize(
    ("mishap", "error"),
    [
        (Mishap.PULLED, CardRemoved),
        (Mishap.EMPTY_REPLY, CardRemoved),
        (Mishap.ONE_BYTE_REPLY, CardRemoved),
        (Mishap.MUTE, CardMute),
    ],
)
def test_an_unblock_without_outcome_is_not_sent_again(
    bench: Bench, piv: Issued, mishap: Mishap, error: type[CardError], acted: bool
) -> None:
    card = FaultyCard(piv.card, Fault(mishap, instruction=UNBLOCK, acted=acted))
    bench.insert(card)
    steps: list[CardStep] = []
    plan = plan_for(piv, bench.reader.inspect())
    deadline = impatient(bench) if mishap is Mishap.MUTE else nullcontext()
    with deadline, pytest.raises(error):
        bench.reader.unlock(plan, steps.append)
    assert steps == [CardStep("unblock", 0, None)]
    assert (card.sent(UNBLOCK), card.sent(CHANGE)) == (1, 0)
    if mishap is Mishap.PULLED:
        bench.see(Sight.REMOVED)
        bench.insert(card)
    elif mishap is Mishap.MUTE:
        insert_again(bench, card)
    # The card's state is examined, and the same work done again.
    report = read_again(bench, card, mishap)
    assert report.counters.passcode == (3 if acted else 0)
    assert bench.reader.unlock(plan_for(piv, report), steps.append).generation == 1
    assert piv.key_tries == 3


def test_a_card_swapped_in_the_middle_gets_nothing_meant_for_the_first(
    bench: Bench, piv: Issued
) -> None:
    """With the same key, the other card would accept an unblock sent through the old handle.

    pcscd notices so fast a swap late or not at all: the test waits for no notice. If the slot was
    empty just when the first card was released, pcscd takes it for empty until the other card has
    been removed (its poll every 0.4 s then sees a card as before, and changes nothing).
    """
    memory = SimulatedIssuer.make().issue_piv("Somebody else", unblocking_key=piv.key)
    other = Issued(piv.family, memory).locked()
    second = FaultyCard(other.card)
    bench.insert(FaultyCard(piv.card, Fault(Mishap.PULLED, instruction=UNBLOCK, other=second)))
    plan = plan_for(piv, bench.reader.inspect())
    with pytest.raises(CardRemoved):
        bench.reader.unlock(plan, lambda _: None)
    assert second.sent() == 0
    again = plan_for(piv, take_out_and_read(bench, second), identity=plan.identity)
    with pytest.raises(WrongCard) as caught:
        bench.reader.unlock(again, print)
    assert (caught.value.expected, caught.value.found) == (piv.serial, other.serial)
    assert second.sent(UNBLOCK) == 0
    assert isinstance(other.memory, PivMemory)
    assert bench.reader.inspect().identity.serial == other.serial
