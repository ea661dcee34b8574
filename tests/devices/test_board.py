# SPDX-License-Identifier: Apache-2.0
"""The board on each driver of pins: its lamps, its inputs, and the plans that it refuses."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk.devices.lights import BoardNotice
from kiosk.devices.lights.board import Board
from kiosk.devices.lights.pin_plan import PinPlan
from kiosk.devices.lights.rpi import RpiPins
from kiosk.devices.lights.switch import Switches
from kiosk.errors import BoardUnavailable, SettingsError
from kiosk.simulated.pins import SimulatedPins
from kiosk.values import Lamp, Signal, Sound, Status
from tests.patience import PATIENCE, wait_until

PLAN = PinPlan(
    reader=4,
    ready=17,
    working=27,
    done=22,
    attention=23,
    buzzer=24,
    tamper=5,
    presence=6,
    power=13,
)
NAMES = {4: "reader", 17: "ready", 27: "working", 22: "done", 23: "attention", 24: "buzzer"}


class Header:
    """Pins that record the history of their levels."""

    def __init__(self) -> None:
        self.pins = SimulatedPins()
        self.history: list[frozenset[str]] = []
        self._past = 0  # how much of the history was waited for
        self._news = threading.Condition()
        self.pins.when_written(self._remember)

    def _remember(self) -> None:
        with self._news:
            lit = frozenset(NAMES[pin] for pin, high in self.pins.levels.items() if high)
            if not self.history or self.history[-1] != lit:
                self.history.append(lit)
            self._news.notify_all()

    def wait_for(self, lit: set[str]) -> None:
        with self._news:
            assert self._news.wait_for(lambda: self.history[-1:] == [lit], PATIENCE), self.history

    def wait_past(self, lit: set[str]) -> None:
        """Wait until `lit` was shown, after the state last waited for; it may be over by now."""
        with self._news:
            assert self._news.wait_for(lambda: lit in self.history[self._past :], PATIENCE)
            self._past += self.history[self._past :].index(frozenset(lit)) + 1

    def count(self, part: str) -> int:
        """Return how often a part was switched on."""
        with self._news:
            before: frozenset[str] = frozenset()
            rises = 0
            for lit in self.history:
                rises += part in lit and part not in before
                before = lit
            return rises


@pytest.fixture
def header() -> Header:
    return Header()


@pytest.fixture
def board(header: Header) -> Iterator[Board]:
    made = Board(header.pins, PLAN)
    yield made
    if header.pins.levels:
        made.close()


@pytest.mark.parametrize("status", Status)
def test_one_status_is_lit_at_a_time(board: Board, header: Header, status: Status) -> None:
    board.show(Signal(Lamp.ON, Status.ATTENTION))
    header.wait_for({"reader", "attention"})
    board.show(Signal(Lamp.ON, status))
    header.wait_for({"reader", status.value})


def test_the_readers_light_blinks_until_something_else_is_shown(
    board: Board, header: Header
) -> None:
    board.show(Signal(Lamp.BLINKING, Status.READY))
    for lit in ({"reader", "ready"}, {"ready"}, {"reader", "ready"}):
        header.wait_past(lit)
    board.show(Signal(Lamp.OFF, Status.READY))
    header.wait_for({"ready"})
    blinks = header.count("reader")
    time.sleep(1.1)  # two blinks
    assert header.count("reader") == blinks


def test_done_beeps_once_and_a_card_that_is_left_calls_again_and_again(
    board: Board, header: Header
) -> None:
    board.show(Signal(Lamp.OFF, Status.DONE, Sound.DONE))
    header.wait_past({"done", "buzzer"})
    header.wait_past({"done"})
    assert header.count("buzzer") == 1
    board.show(Signal(Lamp.OFF, Status.DONE, Sound.CALL))
    for _ in range(3):
        header.wait_past({"done", "buzzer"})
        header.wait_past({"done"})


def test_a_closed_board_is_dark(board: Board, header: Header) -> None:
    board.show(Signal(Lamp.BLINKING, Status.READY, Sound.CALL))
    header.wait_past({"ready", "reader", "buzzer"})
    board.close()
    assert header.history[-1] == frozenset()


@pytest.mark.parametrize(
    ("pin", "level", "notice"),
    [
        (5, True, BoardNotice.OPENED),
        (5, False, BoardNotice.CLOSED),
        (6, True, BoardNotice.SOMEBODY_NEAR),
        (13, False, BoardNotice.POWER_LOW),
        (13, True, BoardNotice.POWER_GOOD),
    ],
)
def test_input_changes_are_reported(
    board: Board, header: Header, pin: int, level: bool, notice: BoardNotice
) -> None:
    header.pins.set_input(pin, high=not level)
    heard: list[BoardNotice] = []
    board.watch(heard.append, pytest.fail)
    heard.clear()
    header.pins.set_input(pin, high=level)
    assert heard == [notice]


def test_an_open_case_is_reported_at_the_start(board: Board, header: Header) -> None:
    heard: list[BoardNotice] = []
    header.pins.set_input(13, high=True)
    board.watch(
        heard.append, pytest.fail
    )  # nothing holds the switch down: it is open, or its wire is cut
    assert BoardNotice.OPENED in heard
    assert BoardNotice.POWER_GOOD in heard


# ---------------------------------------------------------------- switches


def test_a_polled_switch_is_reported_once_for_each_change() -> None:
    pins, heard = SimulatedPins(), threading.Condition()
    levels: list[bool] = []

    def changed(level: bool) -> None:
        with heard:
            levels.append(level)
            heard.notify_all()

    for pin in (5, 6):
        pins.input(pin, lambda _: None, pytest.fail)
    switches = Switches(pins.read, look_seconds=0.001)
    switches.follow(6, lambda _: None, pytest.fail)
    switches.follow(5, changed, pytest.fail)
    for level in (False, True, False):
        pins.set_input(5, high=level)
        with heard:
            assert heard.wait_for(lambda level=level: levels[-1:] == [level], PATIENCE)  # type: ignore[misc]
    switches.close()
    assert levels == [False, True, False]


def test_a_bouncing_switch_is_reported_once_it_is_stable() -> None:
    seen = iter([True, False, True, False, True, False, False, False])
    done = threading.Event()
    levels: list[bool] = []

    def read(_: int) -> bool:
        try:
            return next(seen)
        except StopIteration:
            done.set()
            raise BoardUnavailable("no more of it") from None

    switches = Switches(read, look_seconds=0.001)
    switches.follow(5, levels.append, lambda _: None)
    assert done.wait(PATIENCE)
    switches.close()
    assert levels == [False]


def test_an_unreadable_switch_is_reported_once_and_polled_again() -> None:
    looks = iter([False, False, None, None, True, None, True, True])
    over, lost, levels = threading.Event(), list[str](), list[bool]()

    def read(_: int) -> bool:
        level = next(looks, True)
        if level is None:
            raise BoardUnavailable("a bad contact")
        return level

    def changed(level: bool) -> None:
        levels.append(level)
        over.set()

    switches = Switches(read, look_seconds=0.001)
    switches.follow(5, changed, lost.append)
    assert over.wait(PATIENCE), (
        "the case was opened while the switch could not be read, and that was not reported"
    )
    switches.close()
    assert (levels, lost) == ([True], ["a bad contact"])


def test_a_later_failure_of_the_board_is_reported_once(header: Header) -> None:
    board, lost = Board(header.pins, PLAN), list[str]()
    board.watch(lambda _: None, lost.append)
    board.show(Signal(Lamp.ON, Status.READY))
    header.wait_for({"reader", "ready"})
    header.pins.fail("a bad contact")
    board.show(Signal(Lamp.BLINKING, Status.WORKING, Sound.DONE))
    _until(lambda: lost == ["a bad contact"])
    board.close()
    assert lost == ["a bad contact"]


def test_a_failure_before_the_first_watcher_is_reported(header: Header) -> None:
    header.pins.fail("a bad contact")
    board, lost = Board(header.pins, PinPlan(ready=17)), list[str]()
    board.watch(lambda _: None, lost.append)
    _until(lambda: lost == ["a bad contact"])
    board.close()


# ---------------------------------------------------------------- plans


@pytest.mark.parametrize(
    ("pins", "place", "reason"),
    [
        ({"reader": 17, "buzzer": 17}, "KIOSK_PINS.buzzer", "pin 17 is for reader already"),
        ({"reader": 1}, "KIOSK_PINS.reader", "pin 1 is none of 2 to 27"),
        ({"reader": 28}, "KIOSK_PINS.reader", "pin 28 is none of 2 to 27"),
        ({"radar": 3}, "KIOSK_PINS.radar", "no such part"),
    ],
)
def test_an_error_names_the_fault_of_a_plan(pins: dict[str, int], place: str, reason: str) -> None:
    with pytest.raises(SettingsError) as refused:
        PinPlan.of(pins, "KIOSK_PINS")
    assert refused.value.place == place
    assert reason in refused.value.reason


def test_every_part_of_a_board_is_optional() -> None:
    pins = SimulatedPins()
    board = Board(pins, PinPlan.of({"ready": 17}, "KIOSK_PINS"))
    board.watch(lambda _: None, pytest.fail)
    board.show(Signal(Lamp.BLINKING, Status.READY, Sound.CALL))
    _until(lambda: pins.levels == {17: True})
    board.close()


# ---------------------------------------------------------------- drivers


def test_a_pin_that_was_not_configured_is_not_written() -> None:
    with pytest.raises(RuntimeError):
        SimulatedPins().write(17, high=True)


def test_the_pi_driver_fails_on_another_machine() -> None:
    """Without a header, the other driver of these tests cannot run."""
    assert not Path("/dev/gpiomem").exists(), "run the suite on this machine's own pins"
    with pytest.raises(BoardUnavailable) as unavailable:
        RpiPins()
    assert unavailable.value.reason


def _until(true: Callable[[], bool]) -> None:
    wait_until(true, "the board changes")
