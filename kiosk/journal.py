# SPDX-License-Identifier: Apache-2.0
"""What a service logs, as fields of systemd's journal, each with the session that it belongs to.

Under systemd records go to the journal's own socket, by its native protocol
(systemd.io/JOURNAL_NATIVE_PROTOCOL); anywhere else they are lines on standard error. Nothing is
taken from a record but its message and where it was made: of an exception not even its text.
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
_MOST_BYTES = 16 << 10  # of a message: one datagram holds it, whatever the kernel's limits are
_LENGTH = struct.Struct("<Q")
_PRIORITIES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))  # of syslog(3)
_DEBUG = 7
_LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s%(session_told)s"

session: ContextVar[str] = ContextVar("session", default="")
"""The visit that a thread works for, by the reference that its person may quote; "" for none."""


def set_up(level: int, environment: Mapping[str, str], address: str = SOCKET) -> None:
    """Have this process's records of `level` and above logged where its standard error leads."""
    handler: logging.Handler = logging.StreamHandler()
    if _is_journal(environment):
        handler = JournalHandler(address)
    handler.addFilter(_with_session)
    handler.setFormatter(_Line(_LINE))
    logging.basicConfig(level=level, handlers=[handler])


class _Line(logging.Formatter):
    """A line, without what an exception says: that could be what somebody typed."""

    def formatException(self, ei: object) -> str:  # noqa: ARG002, N802 - logging's own name
        """Nothing."""
        return ""


class JournalHandler(logging.Handler):
    """Sends each record to the journal; what it does not take at once goes to standard error."""

    def __init__(self, address: str = SOCKET) -> None:
        super().__init__()
        self._address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)  # a journal that is stuck must never hold up the kiosk

    def emit(self, record: logging.LogRecord) -> None:
        """Send `record`."""
        try:
            self._socket.sendto(packed(fields_of(record)), self._address)
        except OSError:
            sys.stderr.write(f"{self.format(record)}\n")

    def close(self) -> None:
        """Send nothing more."""
        self._socket.close()
        super().close()


def fields_of(record: logging.LogRecord) -> dict[str, str]:
    """The journal's fields for `record`."""
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
    about = session.get()
    return {**fields, "KIOSK_SESSION": about} if about else fields


def packed(fields: Mapping[str, str]) -> bytes:
    """One datagram: each value with its length, so that it may hold lines."""
    parts = []
    for name, value in fields.items():
        content = value.encode(errors="backslashreplace")[:_MOST_BYTES]
        parts.append(name.encode() + b"\n" + _LENGTH.pack(len(content)) + content + b"\n")
    return b"".join(parts)


def _is_journal(environment: Mapping[str, str]) -> bool:
    """Whether systemd says that this standard error is the journal's (systemd.exec(5))."""
    try:
        here = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return environment.get("JOURNAL_STREAM") == f"{here.st_dev}:{here.st_ino}"


def _with_session(record: logging.LogRecord) -> bool:
    about = session.get()
    record.session_told = f" [{about}]" if about else ""
    return True
