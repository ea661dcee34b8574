# SPDX-License-Identifier: Apache-2.0
"""The header of HAProxy's PROXY protocol, version 2, which names a proxied connection's client.

Layout: https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt, section 2.2.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import struct

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_FIXED = struct.Struct("!12sBBH")  # signature, version and command, family, length of what follows
_LOCAL, _PROXY = 0x20, 0x21  # version 2 in the upper half
_TCP4, _TCP6 = 0x11, 0x21
_LONGEST = 1024  # what follows: at most 36 bytes of TCP addresses, and extensions


class NoProxyHeader(ValueError):
    """The connection does not begin with a valid PROXY header."""


async def read(connected: socket.socket) -> str | None:
    """Read the header, and no byte more; return the client's address, or None if it has none.

    It has none if the proxy connects for itself, which it does for health checks. Raises
    NoProxyHeader, or an OSError.
    """
    signature, command, family, length = _FIXED.unpack(await _exactly(connected, _FIXED.size))
    if signature != SIGNATURE or command not in (_LOCAL, _PROXY) or length > _LONGEST:
        raise NoProxyHeader
    rest = await _exactly(connected, length)
    if command == _LOCAL:
        return None
    size = {_TCP4: 4, _TCP6: 16}.get(family)
    if size is None or length < 2 * size + 4:  # two addresses, two ports
        raise NoProxyHeader
    return str(ipaddress.ip_address(rest[:size]))


async def _exactly(connected: socket.socket, length: int) -> bytes:
    loop = asyncio.get_running_loop()
    read = b""
    while len(read) < length:
        piece = await loop.sock_recv(connected, length - len(read))
        if not piece:
            raise NoProxyHeader
        read += piece
    return read
