# SPDX-License-Identifier: Apache-2.0
"""Letters with codes: sent while the cardholder waits, and otherwise kept and tried again.

They are kept in memory alone, because a code is a secret; a code is of no use after fifteen minutes
anyway. Other letters wait in the database: see `notices`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from kiosk.central.mail.letters import Letter
from kiosk.central.mail.transport import MailTransport
from kiosk.errors import MailDelayed, MailFailed, MailRefused

WAIT_SECONDS = 8.0
"""The wait of a request for the mail server's answer; a kiosk waits 15 for central's."""
_RETRY_SECONDS = (10.0, 20.0, 30.0, 60.0, 120.0, 240.0)
_AT_ONCE = 8
_MOST_KEPT = 100
_log = logging.getLogger(__name__)


class _Sending:
    """A letter on its way: `tried` is set once the mail server was asked for the first time."""

    def __init__(self) -> None:
        self.tried = threading.Event()
        self.taken = False
        self.error: MailFailed | None = None


class CodeLetters:
    """Sends letters, each in a thread of its own, so that no request waits for a slow server."""

    def __init__(self) -> None:
        self._conversations = threading.BoundedSemaphore(_AT_ONCE)
        self._kept = threading.BoundedSemaphore(_MOST_KEPT)
        self._stopped = threading.Event()

    def close(self) -> None:
        """Try no letter again."""
        self._stopped.set()

    def send(
        self,
        transport: MailTransport,
        address: str,
        letter: Letter,
        refused: Callable[[], None] = lambda: None,
    ) -> bool:
        """Send a letter; return False if it was not taken yet and is tried again.

        `refused` is called, perhaps from another thread and later, if the mail server definitely
        refuses the recipient. Raises MailFailed if the letter is given up within the wait.
        """
        if not self._kept.acquire(blocking=False):
            raise MailFailed("too many letters wait")
        sending = _Sending()
        threading.Thread(
            target=self._carry,
            args=(sending, transport, address, letter, refused),
            name="code letter",
            daemon=True,
        ).start()
        sending.tried.wait(WAIT_SECONDS)
        if sending.error is not None:
            raise sending.error
        return sending.taken

    def _carry(
        self,
        sending: _Sending,
        transport: MailTransport,
        address: str,
        letter: Letter,
        refused: Callable[[], None],
    ) -> None:
        try:
            for wait in (0.0, *_RETRY_SECONDS):
                if self._stopped.wait(wait) or self._try(sending, transport, address, letter):
                    break
            if isinstance(sending.error, MailRefused):
                refused()
        except Exception as error:  # noqa: BLE001 - the thread ends here, and nobody else tells
            _log.error("a letter with a code: unexpected %s", type(error).__name__)
            sending.error = sending.error or MailFailed("unexpected")
        finally:
            sending.tried.set()
            self._kept.release()

    def _try(
        self, sending: _Sending, transport: MailTransport, address: str, letter: Letter
    ) -> bool:
        """Return whether the letter was taken or is given up."""
        try:
            with self._conversations:
                transport.deliver(address, letter)
        except MailDelayed as error:
            _log.warning("a letter with a code is tried again: %s", error)
            sending.tried.set()
            return False
        except MailFailed as error:
            _log.warning("a letter with a code is given up: %s", error)
            sending.error = error
            return True
        sending.taken = True
        return True
