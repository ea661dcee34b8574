# SPDX-License-Identifier: Apache-2.0
"""Input devices: a failure of one neither stops the others nor prevents the next try."""

from __future__ import annotations

import collections
import errno
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from evdev import ecodes

from kiosk.devices.input import InputSource, OpenSource
from kiosk.devices.input.evdev import InputDevices, Surroundings, open_device
from tests.devices.plug import Event, Pipe, Plug, packed
from tests.patience import PATIENCE

KEY: Event = (ecodes.EV_KEY, ecodes.KEY_A, 1)
BAD: Event = (ecodes.EV_KEY, ecodes.KEY_B, 1)


class Keys:
    """Records the keys it gets, and raises an error at one of them."""

    def __init__(self, heard: Callable[[Event], None]) -> None:
        self._heard = heard

    def event(self, kind: int, code: int, value: int) -> None:
        if code == ecodes.KEY_B:
            raise ZeroDivisionError
        self._heard((kind, code, value))

    def end(self) -> None:
        raise ZeroDivisionError


@pytest.fixture
def plug(tmp_path: Path) -> Plug[Event]:
    return Plug(tmp_path)


@pytest.fixture
def listen(plug: Plug[Event]) -> Iterator[Callable[[Surroundings], InputDevices]]:
    listening: list[InputDevices] = []

    def begun(surroundings: Surroundings) -> InputDevices:
        devices = InputDevices("test", lambda _: True, lambda _: Keys(plug.heard.put), surroundings)
        listening.append(devices)
        return devices

    yield begun
    for each in listening:
        each.close()
    for each in listening:
        each.join(PATIENCE)


Listen = Callable[[Surroundings], InputDevices]


def test_a_failing_listener_closes_its_device_until_the_next_scan(
    plug: Plug[Event], listen: Listen
) -> None:
    listen(plug.surroundings)
    other = plug.plug_in("event1")
    device = plug.plug_in("event2")
    with other.open("wb", buffering=0) as keys, device.open("wb", buffering=0) as bad:
        bad.write(packed([BAD]))
        keys.write(packed([KEY]))
        assert plug.hears() == [KEY]
        while plug.opened.count("event2") < 2:
            pass
        bad.write(packed([KEY]))
        assert plug.hears() == [KEY]


@pytest.mark.parametrize(
    "error", [OSError(errno.ENODEV, "gone"), SystemError("no exception set"), UnicodeDecodeError]
)
def test_an_unopenable_device_is_retried_and_reported_once(
    plug: Plug[Event], listen: Listen, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    """The library raises SystemError if a device is unplugged while it is being queried."""
    tried = 0

    def failing(path: Path) -> InputSource:
        nonlocal tried
        tried += 1
        if tried < 4:
            raise error if isinstance(error, Exception) else UnicodeError
        return plug.open(path)

    with caplog.at_level("INFO"), plug.plug_in("event1").open("r+b", buffering=0) as keys:
        listen(replace(plug.surroundings, open_source=failing))
        keys.write(packed([KEY]))
        assert plug.hears() == [KEY]
        assert len([each for each in caplog.records if "event1: " in each.message]) == 1


def open_held(path: Path) -> InputSource:
    class Held(Pipe):
        def grab(self) -> None:
            raise OSError(errno.EBUSY, "another program has it")

    return Held(path, {})


@pytest.mark.parametrize("open_source", [open_held, open_device])
def test_a_device_that_cannot_be_grabbed_is_closed(
    plug: Plug[Event], listen: Listen, open_source: OpenSource
) -> None:
    """The library's own open refuses a pipe, which is not an input device."""
    descriptors: list[int] = []

    def opening(path: Path) -> InputSource:
        descriptors.append(len(list(Path("/proc/self/fd").iterdir())))
        return open_source(path)

    plug.plug_in("event1")
    listen(replace(plug.surroundings, open_source=opening))
    while len(descriptors) < 5:
        pass
    assert descriptors[-1] <= descriptors[0], "each try left a descriptor open"


def test_a_device_that_is_never_quiet_does_not_block_the_scan(
    plug: Plug[Event], listen: Listen
) -> None:
    """Nor does it keep the others from being heard: each has its turn."""
    devices = listen(plug.surroundings)
    flood = plug.plug_in("event1")
    quiet = (ecodes.EV_MSC, ecodes.MSC_SCAN, 1)
    with flood.open("wb", buffering=0) as keys:
        os.set_blocking(keys.fileno(), False)
        child = os.fork()
        if not child:  # pragma: no cover - another process, which only writes
            os.set_blocking(keys.fileno(), True)
            while True:
                keys.write(packed([quiet] * 64))
        try:
            plug.hears(64)
            with plug.plug_in("event2").open("wb", buffering=0) as other:
                other.write(packed([KEY]))
                while plug.hears() != [KEY]:
                    pass
        finally:
            os.kill(child, 9)
            os.waitpid(child, 0)
    devices.close()


def test_handled_events_leak_no_memory(plug: Plug[Event]) -> None:
    """The reader of Debian 13's evdev keeps 96 bytes of each event."""
    counted = 0

    def count(_event: Event) -> None:
        nonlocal counted
        counted += 1

    devices = InputDevices("test", lambda _: True, lambda _: Keys(count), plug.surroundings)
    batch = packed([(ecodes.EV_ABS, ecodes.ABS_X, 1000 + each) for each in range(64)])
    with plug.plug_in("event1").open("wb", buffering=0) as keys:

        def pass_on(batches: int) -> int:
            until = counted + 64 * batches
            for _ in range(batches):
                keys.write(batch)
            while counted < until:
                pass
            return sys.getallocatedblocks()

        before = pass_on(10)
        assert pass_on(500) - before < 2000, "32,000 events leaked blocks"
    devices.close()


def test_close_closes_every_device_and_ends_all_events(plug: Plug[Event], listen: Listen) -> None:
    devices = listen(plug.surroundings)
    device = plug.plug_in("event1")
    with device.open("wb", buffering=0) as keys:
        keys.write(packed([KEY]))
        assert plug.hears() == [KEY]
        devices.close()
        with pytest.raises(BrokenPipeError):  # once nobody reads there
            collections.deque(map(keys.write, itertools.repeat(packed([KEY]))), maxlen=0)
    assert plug.heard.empty()
