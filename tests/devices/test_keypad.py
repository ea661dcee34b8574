# SPDX-License-Identifier: Apache-2.0
"""Keypads: only those that IT allowed are read. Pipes replace Linux's event devices."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from evdev import ecodes

from kiosk.devices.keypad.allowed import AllowedKeypads
from tests.devices.plug import Event, Plug, packed

ALLOWED = "1A2C:0e24"
SYN: Event = (ecodes.EV_SYN, ecodes.SYN_REPORT, 0)


def plug_in(plug: Plug[str], name: str, vendor: str, product: str) -> Path:
    return plug.plug_in(name, id__vendor=vendor, id__product=product)


@pytest.fixture
def plug(tmp_path: Path) -> Plug[str]:
    return Plug(tmp_path)


@pytest.fixture
def keypads(plug: Plug[str]) -> Iterator[AllowedKeypads]:
    keypads = AllowedKeypads([ALLOWED], plug.heard.put, plug.surroundings)
    yield keypads
    keypads.close()


def event(code: int, value: int) -> bytes:
    return packed([(ecodes.EV_KEY, code, value)])


def stroke(code: int) -> bytes:
    return event(code, 1) + packed([SYN]) + event(code, 0)


@pytest.mark.usefixtures("keypads")
def test_digits_and_navigation_keys_are_read(plug: Plug[str]) -> None:
    device = plug_in(plug, "event3", "1a2c", "0E24")
    with device.open("wb", buffering=0) as keys:
        keys.write(b"".join(map(stroke, [79, 80, 82, 2, 11, 96, 78, 74, 83, 98, 55, 69])))
        assert plug.hears(12) == [
            "1", "2", "0", "1", "0", "press", "next", "previous", "erase", "access", "language",
            "speech",
        ]  # fmt: skip
        keys.write(event(42, 1) + stroke(30) + stroke(15) + event(42, 0) + stroke(30))
        assert plug.hears(3) == ["A", "previous", "a"]


@pytest.mark.usefixtures("keypads")
def test_only_erase_and_arrows_repeat_while_held(
    plug: Plug[str],
) -> None:
    device = plug_in(plug, "event3", "1a2c", "0E24")
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
def test_a_device_that_is_not_allowed_is_never_opened(plug: Plug[str]) -> None:
    plug_in(plug, "event1", "1a2c", "0e25")
    plug_in(plug, "event2", "dead", "beef")
    device = plug_in(plug, "event3", "1a2c", "0e24")
    with device.open("wb", buffering=0) as keys:
        keys.write(stroke(79))
        assert plug.hears(1) == ["1"]
    for name in ("event1", "event2"):
        with pytest.raises(OSError, match="No such device"):  # nobody reads there
            os.open(plug.devices / name, os.O_WRONLY | os.O_NONBLOCK)


@pytest.mark.usefixtures("keypads")
def test_a_keypad_works_after_it_is_plugged_in_again(plug: Plug[str]) -> None:
    device = plug_in(plug, "event3", "1a2c", "0e24")
    for _ in range(2):
        with device.open("wb", buffering=0) as keys:
            keys.write(stroke(80))
            assert plug.hears(1) == ["2"]
        # As the kernel does: another node of that name. The old one may be read for a moment yet.
        device.unlink()
        os.mkfifo(device)


def test_no_device_is_opened_if_no_keypad_is_allowed(plug: Plug[str]) -> None:
    plug_in(plug, "event3", "1a2c", "0e24")
    AllowedKeypads([], plug.heard.put, plug.surroundings).close()
    with pytest.raises(OSError, match="No such device"):
        os.open(plug.devices / "event3", os.O_WRONLY | os.O_NONBLOCK)


@pytest.mark.usefixtures("keypads")
def test_a_shift_whose_release_the_kernel_dropped_is_not_kept(plug: Plug[str]) -> None:
    device = plug_in(plug, "event3", "1a2c", "0e24")
    with device.open("wb", buffering=0) as keys:
        keys.write(event(ecodes.KEY_LEFTSHIFT, 1) + stroke(ecodes.KEY_A))
        keys.write(packed([(ecodes.EV_SYN, ecodes.SYN_DROPPED, 0)]) + event(ecodes.KEY_B, 1))
        keys.write(packed([SYN]) + stroke(ecodes.KEY_C))
        assert plug.hears(2) == ["A", "c"]
