# SPDX-License-Identifier: Apache-2.0
"""The simulated board beside the screen: its lamps are visible, and its switches can be clicked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from kiosk.demo import board_layout
from kiosk.devices.lights import BoardNotice
from kiosk.devices.lights.board import Board
from kiosk.devices.lights.pin_plan import PinPlan
from kiosk.simulated.pins import SimulatedPins
from kiosk.ui.sample import SAMPLES
from kiosk.values import Lamp, Signal, Sound, Status
from tests.ui.conftest import Desk

if TYPE_CHECKING:
    from kiosk.demo.board_panel import BoardPanel

SIZE = (608, 480)  # of a screen that leaves the rest of the desk's window to the board


@pytest.fixture
def pins() -> SimulatedPins:
    return board_layout.make_pins()


@pytest.fixture
def panel(desk: Desk, pins: SimulatedPins) -> Iterator[BoardPanel]:
    from kivy.core.window import Window  # noqa: PLC0415 - only after the gallery is open

    from kiosk.demo.board_panel import attach  # noqa: PLC0415

    panel = attach(desk.gallery.app, pins, SIZE)
    desk.show(SAMPLES["welcome"])
    yield panel
    Window.remove_widget(panel)


def test_lamps_are_lit_as_their_pins_are(
    desk: Desk, panel: BoardPanel, pins: SimulatedPins
) -> None:
    driven = Board(pins, PinPlan.of(board_layout.PINS, "demo"))
    try:
        for signal, lit in (
            (Signal(Lamp.ON, Status.WORKING), {"Reader", "Working"}),
            (Signal(Lamp.OFF, Status.ATTENTION), {"Attention"}),
            (Signal(Lamp.ON, Status.DONE, Sound.DONE), {"Reader", "Done", "Buzzer"}),
        ):
            assert _shows(desk, panel, driven, signal, lit)
    finally:
        driven.close()


def _shows(desk: Desk, panel: BoardPanel, driven: Board, signal: Signal, lit: set[str]) -> bool:
    """Return whether these lamps are lit together; a short sound between two frames is repeated."""
    for _ in range(5):
        driven.show(signal)
        for _ in range(100):
            desk.gallery.frames(1)
            if panel.lit() == lit:
                return True
        driven.show(Signal())
    return False


def test_a_click_on_a_switch_does_not_reach_the_screen(
    desk: Desk, panel: BoardPanel, pins: SimulatedPins
) -> None:
    driven, heard = Board(pins, PinPlan.of(board_layout.PINS, "demo")), list[BoardNotice]()
    try:
        driven.watch(heard.append, pytest.fail)
        heard.clear()
        for switch in (
            "Open the case",
            "Close the case",
            "Somebody comes",
            "Nobody is there",
            "Power sags",
            "Power is good",
        ):
            desk.finger.flip(switch)
        assert heard == [
            BoardNotice.OPENED,
            BoardNotice.CLOSED,
            BoardNotice.SOMEBODY_NEAR,
            BoardNotice.POWER_LOW,
            BoardNotice.POWER_GOOD,
        ]
        desk.finger.tap(SIZE[0] + 20, 20)
        assert desk.sent == []
        desk.finger.tap(20, 300)
        assert desk.touched, "the screen itself is where it was"
        assert panel.x == SIZE[0]
    finally:
        driven.close()
