# SPDX-License-Identifier: Apache-2.0
"""The screen at rest is dark, its words move, and any touch or key wakes it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from kiosk.flow import events as ev
from tests.ui.visitor import Visitor

REST = ev.TimeUp(ev.Timer.REST)


@pytest.fixture
def visitor() -> Visitor:
    visitor = Visitor()
    visitor.open()
    visitor.send(REST)
    return visitor


def photograph(visitor: Visitor, folder: Path) -> Image.Image:
    assert visitor.gallery is not None
    visitor.gallery.frames()
    visitor.gallery.photograph(folder / "seen.png")
    return Image.open(folder / "seen.png").convert("L")


def test_the_resting_screen_is_dark_and_its_words_move(visitor: Visitor, folder: Path) -> None:
    lit = []
    for _ in range(6):
        with photograph(visitor, folder) as seen:
            assert ImageStat.Stat(seen).mean[0] < 8
            lit.append({place for place, shade in enumerate(seen.tobytes()) if shade > 60})
        visitor.send(REST)
    assert all(each for each in lit)
    assert set.intersection(*lit) == set()
    assert all(not one & other for one, other in pairwise(lit))


def test_a_touch_wakes_the_screen_and_presses_nothing(visitor: Visitor) -> None:
    from kiosk.demo.finger import Finger  # noqa: PLC0415 - only after the gallery is open

    assert visitor.gallery is not None
    Finger(visitor.gallery.app, hold=0).tap(705, 440)  # where Help is, were it awake
    visitor.go_on()
    assert visitor.state.resting is None
    assert type(visitor.state.page).__name__ == "Waiting"


def test_a_key_wakes_the_screen_too(visitor: Visitor) -> None:
    assert visitor.gallery is not None
    visitor.gallery.app.key("press")
    visitor.gallery.frames(1)
    visitor.go_on()
    assert visitor.state.resting is None
