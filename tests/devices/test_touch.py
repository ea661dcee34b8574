# SPDX-License-Identifier: Apache-2.0
"""The touch screen, finger by finger. Pipes replace Linux's event devices."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from evdev import AbsInfo
from evdev.ecodes import (
    ABS_MT_POSITION_X,
    ABS_MT_POSITION_Y,
    ABS_MT_SLOT,
    ABS_MT_TRACKING_ID,
    ABS_X,
    ABS_Y,
    BTN_TOUCH,
    EV_ABS,
    EV_KEY,
    EV_SYN,
    SYN_DROPPED,
    SYN_REPORT,
)
from hypothesis import given
from hypothesis import strategies as st

from kiosk.devices.touch import Turn, place
from kiosk.devices.touch.fingers import TouchTracker
from kiosk.devices.touch.panels import TouchPanels
from kiosk.values import Fingertip, Phase
from tests.devices.plug import Event, Plug, packed

LIMITS = {
    ABS_MT_POSITION_X: (0, 800),
    ABS_MT_POSITION_Y: (0, 480),
    ABS_X: (100, 4100),
    ABS_Y: (100, 4100),
}
DONE: Event = (EV_SYN, SYN_REPORT, 0)


def slot(number: int, *, x: int, y: int, identity: int | None = None) -> list[Event]:
    events = [(EV_ABS, ABS_MT_SLOT, number)]
    if identity is not None:
        events.append((EV_ABS, ABS_MT_TRACKING_ID, identity))
    return [*events, (EV_ABS, ABS_MT_POSITION_X, x), (EV_ABS, ABS_MT_POSITION_Y, y)]


def lift(number: int) -> list[Event]:
    return [(EV_ABS, ABS_MT_SLOT, number), (EV_ABS, ABS_MT_TRACKING_ID, -1)]


def heard(events: Sequence[Event], *, has_slots: bool = True) -> list[Fingertip]:
    fingers = TouchTracker(LIMITS, has_slots=has_slots)
    return [tip for each in events for tip in fingers.event(*each)]


def test_two_overlapping_thumbs_are_two_fingers() -> None:
    events = [
        *slot(0, x=80, y=48, identity=7), DONE,
        *slot(1, x=720, y=432, identity=8), DONE,
        *lift(0), DONE,
        *lift(1), DONE,
    ]  # fmt: skip
    assert heard(events) == [
        Fingertip(0, Phase.DOWN, 0.1, 0.1),
        Fingertip(1, Phase.DOWN, 0.9, 0.9),
        Fingertip(0, Phase.UP, 0.1, 0.1),
        Fingertip(1, Phase.UP, 0.9, 0.9),
    ]


def test_a_finger_is_reported_at_the_end_of_the_screens_report() -> None:
    events = [*slot(0, x=80, y=48, identity=7), DONE, (EV_ABS, ABS_MT_POSITION_X, 400), DONE, DONE]
    assert heard(events) == [
        Fingertip(0, Phase.DOWN, 0.1, 0.1),
        Fingertip(0, Phase.MOVED, 0.5, 0.1),
    ]


def test_a_screen_without_slots_has_one_finger() -> None:
    events = [
        (EV_ABS, ABS_X, 2100), (EV_ABS, ABS_Y, 100), (EV_KEY, BTN_TOUCH, 1), DONE,
        (EV_ABS, ABS_X, 5000), DONE,
        (EV_KEY, BTN_TOUCH, 0), DONE,
    ]  # fmt: skip
    assert heard(events, has_slots=False) == [
        Fingertip(0, Phase.DOWN, 0.5, 0.0),
        Fingertip(0, Phase.MOVED, 1.0, 0.0),
        Fingertip(0, Phase.UP, 1.0, 0.0),
    ]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 400), st.integers(-9, 9))))
def test_any_events_make_each_finger_go_down_and_up_in_turn(
    events: list[Event],
) -> None:
    fingers = TouchTracker(LIMITS, has_slots=True)
    tips = [tip for each in events for tip in fingers.event(*each)]
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
def test_a_rotated_panel_is_mapped(turns: list[Turn], there: tuple[float, float]) -> None:
    assert place(0.25, 0.1, turns) == pytest.approx(there)


# ---------------------------------------------------------------- devices


AXES = {axis: AbsInfo(0, least, greatest, 0, 0, 0) for axis, (least, greatest) in LIMITS.items()}
SLOT = {ABS_MT_SLOT: AbsInfo(0, 0, 9, 0, 0, 0)}
DIRECT, POINTER = "2", "1"  # sysfs' text for `properties`


@pytest.fixture
def plug(tmp_path: Path) -> Plug[Fingertip]:
    plug: Plug[Fingertip] = Plug(tmp_path)
    plug.axes = AXES | SLOT
    return plug


@pytest.fixture
def touch(plug: Plug[Fingertip]) -> Iterator[TouchPanels]:
    touch = TouchPanels([Turn.FLIP_Y], plug.heard.put, plug.surroundings)
    yield touch
    touch.close()


@pytest.mark.usefixtures("touch")
def test_a_touch_screen_is_mapped_and_works_after_replugging(
    plug: Plug[Fingertip],
) -> None:
    device = plug.plug_in("event1", properties=DIRECT)
    for number in range(2):
        with device.open("wb", buffering=0) as glass:
            glass.write(packed([*slot(0, x=80, y=48, identity=number), DONE]))
            (down,) = plug.hears()
            assert (down.phase, down.x, down.y) == (Phase.DOWN, 0.1, 0.9)
        (up,) = plug.hears()
        assert up.phase is Phase.UP, "an unplugged panel holds no finger down"


@pytest.mark.usefixtures("touch")
def test_a_panel_without_slots_is_read_by_its_single_axes(plug: Plug[Fingertip]) -> None:
    plug.axes = AXES
    with plug.plug_in("event1", properties=DIRECT).open("wb", buffering=0) as glass:
        glass.write(
            packed([(EV_ABS, ABS_X, 2100), (EV_ABS, ABS_Y, 100), (EV_KEY, BTN_TOUCH, 1), DONE])
        )
        assert plug.hears() == [Fingertip(0, Phase.DOWN, 0.5, 1.0)]


@pytest.mark.usefixtures("touch")
def test_a_mouse_is_left_to_the_window(plug: Plug[Fingertip]) -> None:
    plug.plug_in("event0", properties=POINTER)
    device = plug.plug_in("event1", properties=DIRECT)
    with device.open("wb", buffering=0) as glass:
        glass.write(packed([*slot(0, x=0, y=0, identity=1), DONE]))
        plug.hears()
    assert plug.opened == ["event1"]
    with pytest.raises(OSError, match="No such device"):  # nobody reads there
        os.open(plug.devices / "event0", os.O_WRONLY | os.O_NONBLOCK)


@pytest.mark.usefixtures("touch")
def test_a_panel_is_read_from_its_slot_at_the_time_of_opening(
    plug: Plug[Fingertip],
) -> None:
    """The kernel reports a slot only when it changes: for a panel that is in slot 3, nothing."""
    plug.axes = AXES | {ABS_MT_SLOT: AbsInfo(3, 0, 9, 0, 0, 0)}
    with plug.plug_in("event1", properties=DIRECT).open("wb", buffering=0) as glass:
        glass.write(packed([*slot(0, x=80, y=48, identity=1)[1:], DONE]))
        assert plug.hears() == [Fingertip(3, Phase.DOWN, 0.1, 0.9)]


@pytest.mark.usefixtures("touch")
def test_a_finger_is_lifted_after_the_kernel_lost_its_events(plug: Plug[Fingertip]) -> None:
    with plug.plug_in("event1", properties=DIRECT).open("wb", buffering=0) as glass:
        glass.write(packed([*slot(0, x=80, y=48, identity=1), DONE]))
        glass.write(packed([(EV_SYN, SYN_DROPPED, 0), (EV_ABS, ABS_MT_POSITION_X, 9), DONE]))
        glass.write(packed([*slot(0, x=400, y=48, identity=2), DONE]))
        assert plug.hears(3) == [
            Fingertip(0, Phase.DOWN, 0.1, 0.9),
            Fingertip(0, Phase.UP, 0.1, 0.9),
            Fingertip(0, Phase.DOWN, 0.5, 0.9),
        ]
