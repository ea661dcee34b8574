# SPDX-License-Identifier: Apache-2.0
"""The door: accepts connections within their limits, before TLS, and hands them to the protocol.

asyncio's own server accepts whatever comes, logs every failure of that with a traceback, and shows
a connection to nobody until its TLS handshake is over. So the server accepts by itself.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import ssl
from collections.abc import Callable, Coroutine, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from kiosk.central.http import proxy_header
from kiosk.central.http.connections import HEAD_SECONDS, Connections, Stage, origin
from kiosk.central.http.tally import Tally

Proxies = Sequence[IPv4Network | IPv6Network]
_SCARCE = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_REST_SECONDS = 0.1  # before the next try to accept, once a resource is used up
_BACKLOG = 2048
_log = logging.getLogger(__name__)


class Guest:
    """A connection from its arrival to its end; `accepted_at` is the event loop's time.

    `address` is the one that a proxy named, None if none did.
    """

    def __init__(self, door: Door, connected: socket.socket, accepted_at: float) -> None:
        self._door, self._connected = door, connected
        self.accepted_at = accepted_at
        self.address: str | None = None
        self.transport: asyncio.Transport | None = None
        self.task: asyncio.Task[None] | None = None

    def drop(self) -> None:
        """Close the connection at once, whatever it is doing."""
        if self.transport is not None:
            self.transport.abort()
        elif self.task is not None:
            self.task.cancel()

    def lead_in_over(self, _task: asyncio.Task[None]) -> None:
        """Close a connection that no protocol has taken over."""
        if self.transport is None:
            self.leave()
            self._connected.close()

    def move(self, stage: Stage) -> None:
        """Note what the connection does."""
        self._door.connections.move(self, stage)

    def leave(self) -> None:
        """Note that the connection is closed."""
        self._door.connections.leave(self)


class Door:
    """Stands in for asyncio's server; use its methods on the event loop only.

    `welcome` returns the protocol for a guest. From `proxies`, and from nobody else, each
    connection begins with a PROXY header, and the limits are applied to the address in it.
    """

    def __init__(
        self,
        listening: Sequence[socket.socket],
        welcome: Callable[[Guest], asyncio.Protocol],
        connections: Connections,
        *,
        context: ssl.SSLContext | None = None,
        proxies: Proxies = (),
    ) -> None:
        self.sockets = tuple(listening)
        self.connections = connections
        self._welcome, self._context, self._proxies = welcome, context, proxies
        self._tasks: set[asyncio.Task[None]] = set()
        self._tally = Tally(_log)
        for each in self.sockets:
            each.setblocking(False)
            self._spawn(self._accept(each))

    def close(self) -> None:
        """Accept nobody any more; end the handshakes that are under way."""
        for task in self._tasks:
            task.cancel()
        for each in self.sockets:
            each.close()

    async def wait_closed(self) -> None:
        """Wait until nobody is accepted any more."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connected, peer = await loop.sock_accept(listening)
            except OSError as error:
                if error.errno in _SCARCE:
                    self._tally.note(f"a connection was not accepted: {os.strerror(error.errno)}")
                    self.connections.shed()
                    await asyncio.sleep(_REST_SECONDS)
                continue
            self._receive(connected, peer[0])
            # The others' turn: accepting is never so quick that they cannot send what they have to.
            await asyncio.sleep(0)

    def _receive(self, connected: socket.socket, address: str) -> None:
        guest = Guest(self, connected, asyncio.get_running_loop().time())
        proxied = self._is_proxy(address)
        if not self.connections.enter(guest, None if proxied else origin(address)):
            self._refuse(connected)
            return
        guest.task = self._spawn(self._lead_in(guest, connected, proxied=proxied))
        # A task that is cancelled before its first step runs none of its own code.
        guest.task.add_done_callback(guest.lead_in_over)

    async def _lead_in(self, guest: Guest, connected: socket.socket, *, proxied: bool) -> None:
        """Read the proxy's header, shake hands, and hand the connection to its protocol."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                if proxied and not await self._named(guest, connected):
                    return
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                await loop.connect_accepted_socket(
                    lambda: self._welcome(guest),
                    connected,
                    ssl=self._context,
                    ssl_handshake_timeout=None if self._context is None else HEAD_SECONDS,
                )
        except (OSError, TimeoutError, proxy_header.NoProxyHeader) as error:
            _log.debug("a connection was closed: %s", type(error).__name__)

    async def _named(self, guest: Guest, connected: socket.socket) -> bool:
        """Count the guest under its own address; return whether there is room for it."""
        address = await proxy_header.read(connected)
        if address is None:
            return True
        guest.address = address
        if self.connections.enter(guest, origin(address)):
            return True
        self._tally.note("a connection was closed: there are too many")
        return False

    def _refuse(self, connected: socket.socket) -> None:
        self._tally.note("a connection was closed: there are too many")
        connected.close()

    def _is_proxy(self, address: str) -> bool:
        found = ip_address(address.partition("%")[0])
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in network for network in self._proxies)


def listen(host: str, port: int) -> list[socket.socket]:
    """Return sockets that listen on every address of `host`; port 0 takes a free one.

    Raises OSError.
    """
    listening: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except UnicodeError as error:
        raise OSError("a host name that cannot be encoded") from error
    for family, address in dict.fromkeys((family, address) for family, *_, address in found):
        if listening and port == 0:  # the same for all of them
            port = listening[0].getsockname()[1]
        made = socket.create_server((address[0], port), family=family, backlog=_BACKLOG)
        listening.append(made)
    return listening
