# SPDX-License-Identifier: Apache-2.0
"""Connections of `requests` that keep the deadline of their exchange (see `deadline`)."""

from __future__ import annotations

import socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

from kiosk import deadline

CONNECT_SECONDS = 4.0


def _open(connection: HTTPConnection) -> socket.socket:
    """Return a TCP connection that its exchange's deadline shuts down."""
    try:
        made = deadline.connect(connection.host, connection.port or 0, CONNECT_SECONDS)
    except OSError as error:
        raise NewConnectionError(connection, type(error).__name__) from error
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    _watch(made)
    # Reads are bounded by the deadline. This is for a connection that nobody watches.
    made.settimeout(CONNECT_SECONDS)
    return made


def _watch(connected: socket.socket | None) -> None:
    """Put a connection under the deadline of this thread's exchange."""
    present = deadline.current()
    if present is not None and connected is not None:
        present.watch(connected)


class _Plain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _open(self)

    def request(self, *given: Any, **named: Any) -> None:
        """Send the request; a connection that was kept is under this exchange's deadline."""
        _watch(self.sock)
        super().request(*given, **named)


class _Tls(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _open(self)

    def request(self, *given: Any, **named: Any) -> None:
        """Send the request; a connection that was kept is under this exchange's deadline."""
        _watch(self.sock)
        super().request(*given, **named)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _Tls


class DeadlineAdapter(HTTPAdapter):
    """Opens the connections of a session."""

    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        """Have pools make connections that keep a deadline."""
        super().init_poolmanager(*given, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
