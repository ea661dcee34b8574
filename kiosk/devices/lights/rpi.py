# SPDX-License-Identifier: Apache-2.0
"""RPi.GPIO: the one file that imports it.

It works on the Pi 3 and 4; on the Pi 5, and wherever the kernel has no /dev/gpiomem (Debian's own
has none), a library of the same name (rpi-lgpio) stands in its place. Anywhere else its import
fails, or its first use, and that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kiosk.devices.lights import Lost
from kiosk.devices.lights.switch import Switches
from kiosk.errors import BoardUnavailable


class RpiPins:
    """Keeps `devices.lights.Pins` on a Raspberry Pi's header."""

    def __init__(self) -> None:
        with _said():
            from RPi import GPIO  # noqa: PLC0415 - fails where there is no Pi

            GPIO.setwarnings(False)
            GPIO.setmode(GPIO.BCM)
        self._gpio = GPIO
        self._switches = Switches(self.read)

    def output(self, pin: int) -> None:
        """Make `pin` an output, low."""
        with _said():
            self._gpio.setup(pin, self._gpio.OUT, initial=self._gpio.LOW)

    def input(self, pin: int, changed: Callable[[bool], None], lost: Lost) -> None:
        """Make `pin` an input with a pull-up, and tell its changes."""
        with _said():
            self._gpio.setup(pin, self._gpio.IN, pull_up_down=self._gpio.PUD_UP)
        self._switches.follow(pin, changed, lost)

    def read(self, pin: int) -> bool:
        """Whether `pin` is high."""
        with _said():
            return bool(self._gpio.input(pin))

    def write(self, pin: int, high: bool) -> None:
        """Set an output."""
        with _said():
            self._gpio.output(pin, self._gpio.HIGH if high else self._gpio.LOW)

    def close(self) -> None:
        """Let go of every pin."""
        self._switches.close()
        with _said():
            self._gpio.cleanup()


@contextmanager
def _said() -> Iterator[None]:
    """Whatever the library has to complain of is that the pins cannot be used."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the two libraries of this name raise each its own
        raise BoardUnavailable(str(error) or type(error).__name__) from None
