# SPDX-License-Identifier: Apache-2.0
"""Keypads: only those that IT allowed are heard. Pipes stand where Linux has event devices."""

from __future__ import annotations

import os
import queue
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.devices.keypad.evdev import EvdevKeypads
from tests.patience import PATIENCE

ALLOWED = "1A2C:0e24"


class Plug:
    """A machine's folders of input devices."""

    def __init__(self, folder: Path) -> None:
        self.devices, self.ids = folder / "dev", folder / "sys"
        self.devices.mkdir()
        self.ids.mkdir()
        self.heard: queue.Queue[str] = queue.Queue()

    def plug_in(self, name: str, vendor: str, product: str) -> Path:
        identity = self.ids / name / "device" / "id"
        os.mkfifo(self.devices / name)
        identity.mkdir(parents=True)
        (identity / "vendor").write_text(vendor + "\n")
        (identity / "product").write_text(product + "\n")
        return self.devices / name

    def hears(self, number: int) -> list[str]:
        return [self.heard.get(timeout=PATIENCE) for _ in range(number)]


@pytest.fixture
def plug(tmp_path: Path) -> Plug:
    return Plug(tmp_path)


@pytest.fixture
def keypads(plug: Plug) -> Iterator[EvdevKeypads]:
    keypads = EvdevKeypads(
        [ALLOWED], plug.heard.put, devices=plug.devices, ids=plug.ids, look_seconds=0.05
    )
    yield keypads
    keypads.close()


def event(code: int, value: int, kind: int = 1) -> bytes:
    return struct.pack("@llHHi", 0, 0, kind, code, value)


def stroke(code: int) -> bytes:
    return event(code, 1) + event(0, 0, kind=0) + event(code, 0)


@pytest.mark.usefixtures("keypads")
def test_digits_and_what_moves_the_focus_are_heard(plug: Plug) -> None:
    device = plug.plug_in("event3", "1a2c", "0E24")
    with device.open("wb", buffering=0) as keys:
        keys.write(b"".join(map(stroke, [79, 80, 82, 2, 11, 96, 78, 74, 83, 98, 55, 69])))
        assert plug.hears(12) == [
            "1", "2", "0", "1", "0", "press", "next", "previous", "erase", "access", "language",
            "speech",
        ]  # fmt: skip
        keys.write(event(42, 1) + stroke(30) + stroke(15) + event(42, 0) + stroke(30))
        assert plug.hears(3) == ["A", "previous", "a"]


@pytest.mark.usefixtures("keypads")
def test_a_key_that_is_held_types_once_but_for_erase_the_arrows_and_what_stays(plug: Plug) -> None:
    device = plug.plug_in("event3", "1a2c", "0E24")
    with device.open("wb", buffering=0) as keys:
        for code in (79, 2, 16, 96, 76, 28, 78, 1, 98, 14, 108, 250):
            keys.write(event(code, 1) + event(code, 2) * 2 + event(code, 0))
        keys.write(stroke(80))
        assert plug.hears(22) == [
            "1", "1", "q", "press", "held", "held", "5", "held", "held", "press", "held", "held",
            "next", "back", "access",
            "erase", "erase", "erase", "down", "down", "down", "2",
        ]  # fmt: skip


@pytest.mark.usefixtures("keypads")
def test_what_nobody_allowed_is_not_even_opened(plug: Plug) -> None:
    plug.plug_in("event1", "1a2c", "0e25")
    plug.plug_in("event2", "dead", "beef")
    device = plug.plug_in("event3", "1a2c", "0e24")
    with device.open("wb", buffering=0) as keys:
        keys.write(stroke(79))
        assert plug.hears(1) == ["1"]
    for name in ("event1", "event2"):
        with pytest.raises(OSError, match="No such device"):  # nobody reads there
            os.open(plug.devices / name, os.O_WRONLY | os.O_NONBLOCK)


@pytest.mark.usefixtures("keypads")
def test_a_keypad_that_is_plugged_in_again_is_heard_again(plug: Plug) -> None:
    device = plug.plug_in("event3", "1a2c", "0e24")
    for _ in range(2):
        with device.open("wb", buffering=0) as keys:
            keys.write(stroke(80))
            assert plug.hears(1) == ["2"]
        # As the kernel does: another node of that name. The old one may be read for a moment yet.
        device.unlink()
        os.mkfifo(device)


def test_none_allowed_is_none_looked_for(plug: Plug) -> None:
    plug.plug_in("event3", "1a2c", "0e24")
    EvdevKeypads([], plug.heard.put, devices=plug.devices, ids=plug.ids, look_seconds=0.01)
    with pytest.raises(OSError, match="No such device"):
        os.open(plug.devices / "event3", os.O_WRONLY | os.O_NONBLOCK)
