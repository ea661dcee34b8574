# SPDX-License-Identifier: Apache-2.0
"""The deadline covers a whole exchange with central, so that no answer blocks a kiosk."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from kiosk.contract.messages import Health
from kiosk.errors import CentralUnavailable
from kiosk.link import http
from kiosk.link.http import Http
from tests.host_names import UNENCODABLE
from tests.link.server import answering

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BODY = b'{"central": "Example"}'


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_WHOLE_SECONDS", 1.0)


@contextmanager
def talking(talk: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """Run a server that lets `talk` handle each connection, until the block ends."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while not over.is_set():
                    connected, _ = listening.accept()
                    threading.Thread(target=converse, args=(connected,), daemon=True).start()

        def converse(connected: socket.socket) -> None:
            with connected, suppress(OSError):
                talk(connected, over)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()


def _drip(connected: socket.socket, over: threading.Event, before: bytes, drop: bytes) -> None:
    connected.recv(65536)
    connected.sendall(before)
    while not over.wait(0.05):
        connected.sendall(drop)


DRIPS = {
    "status line": (b"HTTP/1.1 200 ", b"O"),
    "headers": (HEAD, b"X-Drop: 1\r\n"),
    "body": (HEAD + b"Content-Length: 1000000\r\n\r\n", b" "),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "nothing": (b"", b""),
}


@pytest.mark.parametrize("kind", DRIPS)
def test_a_dripping_answer_is_abandoned(kind: str) -> None:
    before, drop = DRIPS[kind]
    with (
        talking(lambda connected, over: _drip(connected, over, before, drop)) as url,
        pytest.raises(CentralUnavailable),
    ):
        Http(url).ask("GET", "/v1/health", Health)


def test_a_stopped_tls_handshake_is_abandoned() -> None:
    def silent(connected: socket.socket, over: threading.Event) -> None:
        connected.recv(65536)
        while not over.wait(0.05):
            pass

    with talking(silent) as url, pytest.raises(CentralUnavailable):
        Http(url.replace("http:", "https:")).ask("GET", "/v1/health", Health)


def test_a_tls_handshake_that_drips_is_given_up() -> None:
    record = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"  # the begin of a long ServerHello

    with (
        talking(lambda connected, over: _drip(connected, over, record, b"\0")) as url,
        pytest.raises(CentralUnavailable),
    ):
        Http(url.replace("http:", "https:")).ask("GET", "/v1/health", Health)


def test_a_dripping_tls_answer_is_abandoned(tmp_path: Path, tls_files: tuple[Path, Path]) -> None:
    certificate, key = tls_files
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def talk(connected: socket.socket, over: threading.Event) -> None:
        with context.wrap_socket(connected, server_side=True) as secured:
            _drip(secured, over, HEAD, b"X-Drop: 1\r\n")

    with talking(talk) as url, pytest.raises(CentralUnavailable):
        Http(url.replace("http://127.0.0.1", "https://localhost"), certificate).ask(
            "GET", "/v1/health", Health
        )


def test_a_reused_connection_has_the_next_deadline() -> None:
    second = threading.Event()

    def talk(connected: socket.socket, over: threading.Event) -> None:
        connected.recv(65536)
        connected.sendall(HEAD + f"Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY)
        connected.recv(65536)
        second.set()
        connected.sendall(HEAD)
        while not over.wait(0.05):
            connected.sendall(b"X-Drop: 1\r\n")

    with talking(talk) as url:
        link = Http(url)
        assert link.ask("GET", "/v1/health", Health).central == "Example"
        with pytest.raises(CentralUnavailable):
            link.ask("GET", "/v1/health", Health)
    assert second.is_set(), "the same connection was used again"


def test_a_quick_answer_leaves_no_timer_behind() -> None:
    with answering(200, BODY) as server:
        link = Http(server.url)
        for _ in range(20):
            link.ask("GET", "/v1/health", Health)
    timers = [each for each in threading.enumerate() if isinstance(each, threading.Timer)]
    for each in timers:
        each.join()
    assert all(each.finished.is_set() for each in timers)


@pytest.mark.parametrize("host", UNENCODABLE)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_central_is_unavailable_if_its_name_is_unknown(scheme: str, host: str) -> None:
    with pytest.raises(CentralUnavailable) as unavailable:
        Http(f"{scheme}://{host}").ask("GET", "/v1/health", Health)
    assert str(unavailable.value).encode()
