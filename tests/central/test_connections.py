# SPDX-License-Identifier: Apache-2.0
"""Limits of connections, the end of each part of an exchange, and the header of a proxy."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import threading
import time
from asyncio.selector_events import BaseSelectorEventLoop
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from ipaddress import ip_network
from types import SimpleNamespace

import pytest
from fastapi import FastAPI, Request, Response

from kiosk.central.http import door, proxy_header, timed_protocol
from kiosk.central.http.connections import Connections, Limits, Stage, origin
from kiosk.central.http.door import Proxies, listen
from kiosk.central.http.server import Server
from kiosk.central.http.tally import AtMost, Tally
from tests.patience import PATIENCE, wait_until

GET = b"GET /quick HTTP/1.1\r\nHost: x\r\n\r\n"


# ---------------------------------------------------------------- the books


class Guest:
    """A connection that knows whether it was dropped."""

    def __init__(self) -> None:
        self.dropped = False

    def drop(self) -> None:
        self.dropped = True


def entered(books: Connections, place: str | None, stage: Stage = Stage.SILENT) -> Guest:
    guest = Guest()
    assert books.enter(guest, place)
    books.move(guest, stage)
    return guest


def test_the_oldest_silent_connection_of_an_address_goes_for_a_new_one() -> None:
    books = Connections(Limits(100, 50, 20, 3))
    others = [entered(books, "B") for _ in range(3)]
    first, second, third = (entered(books, "A") for _ in range(3))
    books.move(first, Stage.BUSY)
    entered(books, "A")
    assert not second.dropped, "the first is silent no more"
    entered(books, "A")
    assert (first.dropped, second.dropped, third.dropped) == (False, True, False)
    assert not any(each.dropped for each in others)


def test_silent_connections_of_many_addresses_have_a_limit_together() -> None:
    books = Connections(Limits(100, 50, 4, 3))
    guests = [entered(books, str(number)) for number in range(6)]
    assert [each.dropped for each in guests] == [True, True, False, False, False, False]


def test_who_is_being_answered_is_never_dropped() -> None:
    books = Connections(Limits(4, 3, 4, 3))
    busy = [entered(books, "A", Stage.BUSY) for _ in range(3)]
    assert not books.enter(Guest(), "A"), "the address has no more"
    idle = entered(books, "B", Stage.IDLE)
    new = entered(books, "B")
    assert idle.dropped
    books.move(new, Stage.BUSY)
    assert not books.enter(Guest(), "C"), "there are no more at all"
    assert not any(each.dropped for each in (*busy, new))
    books.leave(new)
    assert books.enter(Guest(), "C")


def test_the_limits_leave_descriptors_in_reserve() -> None:
    few = Limits().within(1024)
    assert few.connections == 1024 - 128
    assert few.silent_per_address < few.silent < few.connections
    assert few.per_address >= 600 + few.silent_per_address, "a hospital behind one address"
    assert Limits().within(1 << 20) == Limits()


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_an_address_of_ipv6_is_its_subscribers_network(address: str, counted: str) -> None:
    assert origin(address) == counted


# ---------------------------------------------------------------- the log


def test_what_strangers_cause_is_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    tally = Tally(logging.getLogger("tally"), lambda: now[0])
    for _ in range(1000):
        tally.note("too many")
    assert [each.message for each in caplog.records] == ["too many (1 since the last such line)"]
    now[0] = 61
    tally.note("too many")
    assert caplog.records[1].message == "too many (1000 since the last such line)"


def test_lines_of_requests_are_so_many_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    bound = AtMost(10, logging.getLogger("bound"), lambda: now[0])
    line = logging.makeLogRecord({"name": "access"})
    assert sum(bound.filter(line) for _ in range(1000)) == 10
    assert [each.message for each in caplog.records] == [
        "access: a line was left out (1 since the last such line)"
    ]
    now[0] = 61
    assert bound.filter(line)


# ---------------------------------------------------------------- a server


_slow: list[int] = []
"""One for each request that is being answered slowly."""


def _application() -> FastAPI:
    app = FastAPI()
    app.state.watch = SimpleNamespace(close=lambda: None)

    @app.get("/address")
    async def address(request: Request) -> Response:
        return Response(headers={"X-Seen": request.client.host if request.client else ""})

    @app.get("/quick")
    async def quick() -> str:
        return "quick"

    @app.post("/taken")
    async def taken(request: Request) -> int:
        return len(await request.body())

    @app.get("/large")
    async def large() -> Response:
        return Response(b"x" * 20_000_000)

    @app.get("/slow")
    async def slow() -> str:
        _slow.append(1)
        await asyncio.sleep(PATIENCE)
        return "slow"

    return app


@contextmanager
def serving(limits: Limits | None = None, proxies: Proxies = ()) -> Iterator[tuple[str, int]]:
    """A server with our door and our protocol; gives the address where it listens."""
    _slow.clear()
    told = threading.Event()
    where: list[tuple[str, int]] = []

    def tell(host: str, port: int) -> None:
        where.append((host, port))
        told.set()

    server = Server(
        _application(),
        "127.0.0.1",
        0,
        limits=limits,
        proxies=proxies,
        told=tell,
        lifespan="off",
        log_config=None,
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert told.wait(PATIENCE)
        yield where[0]
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (door, timed_protocol):
        monkeypatch.setattr(module, "HEAD_SECONDS", 0.5)
    parts = dict.fromkeys(timed_protocol._SECONDS, 0.5)
    monkeypatch.setattr(timed_protocol, "_SECONDS", parts)
    monkeypatch.setattr(timed_protocol, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(timed_protocol, "_LOOK_AGAIN_SECONDS", 0.1)


def is_closed(connected: socket.socket) -> bool:
    """Whether the server closes the connection; all that it sends until then is read."""
    connected.settimeout(PATIENCE)
    with suppress(ConnectionError):
        while connected.recv(65536):
            pass
    return True


def drip(connected: socket.socket, drop: bytes) -> None:
    """Send a drop again and again, until the server closes the connection."""
    end = time.monotonic() + PATIENCE
    with suppress(ConnectionError, BrokenPipeError):
        while time.monotonic() < end:
            connected.sendall(drop)
            time.sleep(0.05)
        raise AssertionError("the server listens without end")


HALVES = {
    "nothing": (b"", b""),
    "line": (b"GET /qui", b"c"),
    "head": (b"GET /quick HTTP/1.1\r\nHost: x\r\n", b"X-Drop: 1\r\n"),
    "body": (b"POST /taken HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", b"x"),
    "chunks": (
        b"POST /taken HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"1\r\nx\r\n",
    ),
    "next head": (GET, b"X"),
}


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize("half", HALVES)
def test_each_part_of_a_request_has_an_end(half: str) -> None:
    before, drop = HALVES[half]
    with serving() as address, socket.create_connection(address) as asking:
        asking.sendall(before)
        if drop:
            drip(asking, drop)
        assert is_closed(asking)


@pytest.mark.usefixtures("_short")
def test_an_answer_that_nobody_reads_has_an_end() -> None:
    with serving() as address, socket.socket() as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        asking.connect(address)
        asking.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(1.5)
        asking.settimeout(PATIENCE)
        read = 0
        with suppress(ConnectionError):
            while piece := asking.recv(1 << 20):
                read += len(piece)
        assert read < 20_000_000


@pytest.mark.usefixtures("_short")
def test_an_answer_that_does_not_come_has_an_end() -> None:
    with serving() as address, socket.create_connection(address) as asking:
        asking.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        assert is_closed(asking)


def test_several_requests_on_one_connection_are_answered() -> None:
    with serving() as address, socket.create_connection(address, PATIENCE) as asking:
        asking.sendall(GET * 3)  # even before the first is answered
        read = b""
        while read.count(b'"quick"') < 3:
            read += asking.recv(65536)


def test_a_head_that_is_too_large_is_refused() -> None:
    with serving() as address, socket.create_connection(address, PATIENCE) as asking:
        asking.sendall(b"GET /quick HTTP/1.1\r\nX: " + b"x" * 20_000)
        assert asking.recv(65536).startswith(b"HTTP/1.1 400")


def test_silent_connections_leave_room_for_others() -> None:
    limits = Limits(64, 32, 16, 8)
    with serving(limits=limits) as address, ExitStack() as stack:
        for _ in range(100):
            silent = stack.enter_context(socket.create_connection(address, PATIENCE))
            silent.sendall(b"GET /quick HTTP/1.1\r\n")
        with socket.create_connection(address, PATIENCE) as asking:
            asking.sendall(GET)
            assert asking.recv(65536).startswith(b"HTTP/1.1 200")


def test_what_cannot_be_accepted_is_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """No descriptor is left for a while; then others are served as before."""
    failing = threading.Event()
    failing.set()
    failed = []
    original = BaseSelectorEventLoop.sock_accept

    async def sock_accept(self: BaseSelectorEventLoop, listening: socket.socket) -> object:
        if failing.is_set():
            failed.append(1)
            raise OSError(24, "Too many open files")
        return await original(self, listening)

    monkeypatch.setattr(BaseSelectorEventLoop, "sock_accept", sock_accept)
    with serving() as address, socket.create_connection(address, PATIENCE) as asking:
        wait_until(lambda: len(failed) > 3, "it is tried again")
        failing.clear()
        asking.sendall(GET)
        assert asking.recv(65536).startswith(b"HTTP/1.1 200")
    lines = [each.message for each in caplog.records if "not accepted" in each.message]
    assert len(lines) == 1


# ---------------------------------------------------------------- a proxy


PROXIES = (ip_network("127.0.0.1"),)


def header(address: str, *, command: int = 0x21, family: int = 0x11) -> bytes:
    packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    rest = packed * 2 + struct.pack("!HH", 40000, 443)
    return proxy_header.SIGNATURE + struct.pack("!BBH", command, family, len(rest)) + rest


LOCAL = proxy_header.SIGNATURE + b"\x20\x00\x00\x00"


def ask(address: tuple[str, int], sent: bytes, source: str = "127.0.0.1") -> bytes:
    """Return the server's answer to these bytes, up to the end or to a whole answer."""
    with socket.create_connection(address, PATIENCE, (source, 0)) as asking:
        asking.sendall(sent)
        with suppress(ConnectionError):
            return asking.recv(65536)
        return b""


@pytest.mark.parametrize("begin", [header("192.0.2.7"), header("2001:db8::7", family=0x21), LOCAL])
def test_a_proxy_says_for_whom_it_asks(begin: bytes) -> None:
    with serving(proxies=PROXIES) as address:
        assert ask(address, begin + GET).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("begin", "seen"),
    [
        (header("192.0.2.7"), "192.0.2.7"),
        (header("2001:db8::7", family=0x21), "2001:db8::7"),
        (LOCAL, "127.0.0.1"),
    ],
)
def test_the_application_sees_the_address_that_the_proxy_named(begin: bytes, seen: str) -> None:
    with serving(proxies=PROXIES) as address:
        answer = ask(address, begin + GET.replace(b"quick", b"address"))
    assert f"x-seen: {seen}\r\n".encode() in answer


@pytest.mark.parametrize(
    "begin",
    [
        b"",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 40000 443\r\n",
        header("192.0.2.7", command=0x31),
        header("192.0.2.7", family=0x31),
        header("192.0.2.7", family=0x21),
        proxy_header.SIGNATURE + b"\x21\x11\xff\xff",
    ],
)
def test_a_proxy_that_does_not_say_it_properly_is_not_answered(begin: bytes) -> None:
    with serving(proxies=PROXIES) as address:
        assert ask(address, begin + GET) == b""


@pytest.mark.parametrize(
    "begin", [header("192.0.2.7"), LOCAL, b"PROXY TCP4 192.0.2.7 192.0.2.1 40000 443\r\n"]
)
@pytest.mark.parametrize("proxies", [PROXIES, ()])
def test_nobody_else_may_say_it(begin: bytes, proxies: Proxies) -> None:
    with serving(proxies=proxies) as address:
        assert ask(address, begin + GET, "127.0.0.66").startswith(b"HTTP/1.1 400")
        assert ask(address, GET, "127.0.0.66").startswith(b"HTTP/1.1 200")


def test_the_limits_are_for_the_clients_of_a_proxy() -> None:
    with serving(proxies=PROXIES, limits=Limits(64, 8, 64, 64)) as address, ExitStack() as stack:
        waiting = [
            stack.enter_context(socket.create_connection(address, PATIENCE)) for _ in range(8)
        ]
        for each in waiting:
            each.sendall(header("192.0.2.7") + b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: len(_slow) == 8, "all of them are being answered")
        assert ask(address, header("192.0.2.7") + GET) == b""
        assert ask(address, header("192.0.2.8") + GET).startswith(b"HTTP/1.1 200")


@pytest.mark.usefixtures("_short")
def test_a_proxy_header_has_to_come_in_time() -> None:
    with serving(proxies=PROXIES) as address, socket.create_connection(address) as asking:
        asking.sendall(header("192.0.2.7")[:20])
        assert is_closed(asking)


def test_it_listens_on_every_address_of_a_name() -> None:
    listening = listen("localhost", 0)
    assert len({each.getsockname()[1] for each in listening}) == 1
    for each in listening:
        each.close()
