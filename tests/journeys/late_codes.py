# SPDX-License-Identifier: Apache-2.0
"""A code by email that the mail server does not take at once, so it comes later."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller

from kiosk.demo.journey import Insert, Press, Renew, See, WriteCode, new_passcode
from kiosk.demo.premises import Premises
from kiosk.flow.view import Intent
from kiosk.values import Family
from tests.journeys.happening import Do, Story, While
from tests.journeys.stories import RIGHT, START, UNLOCKED, answers
from tests.patience import PATIENCE


class _BusyServer:
    """Takes no letter at first; then puts each into the folder in which the cardholder looks."""

    def __init__(self) -> None:
        self._premises: Premises | None = None
        self._refused = threading.Event()
        self._taken = threading.Event()

    @contextmanager
    def used(self, premises: Premises) -> Iterator[None]:
        """Have central send its letters here."""
        self._premises = premises
        self._refused.clear()
        self._taken.clear()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        controller = Controller(self, hostname="127.0.0.1", port=port)
        controller.start()
        try:
            _restart(premises, f"smtp://127.0.0.1:{port}")
            yield
        finally:
            _restart(premises, "")
            controller.stop()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if not self._refused.is_set():
            self._refused.set()
            return "451 not now"
        assert self._premises is not None
        mail = self._premises.central.mail
        mail.mkdir(exist_ok=True)
        newest = max((int(path.name[:20]) for path in mail.glob("*.eml")), default=0)
        (mail / f"{newest + 1:020}-late.eml").write_bytes(envelope.content)
        self._taken.set()
        return "250 taken"

    def wait(self, _: Premises) -> None:
        """Wait until a letter has come, which was refused before."""
        assert self._refused.is_set(), "the mail server refused nothing"
        assert self._taken.wait(PATIENCE), "central did not send the letter again"


def _restart(premises: Premises, mail_server: str) -> None:
    premises.central.stop()
    premises.central.mail_server = mail_server
    premises.central.start()


_SERVER = _BusyServer()

LATE_CODES: dict[str, Story] = {
    "a code by email comes late, and the screen says so": [
        *START,
        Renew(Family.GIDS),
        While(
            "the mail server is busy",
            _SERVER.used,
            [
                Insert(),
                *answers(*RIGHT),
                See("Enter the code from your email"),
                See("The email may take a few minutes"),
                Do("the email comes", _SERVER.wait),
                WriteCode(),
                Press(Intent.CONTINUE),
                *new_passcode("135246"),
                *UNLOCKED,
            ],
        ),
        Renew(Family.PIV),
    ],
}
