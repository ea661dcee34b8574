# SPDX-License-Identifier: Apache-2.0
"""Connections that send nothing, half of a request's head, or half of its body, and stay open."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import cycle

from tests.proofs.attack.stage import (
    ATTACKER_ADDRESS,
    Stage,
    Victim,
    allow_sockets,
    stage,
    unlocking,
)

SECONDS = 12.0
_SENT = (
    b"",
    b"POST /v1/reports HTTP/1.1\r\nHost: central\r\nX-Half: ",
    b"POST /v1/token HTTP/1.1\r\nHost: central\r\nContent-Length: 5000\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\ngrant",
)
_LARGEST_LOG = 64 * 1024


def attack(
    count: int = 1100, seconds: float = SECONDS, most_seconds: float = 1.0, database: str = ""
) -> str:
    """Hold `count` connections of one address while others unlock."""
    allow_sockets(count + 200)
    with stage(database) as central:
        victim = Victim(central, seconds)
        with holding(central, count) as held:
            time.sleep(2.0)  # until all of them are there
            with unlocking(victim) as served:
                time.sleep(seconds)
        written = central.log.stat().st_size
    assert not served.failed, served.failed[:3]
    assert max(served.seconds) < most_seconds, str(served)
    assert written < _LARGEST_LOG + 200 * len(served.seconds), written
    return (
        f"{count} idle and half-sent connections of one address, opened {held.opened} times,"
        f" closed by central {held.closed} times; {served}; {written // 1024} KiB of log"
    )


class Held:
    """The number of connections that were opened, and closed by central."""

    opened = 0
    closed = 0


@contextmanager
def holding(central: Stage, count: int, address: str = ATTACKER_ADDRESS) -> Iterator[Held]:
    """Keep `count` connections open, each opened again once central has closed it."""
    held, stop = Held(), threading.Event()
    thread = threading.Thread(target=_hold, args=(central, count, address, held, stop))
    thread.start()
    try:
        yield held
    finally:
        stop.set()
        thread.join()


def _hold(central: Stage, count: int, address: str, held: Held, stop: threading.Event) -> None:
    with selectors.DefaultSelector() as chosen:
        sent = cycle(_SENT)

        def connect() -> None:
            opened = socket.socket()
            opened.setblocking(False)
            opened.bind((address, 0))
            opened.connect_ex(central.address)
            chosen.register(opened, selectors.EVENT_WRITE, next(sent))
            held.opened += 1

        for _ in range(count):
            connect()
        while not stop.is_set():
            for key, event in chosen.select(0.1):
                connection = key.fileobj
                assert isinstance(connection, socket.socket)
                if event & selectors.EVENT_WRITE:
                    with suppress(OSError):
                        connection.send(key.data)
                    chosen.modify(connection, selectors.EVENT_READ, key.data)
                    continue
                with suppress(OSError):
                    connection.recv(65536)
                chosen.unregister(connection)
                connection.close()
                held.closed += 1
                connect()
        for key in list(chosen.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
