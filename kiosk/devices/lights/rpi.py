# SPDX-License-Identifier: Apache-2.0
"""The driver of a Raspberry Pi's pins: the only file that imports RPi.GPIO.

RPi.GPIO works on the Pi 3 and 4. On the Pi 5, and on kernels without /dev/gpiomem (such as
Debian's), rpi-lgpio provides a library of the same name. On other machines its import or its first
use fails, and BoardUnavailable reports it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kiosk.devices.lights import Lost
from kiosk.devices.lights.switch import Switches
from kiosk.errors import BoardUnavailable


class RpiPins:
    """Implements `devices.lights.Pins` on a Raspberry Pi's header."""

    def __init__(self) -> None:
        with _as_board_error():
            from RPi import GPIO  # noqa: PLC0415 - fails on other machines

            GPIO.setwarnings(False)
            GPIO.setmode(GPIO.BCM)
        self._gpio = GPIO
        self._switches = Switches(self.read)

    def output(self, pin: int) -> None:
        """Make `pin` an output, low."""
        with _as_board_error():
            self._gpio.setup(pin, self._gpio.OUT, initial=self._gpio.LOW)

    def input(self, pin: int, changed: Callable[[bool], None], lost: Lost) -> None:
        """Make `pin` an input with a pull-up; call `changed` when its level changes."""
        with _as_board_error():
            self._gpio.setup(pin, self._gpio.IN, pull_up_down=self._gpio.PUD_UP)
        self._switches.follow(pin, changed, lost)

    def read(self, pin: int) -> bool:
        """Return whether `pin` is high."""
        with _as_board_error():
            return bool(self._gpio.input(pin))

    def write(self, pin: int, high: bool) -> None:
        """Set an output."""
        with _as_board_error():
            self._gpio.output(pin, self._gpio.HIGH if high else self._gpio.LOW)

    def close(self) -> None:
        """Release every pin."""
        self._switches.close()
        with _as_board_error():
            self._gpio.cleanup()


@contextmanager
def _as_board_error() -> Iterator[None]:
    """Raise BoardUnavailable for every error of the library."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the two libraries of this name raise different errors
        raise BoardUnavailable(str(error) or type(error).__name__) from None
