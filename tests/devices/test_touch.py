# SPDX-License-Identifier: Apache-2.0
"""The touch screen, finger by finger. Pipes stand where Linux has event devices."""

from __future__ import annotations

import os
import queue
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.devices.touch import Turn, place
from kiosk.devices.touch.evdev import EvdevTouch
from kiosk.devices.touch.fingers import (
    ABS,
    ABS_X,
    ABS_Y,
    BTN_TOUCH,
    KEY,
    MT_ID,
    MT_SLOT,
    MT_X,
    MT_Y,
    SYN,
    TouchTracker,
)
from kiosk.values import Fingertip, Phase
from tests.patience import PATIENCE

LIMITS = {MT_X: (0, 800), MT_Y: (0, 480), ABS_X: (100, 4100), ABS_Y: (100, 4100)}
SLOTS = "265800000000003"  # what a 7-inch display says of its axes
Told = tuple[int, int, int]
DONE: Told = (SYN, 0, 0)


def slot(number: int, *, x: int, y: int, identity: int | None = None) -> list[Told]:
    told = [(ABS, MT_SLOT, number)]
    if identity is not None:
        told.append((ABS, MT_ID, identity))
    return [*told, (ABS, MT_X, x), (ABS, MT_Y, y)]


def lift(number: int) -> list[Told]:
    return [(ABS, MT_SLOT, number), (ABS, MT_ID, -1)]


def heard(told: Sequence[Told], *, has_slots: bool = True) -> list[Fingertip]:
    fingers = TouchTracker(LIMITS, has_slots=has_slots)
    return [tip for each in told for tip in fingers.event(*each)]


def test_two_thumbs_that_overlap_are_two_fingers() -> None:
    told = [
        *slot(0, x=80, y=48, identity=7), DONE,
        *slot(1, x=720, y=432, identity=8), DONE,
        *lift(0), DONE,
        *lift(1), DONE,
    ]  # fmt: skip
    assert heard(told) == [
        Fingertip(0, Phase.DOWN, 0.1, 0.1),
        Fingertip(1, Phase.DOWN, 0.9, 0.9),
        Fingertip(0, Phase.UP, 0.1, 0.1),
        Fingertip(1, Phase.UP, 0.9, 0.9),
    ]


def test_a_finger_is_told_where_it_is_once_the_screen_has_said_all() -> None:
    told = [*slot(0, x=80, y=48, identity=7), DONE, (ABS, MT_X, 400), DONE, DONE]
    assert heard(told) == [
        Fingertip(0, Phase.DOWN, 0.1, 0.1),
        Fingertip(0, Phase.MOVED, 0.5, 0.1),
    ]


def test_a_screen_without_slots_has_one_finger() -> None:
    told = [
        (ABS, ABS_X, 2100), (ABS, ABS_Y, 100), (KEY, BTN_TOUCH, 1), DONE,
        (ABS, ABS_X, 5000), DONE,
        (KEY, BTN_TOUCH, 0), DONE,
    ]  # fmt: skip
    assert heard(told, has_slots=False) == [
        Fingertip(0, Phase.DOWN, 0.5, 0.0),
        Fingertip(0, Phase.MOVED, 1.0, 0.0),
        Fingertip(0, Phase.UP, 1.0, 0.0),
    ]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 400), st.integers(-9, 9))))
def test_whatever_a_screen_says_each_finger_comes_down_and_goes_up_in_turn(
    told: list[Told],
) -> None:
    fingers = TouchTracker(LIMITS, has_slots=True)
    tips = [tip for each in told for tip in fingers.event(*each)]
    tips += fingers.lifted()
    for number in {tip.number for tip in tips}:
        phases = [tip.phase for tip in tips if tip.number == number]
        ends = [phase for phase in phases if phase is not Phase.MOVED]
        assert ends == [Phase.DOWN, Phase.UP] * (len(ends) // 2)
    assert all(0 <= tip.x <= 1 and 0 <= tip.y <= 1 for tip in tips)


@pytest.mark.parametrize(
    ("turns", "there"),
    [
        ([], (0.25, 0.1)),
        ([Turn.SWAP], (0.1, 0.25)),
        ([Turn.FLIP_X], (0.75, 0.1)),
        ([Turn.FLIP_X, Turn.FLIP_Y], (0.75, 0.9)),
        ([Turn.SWAP, Turn.FLIP_X], (0.9, 0.25)),
        ([Turn.FLIP_X, Turn.SWAP], (0.1, 0.75)),
    ],
)
def test_a_panel_that_was_mounted_otherwise_is_mapped(
    turns: list[Turn], there: tuple[float, float]
) -> None:
    assert place(0.25, 0.1, turns) == pytest.approx(there)


# ---------------------------------------------------------------- devices


class Plug:
    """A machine's folders of input devices."""

    def __init__(self, folder: Path) -> None:
        self.devices, self.classes = folder / "dev", folder / "sys"
        self.devices.mkdir()
        self.classes.mkdir()
        self.heard: queue.Queue[Fingertip] = queue.Queue()

    def plug_in(self, name: str, properties: str, axes: str) -> Path:
        device = self.classes / name / "device"
        (device / "capabilities").mkdir(parents=True)
        (device / "properties").write_text(f"{properties}\n")
        (device / "capabilities" / "abs").write_text(f"{axes}\n")
        os.mkfifo(self.devices / name)
        return self.devices / name


@pytest.fixture
def plug(tmp_path: Path) -> Plug:
    return Plug(tmp_path)


@pytest.fixture
def touch(plug: Plug) -> Iterator[EvdevTouch]:
    touch = EvdevTouch(
        [Turn.FLIP_Y],
        plug.heard.put,
        devices=plug.devices,
        classes=plug.classes,
        limits=lambda _, axis: LIMITS[axis],
        look_seconds=0.05,
    )
    yield touch
    touch.close()


def packed(told: Sequence[Told]) -> bytes:
    return b"".join(struct.pack("@llHHi", 0, 0, *each) for each in told)


@pytest.mark.usefixtures("touch")
def test_a_touch_screen_is_heard_mapped_and_heard_again_once_it_is_back(plug: Plug) -> None:
    device = plug.plug_in("event1", "2", SLOTS)
    for number in range(2):
        with device.open("wb", buffering=0) as glass:
            glass.write(packed([*slot(0, x=80, y=48, identity=number), DONE]))
            down = plug.heard.get(timeout=PATIENCE)
            assert (down.phase, down.x, down.y) == (Phase.DOWN, 0.1, 0.9)
        assert plug.heard.get(timeout=PATIENCE).phase is Phase.UP, (
            "what is unplugged holds no finger"
        )


@pytest.mark.usefixtures("touch")
def test_a_mouse_is_left_to_the_window(plug: Plug) -> None:
    plug.plug_in("event0", "1", "3")
    device = plug.plug_in("event1", "2", SLOTS)
    with device.open("wb", buffering=0) as glass:
        glass.write(packed([*slot(0, x=0, y=0, identity=1), DONE]))
        plug.heard.get(timeout=PATIENCE)
    with pytest.raises(OSError, match="No such device"):  # nobody reads there
        os.open(plug.devices / "event0", os.O_WRONLY | os.O_NONBLOCK)
