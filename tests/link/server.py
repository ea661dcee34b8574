# SPDX-License-Identifier: Apache-2.0
"""A small HTTP server whose answers a test sets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answering(ThreadingHTTPServer):
    """Answers every request with `answer`, and records the requests."""

    daemon_threads = True

    def __init__(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = (status, body, headers)
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Standing:
    """An access token that was fetched before."""

    retiring = False

    def __init__(self, token: str = "t0ken") -> None:
        self.token = token

    def current(self) -> str:
        return self.token

    def refused(self, token: str) -> None:
        """Do nothing: there is no other token."""


class _Handler(BaseHTTPRequestHandler):
    server: Answering

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append((self.command, self.path, dict(self.headers), body))
        status, content, headers = self.server.answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing."""


@contextmanager
def answering(
    status: int = 200, body: bytes = b"{}", headers: dict[str, str] | None = None
) -> Iterator[Answering]:
    """Run a server on the loopback interface until the block ends."""
    with Answering(status, body, headers or {}) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
