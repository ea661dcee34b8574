# SPDX-License-Identifier: Apache-2.0
"""The board: it turns signals into levels of pins, and changes of pins into notices."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

from kiosk.devices.lights import BoardNotice, Lost, Notify, Pins
from kiosk.devices.lights.pin_plan import PinPlan
from kiosk.errors import BoardUnavailable
from kiosk.values import Lamp, Signal, Sound

_BLINK_SECONDS = 0.5
# Seconds on and off, in turns. The call for a card that was left ends after a while.
_TUNES = {
    Sound.NONE: (),
    Sound.DONE: (0.15,),
    Sound.CALL: (0.3, 0.2, 0.3, 0.2, 0.3, 2.0) * 8,
}


class Board:
    """Implements `devices.lights.Lights` on the pins of any driver."""

    def __init__(self, pins: Pins, plan: PinPlan) -> None:
        self._pins = pins
        self._plan = plan
        self._signal = Signal()
        self._changed = threading.Condition()
        self._closed = False
        self._trouble: str | None = None
        self._lost: Lost | None = None
        for pin in plan.outputs:
            pins.output(pin)
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("lamp", self._light), ("buzzer", self._buzz))
        ]
        for thread in self._threads:
            thread.start()

    def show(self, signal: Signal) -> None:
        """Show `signal`."""
        with self._changed:
            self._signal = signal
            self._changed.notify_all()

    def watch(self, notify: Notify, lost: Lost) -> None:
        """Report the inputs' state now, and each change; report an earlier failure at once."""
        with self._changed:
            self._lost, trouble = lost, self._trouble
        if trouble is not None:
            lost(trouble)
        plan = self._plan
        self._input(plan.tamper, notify, high=BoardNotice.OPENED, low=BoardNotice.CLOSED)
        self._input(plan.power, notify, high=BoardNotice.POWER_GOOD, low=BoardNotice.POWER_LOW)
        self._input(plan.presence, notify, high=BoardNotice.SOMEBODY_NEAR, low=None)

    def close(self) -> None:
        """Turn off every light and release the pins."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        for pin in self._plan.outputs:
            self._write(pin, high=False)
        with suppress(BoardUnavailable):  # the failure was already reported
            self._pins.close()

    # ------------------------------------------------------------ inputs

    def _input(
        self, pin: int | None, notify: Notify, *, high: BoardNotice | None, low: BoardNotice | None
    ) -> None:
        if pin is None:
            return

        def tell(level: bool) -> None:
            notice = high if level else low
            if notice is not None:
                notify(notice)

        self._pins.input(pin, tell, self._report_failure)
        tell(self._pins.read(pin))

    # ------------------------------------------------------------ outputs

    def _light(self) -> None:
        for signal, blink in self._signals(_blinking):
            reader = self._plan.reader
            if reader is not None:
                self._write(reader, high=signal.reader is Lamp.ON or blink)
            for status, pin in self._plan.statuses.items():
                self._write(pin, high=status is signal.status)

    def _buzz(self) -> None:
        pin = self._plan.buzzer
        for _, high in self._signals(_sounding):
            if pin is not None:
                self._write(pin, high=high)

    def _write(self, pin: int, *, high: bool) -> None:
        try:
            self._pins.write(pin, high)
        except BoardUnavailable as error:
            self._report_failure(error.reason)

    def _report_failure(self, reason: str) -> None:
        """Report the first failure; a failed pin is used again at the next change."""
        with self._changed:
            first, lost = self._trouble is None, self._lost
            self._trouble = self._trouble or reason
        if first and lost is not None:
            lost(reason)

    def _signals(
        self, course: Callable[[Signal], Iterator[tuple[bool, float | None]]]
    ) -> Iterator[tuple[Signal, bool]]:
        """Yield the signal and its level whenever either changes, until closed.

        `course` yields the levels in turn, each with its seconds; None lasts until the signal
        changes. The thread sleeps between changes.
        """
        signal: Signal | None = None
        levels: Iterator[tuple[bool, float | None]] = iter(())
        while True:
            with self._changed:
                if self._closed:
                    return
                if self._signal != signal:
                    signal = self._signal
                    levels = course(signal)
            level, seconds = next(levels)
            yield signal, level
            with self._changed:
                self._changed.wait_for(
                    lambda shown=signal: self._closed or self._signal != shown,  # type: ignore[misc]
                    seconds,
                )


def _blinking(signal: Signal) -> Iterator[tuple[bool, float | None]]:
    while signal.reader is Lamp.BLINKING:
        yield True, _BLINK_SECONDS
        yield False, _BLINK_SECONDS
    yield False, None


def _sounding(signal: Signal) -> Iterator[tuple[bool, float | None]]:
    high = True
    for seconds in _TUNES[signal.sound]:
        yield high, seconds
        high = not high
    yield False, None
