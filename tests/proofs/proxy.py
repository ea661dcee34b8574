# SPDX-License-Identifier: Apache-2.0
"""A network between kiosk and central that can be cut: a TCP proxy that counts requests.

A hook is called for each request before it is passed on, and again after central has answered and
before the answer is passed back. If the hook says so, the connection is cut at that moment.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

from tests.patience import PATIENCE

Hook = Callable[[str, str], bool]
"""Called with "before" or "after" and the request's line; True cuts the connection."""


class Proxy:
    """Listens on a port of its own and passes requests on to `upstream`; `url` is its address."""

    def __init__(self, upstream: str) -> None:
        host, _, port = upstream.removeprefix("http://").partition(":")
        self._upstream = (host, int(port))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.hook: Hook = lambda _moment, _request: False
        self.down = False
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                kiosk, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(kiosk,), daemon=True).start()

    def _pass(self, kiosk: socket.socket) -> None:
        with kiosk, contextlib.suppress(OSError, EOFError):
            while not self.down:
                request = _message(kiosk)
                line = request.split(b"\r\n", 1)[0].decode()
                if self.down or self.hook("before", line):
                    return
                with self._connected() as central:
                    central.sendall(request)
                    answer = _message(central)
                if self.down or self.hook("after", line):
                    return
                kiosk.sendall(answer)

    def _connected(self) -> socket.socket:
        return socket.create_connection(self._upstream, timeout=PATIENCE)


def _message(connection: socket.socket) -> bytes:
    """Read one HTTP message with a Content-Length, or without a body."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += _some(connection)
    return head + b"\r\n\r\n" + body


def _some(connection: socket.socket) -> bytes:
    piece = connection.recv(65536)
    if not piece:
        raise EOFError
    return piece
