# SPDX-License-Identifier: Apache-2.0
"""Hears input devices whenever they are plugged in: the one file that imports evdev."""

from __future__ import annotations

import logging
import os
import selectors
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from evdev import InputDevice, InputEvent, ecodes

from kiosk.devices.input import InputListener, InputSource, OpenSource

_log = logging.getLogger(__name__)

# Debian 13's evdev (1.9.1) never frees 96 bytes of each event that its own `read` returns, which is
# some 30 kB for each second that a finger moves. So the bytes are read here.
_EVENT = struct.Struct("@llHHi")  # struct input_event: seconds, microseconds, type, code, value
_AT_ONCE = 64  # events

Wanted = Callable[[Path], bool]
Begin = Callable[[InputSource], InputListener]


def open_device(path: Path) -> InputSource:
    """Open an event device. Raises OSError, and SystemError for one that goes meanwhile."""
    return InputDevice(str(path))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The folders in which devices are found, and how one is opened."""

    devices: Path = Path("/dev/input")
    classes: Path = Path("/sys/class/input")
    open_source: OpenSource = open_device
    look_seconds: float = 2.0


class _Heard:
    """A device that is open and grabbed, with its listener."""

    def __init__(self, name: str, source: InputSource, begin: Begin) -> None:
        self.name, self.source, self._begin = name, source, begin
        source.grab()
        self.descriptor = source.fileno()
        self._listener = begin(source)
        self._is_whole = True

    def take(self, event: InputEvent) -> None:
        """Pass an event on, or begin anew after the kernel has lost some."""
        if (event.type, event.code) == (ecodes.EV_SYN, ecodes.SYN_DROPPED):
            self._is_whole = False
        elif self._is_whole:
            self._listener.event(event.type, event.code, event.value)
        elif (event.type, event.code) == (ecodes.EV_SYN, ecodes.SYN_REPORT):
            # The kernel's buffer ran over: what is held down is not known any more.
            self._listener.end()
            self._listener = self._begin(self.source)
            self._is_whole = True

    def end(self) -> None:
        """Tell the listener that the device is gone."""
        self._listener.end()


class InputDevices:
    """Hears every device that is `wanted`, in a thread of its own, until it is closed.

    `wanted` judges the device's folder in sysfs; no other device is opened. `begin` makes the
    listener of an opened one. An error of a device, of its listener or of the
    library ends that device alone; it is opened again at the next look.
    """

    def __init__(
        self, name: str, wanted: Wanted, begin: Begin, surroundings: Surroundings | None = None
    ) -> None:
        self._name, self._wanted, self._begin = name, wanted, begin
        self._at = surroundings or Surroundings()
        self._heard: dict[str, _Heard] = {}
        self._failing: set[str] = set()
        self._selector = selectors.DefaultSelector()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hear no more; the devices are closed before the next look."""
        self._closed.set()

    def join(self, seconds: float) -> None:
        """Wait until a closed one has closed its devices, or for so long."""
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._closed.is_set():
            self._look()
            until = time.monotonic() + self._at.look_seconds
            while not self._closed.is_set() and (left := until - time.monotonic()) > 0:
                for key, _ in self._selector.select(left):
                    self._hear(key.data)
        for heard in tuple(self._heard.values()):
            self._shut(heard)
        self._selector.close()

    def _look(self) -> None:
        for folder in sorted(self._at.classes.glob("event*")):
            if folder.name in self._heard:
                continue
            try:
                if self._wanted(folder / "device"):
                    self._open(folder.name)
            except Exception as error:  # noqa: BLE001 - no device may end the hearing of others
                self._complain(folder.name, error)

    def _open(self, name: str) -> None:
        source = self._at.open_source(self._at.devices / name)
        try:
            heard = _Heard(name, source, self._begin)
            self._selector.register(heard.descriptor, selectors.EVENT_READ, heard)
        except BaseException:
            source.close()
            raise
        self._heard[name] = heard
        self._failing.discard(name)
        _log.info("%s: %s", self._name, name)

    def _hear(self, heard: _Heard) -> None:
        try:
            for event in _read(heard.descriptor):
                if self._closed.is_set():
                    return
                heard.take(event)
        except Exception as error:  # noqa: BLE001 - no device may end the hearing of others
            self._complain(heard.name, error)
            self._shut(heard)
            self._tell_end(heard)

    def _shut(self, heard: _Heard) -> None:
        del self._heard[heard.name]
        try:
            self._selector.unregister(heard.descriptor)
            heard.source.close()
        except Exception as error:  # noqa: BLE001 - it is gone, whatever it says
            self._complain(heard.name, error)

    def _tell_end(self, heard: _Heard) -> None:
        try:
            heard.end()
        except Exception as error:  # noqa: BLE001 - no listener may end the hearing of others
            self._complain(heard.name, error)

    def _complain(self, name: str, error: Exception) -> None:
        """Log the first failure of a device, and not one at each look."""
        if name not in self._failing:
            self._failing.add(name)
            _log.info("%s: %s: %s", self._name, name, type(error).__name__)


def _read(descriptor: int) -> Iterator[InputEvent]:
    """Return the events that are there. Raises OSError at the end of the device."""
    data = os.read(descriptor, _EVENT.size * _AT_ONCE)
    if not data:
        raise OSError("the device is gone")
    return (InputEvent(*fields) for fields in _EVENT.iter_unpack(data))


__all__ = ["InputDevices", "InputEvent", "Surroundings", "ecodes", "open_device"]
