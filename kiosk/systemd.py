# SPDX-License-Identifier: Apache-2.0
"""Notifies systemd of a service's state: ready, alive, busy with what, stopping (sd_notify(3)).

Outside systemd nobody listens, and the messages are dropped without harm.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notifier:
    """The socket for notifications and the watchdog's interval; each is None if there is none.

    `address` is that of a datagram socket: a path, or a name in the abstract name space.
    """

    address: str | None = None
    watchdog_seconds: float | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Notifier:
        """Return the notifier that systemd describes in a service's environment."""
        address = environment.get("NOTIFY_SOCKET", "")
        if not address.startswith(("/", "@")):
            return cls()
        microseconds = environment.get("WATCHDOG_USEC", "")
        ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        if not ours or not microseconds.isascii() or not microseconds.isdigit():
            return cls(address)
        return cls(address, int(microseconds) / 1_000_000 or None)

    def ready(self) -> None:
        """Report that the service is up, so that units that wait for it may start."""
        self._say("READY=1")

    def alive(self) -> None:
        """Send a heartbeat to the watchdog."""
        self._say("WATCHDOG=1")

    def failed(self) -> None:
        """Trigger the watchdog now, as if the heartbeat had stopped."""
        self._say("WATCHDOG=trigger")

    def status(self, text: str) -> None:
        """Set the line in `systemctl status`."""
        self._say(f"STATUS={' '.join(text.split())}")

    def stopping(self) -> None:
        """Report that the service is stopping."""
        self._say("STOPPING=1")

    def _say(self, word: str) -> None:
        if self.address is None:
            return
        address = self.address
        if address.startswith("@"):
            address = "\0" + address[1:]
        # A listener that is gone or whose queue is full must never block the kiosk.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaker:
            speaker.setblocking(False)
            speaker.sendto(word.encode(), address)
