# SPDX-License-Identifier: Apache-2.0
"""Folders of a machine's input devices, with pipes instead of Linux's event devices."""

from __future__ import annotations

import os
import queue
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from evdev import AbsInfo, ecodes

from kiosk.devices.input.evdev import Surroundings

Event = tuple[int, int, int]
Heard = TypeVar("Heard")
LOOK_SECONDS = 0.05


def packed(events: Iterable[Event]) -> bytes:
    """Return these events as bytes, each a `struct input_event`."""
    return b"".join(struct.pack("@llHHi", 1_700_000_000, 5, *each) for each in events)


class Pipe:
    """Implements `InputSource` on a named pipe; it reports the axes that it was made with."""

    def __init__(self, path: Path, axes: Mapping[int, AbsInfo]) -> None:
        self.path, self._axes = path, axes
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.is_grabbed = False

    def fileno(self) -> int:
        assert self.is_grabbed, "read before it was grabbed"
        return self._descriptor

    def grab(self) -> None:
        self.is_grabbed = True

    def capabilities(self, *, absinfo: bool) -> Mapping[int, Sequence[int]]:
        assert not absinfo
        return {ecodes.EV_ABS: list(self._axes)} if self._axes else {}

    def absinfo(self, axis_num: int) -> AbsInfo:
        return self._axes[axis_num]

    def close(self) -> None:
        os.close(self._descriptor)


class Plug(Generic[Heard]):
    """A machine to plug devices into; `heard` collects what their events became."""

    def __init__(self, folder: Path) -> None:
        self.devices, self.classes = folder / "dev", folder / "sys"
        self.devices.mkdir()
        self.classes.mkdir()
        self.heard: queue.Queue[Heard] = queue.Queue()
        self.opened: list[str] = []
        self.axes: dict[int, AbsInfo] = {}

    def plug_in(self, name: str, **files: str) -> Path:
        """Add a device with these files in sysfs; "__" in a name separates folders."""
        (self.classes / name).mkdir()
        for file, content in files.items():
            path = self.classes / name / "device" / file.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content + "\n")
        os.mkfifo(self.devices / name)
        return self.devices / name

    def open(self, path: Path) -> Pipe:
        self.opened.append(path.name)
        return Pipe(path, self.axes)

    def hears(self, number: int = 1) -> list[Heard]:
        return [self.heard.get(timeout=20) for _ in range(number)]

    @property
    def surroundings(self) -> Surroundings:
        return Surroundings(self.devices, self.classes, self.open, LOOK_SECONDS)
