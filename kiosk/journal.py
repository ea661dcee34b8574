# SPDX-License-Identifier: Apache-2.0
"""Logs to systemd's journal, with fields and with the session that each record belongs to.

Under systemd, records go to the journal's own socket in its native protocol
(systemd.io/JOURNAL_NATIVE_PROTOCOL); elsewhere they are lines on standard error. Only a record's
message and origin are logged; of an exception, not even its text.
"""

from __future__ import annotations

import logging
import os
import socket
import struct
import sys
from collections.abc import Mapping
from contextvars import ContextVar

SOCKET = "/run/systemd/journal/socket"
_MOST_BYTES = 16 << 10  # of a message: fits into one datagram under every kernel's limits
_LENGTH = struct.Struct("<Q")
_PRIORITIES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))  # of syslog(3)
_DEBUG = 7
_LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s%(session_told)s"

session: ContextVar[str] = ContextVar("session", default="")
"""The reference of the visit that a thread works for, which its user may quote; "" for none."""


def set_up(level: int, environment: Mapping[str, str], address: str = SOCKET) -> None:
    """Log this process's records of `level` and above to the place of its standard error."""
    handler: logging.Handler = logging.StreamHandler()
    if _is_journal(environment):
        handler = JournalHandler(address)
    handler.addFilter(_with_session)
    handler.setFormatter(_Line(_LINE))
    logging.basicConfig(level=level, handlers=[handler])


class _Line(logging.Formatter):
    """Formats a line without the text of an exception, which could be what a user typed."""

    def formatException(self, ei: object) -> str:  # noqa: ARG002, N802 - logging's own name
        """Return nothing."""
        return ""


class JournalHandler(logging.Handler):
    """Sends each record to the journal; writes it to standard error if the journal refuses it."""

    def __init__(self, address: str = SOCKET) -> None:
        super().__init__()
        self._address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)  # a stuck journal must never block the kiosk

    def emit(self, record: logging.LogRecord) -> None:
        """Send `record`."""
        try:
            self._socket.sendto(packed(fields_of(record)), self._address)
        except OSError:
            sys.stderr.write(f"{self.format(record)}\n")

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
        super().close()


def fields_of(record: logging.LogRecord) -> dict[str, str]:
    """Return the journal's fields for `record`."""
    levels = (priority for level, priority in _PRIORITIES if record.levelno >= level)
    fields = {
        "MESSAGE": record.getMessage(),
        "PRIORITY": str(next(levels, _DEBUG)),
        "SYSLOG_IDENTIFIER": "kiosk",
        "LOGGER": record.name,
        "THREAD": record.threadName or "",
        "CODE_FILE": record.pathname,
        "CODE_LINE": str(record.lineno),
        "CODE_FUNC": record.funcName or "",
    }
    reference = session.get()
    return {**fields, "KIOSK_SESSION": reference} if reference else fields


def packed(fields: Mapping[str, str]) -> bytes:
    """Return one datagram; each value is sent with its length, so that it may contain newlines."""
    parts = []
    for name, value in fields.items():
        content = value.encode(errors="backslashreplace")[:_MOST_BYTES]
        parts.append(name.encode() + b"\n" + _LENGTH.pack(len(content)) + content + b"\n")
    return b"".join(parts)


def _is_journal(environment: Mapping[str, str]) -> bool:
    """Return whether standard error is the journal, according to systemd (systemd.exec(5))."""
    try:
        here = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return environment.get("JOURNAL_STREAM") == f"{here.st_dev}:{here.st_ino}"


def _with_session(record: logging.LogRecord) -> bool:
    reference = session.get()
    record.session_told = f" [{reference}]" if reference else ""
    return True
