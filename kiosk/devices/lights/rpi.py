"""RPi.GPIO: the one file that imports it.

It works on the Pi 3 and 4; on the Pi 5 a library of the same name (rpi-lgpio) stands in its place.
Anywhere else its import fails, and that is said.
"""

from __future__ import annotations

from collections.abc import Callable

from kiosk.errors import BoardUnavailable

_BOUNCE_MS = 50


class RpiPins:
    """Keeps `devices.lights.Pins` on a Raspberry Pi's header."""

    def __init__(self) -> None:
        try:
            from RPi import GPIO  # noqa: PLC0415 - fails where there is no Pi
        except (ImportError, RuntimeError) as error:
            raise BoardUnavailable(str(error) or type(error).__name__) from None
        self._gpio = GPIO
        GPIO.setwarnings(False)
        try:
            GPIO.setmode(GPIO.BCM)
        except (RuntimeError, OSError) as error:
            raise BoardUnavailable(str(error)) from None

    def output(self, pin: int) -> None:
        """Make `pin` an output, low."""
        self._gpio.setup(pin, self._gpio.OUT, initial=self._gpio.LOW)

    def input(self, pin: int, changed: Callable[[bool], None]) -> None:
        """Make `pin` an input with a pull-up, and tell its changes."""
        self._gpio.setup(pin, self._gpio.IN, pull_up_down=self._gpio.PUD_UP)
        self._gpio.add_event_detect(
            pin,
            self._gpio.BOTH,
            callback=lambda which: changed(self.read(which)),
            bouncetime=_BOUNCE_MS,
        )

    def read(self, pin: int) -> bool:
        """Whether `pin` is high."""
        return bool(self._gpio.input(pin))

    def write(self, pin: int, high: bool) -> None:
        """Set an output."""
        self._gpio.output(pin, self._gpio.HIGH if high else self._gpio.LOW)

    def close(self) -> None:
        """Let go of every pin."""
        self._gpio.cleanup()
