# SPDX-License-Identifier: Apache-2.0
"""A conversation with a mail server that ends in time, and the meaning of how it ended."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from kiosk import deadline
from kiosk.errors import MailDelayed, MailFailed, MailRefused

SECONDS = 8.0
"""For the whole of it; a kiosk waits 15 for central's answer."""
_CONNECT_SECONDS = 4.0
_TEMPORARY = range(400, 500)  # RFC 5321, section 4.2.1
_PERMANENT = range(500, 600)


class _Plain(smtplib.SMTP):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return _connected(host, port, timeout)


class _Wrapped(smtplib.SMTP_SSL):
    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        return self.context.wrap_socket(_connected(host, port, timeout), server_hostname=host)


def _connected(host: str, port: int, timeout: float) -> socket.socket:
    made = deadline.connect(host, port, _CONNECT_SECONDS)
    present = deadline.current()
    if present is not None:
        present.watch(made)
    made.settimeout(timeout)
    return made


@contextmanager
def conversation(
    host: str, port: int, context: ssl.SSLContext, *, wrapped: bool
) -> Iterator[smtplib.SMTP]:
    """Provide a connection to the mail server, for at most eight seconds from here to its end.

    Raises MailRefused if the server definitely refuses the recipient, MailDelayed if it may take
    the letter later, and MailFailed for everything else; none of them shows anything of the letter.
    """
    present = deadline.Deadline(SECONDS)
    try:
        with present:
            server = (
                _Wrapped(host, port, timeout=SECONDS, context=context)
                if wrapped
                else _Plain(host, port, timeout=SECONDS)
            )
            try:
                yield server
            finally:
                _part(server)
    except UnicodeError as error:  # of a name that cannot be looked up, or a text
        raise MailFailed(type(error).__name__) from None
    except (OSError, smtplib.SMTPException) as error:
        if present.passed:
            raise MailDelayed("DeadlinePassed") from None
        raise _meaning(error) from None


def _part(server: smtplib.SMTP) -> None:
    """End the conversation; however the server takes that, it changes nothing of what was said."""
    with suppress(OSError, smtplib.SMTPException):
        server.docmd("QUIT")
    server.close()


def _meaning(error: OSError | smtplib.SMTPException) -> MailFailed:
    name = type(error).__name__
    codes = _codes(error)
    if isinstance(error, smtplib.SMTPRecipientsRefused) and all(
        each in _PERMANENT for each in codes
    ):
        return MailRefused(name)
    if isinstance(error, ssl.SSLError) and not isinstance(error, TimeoutError):
        return MailFailed(name)
    lost = isinstance(error, smtplib.SMTPServerDisconnected) or (
        isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException)
    )
    if lost or (codes and all(each in _TEMPORARY for each in codes)):
        return MailDelayed(name)
    return MailFailed(name)


def _codes(error: OSError | smtplib.SMTPException) -> list[int]:
    """Return what the server answered: for each recipient, or for the command that failed."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _ in error.recipients.values()]
    if isinstance(error, smtplib.SMTPResponseException):
        return [error.smtp_code]
    return []
