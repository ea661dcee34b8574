# SPDX-License-Identifier: Apache-2.0
"""The web server: uvicorn, whose connections come by our door and have deadlines."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from fastapi import FastAPI

from kiosk.central.http.connections import HEAD_SECONDS, Connections, Limits, allow_descriptors
from kiosk.central.http.door import Door, Guest, Proxies, listen
from kiosk.central.http.tally import AtMost
from kiosk.central.http.timed_protocol import LONGEST_HEAD, TimedProtocol
from kiosk.errors import SettingsError
from kiosk.systemd import Notifier

_LINES_A_MINUTE = 3000
"""Of requests in the log: a thousand kiosks cause half of these."""
_UNREADABLE_A_MINUTE = 1
_BEATS = 3  # within the time after which systemd kills a service that is silent
_log = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """Serves `app`; calls `told` with host and port for each address on which it listens.

    Kiosks that wait for changes do not hold up its end.
    """

    def __init__(
        self,
        app: FastAPI,
        host: str,
        port: int,
        *,
        limits: Limits | None = None,
        proxies: Proxies = (),
        told: Callable[[str, int], None] = lambda _host, _port: None,
        notifier: Notifier = Notifier(),  # noqa: B008 - frozen
        **options: Any,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=TimedProtocol,
                ws="none",
                proxy_headers=False,
                server_header=False,
                h11_max_incomplete_event_size=LONGEST_HEAD,
                timeout_keep_alive=round(HEAD_SECONDS),
                # A client that left without closing TLS would hold the shutdown for half a minute.
                timeout_graceful_shutdown=3,
                **options,
            )
        )
        self._app, self._host, self._port = app, host, port
        self._limits, self._proxies, self._told = limits or Limits(), proxies, told
        self._notifier = notifier
        self._beating: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and open the door."""
        quieten()
        await self.lifespan.startup()
        try:
            listening = sockets or listen(self._host, self._port)
        except OSError as error:
            raise SettingsError(
                "KIOSK_CENTRAL_HOST", f"cannot listen there: {error.strerror}"
            ) from None
        connections = Connections(self._limits.within(allow_descriptors()))
        door = Door(
            listening,
            self._welcome,
            connections,
            context=self.config.ssl,
            proxies=self._proxies,
        )
        self.servers = [door]  # type: ignore[list-item]
        self.started = True
        for bound in listening:
            host, port = bound.getsockname()[:2]
            self._told(host, port)
        self._notifier.ready()
        self._beating = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        """Send heartbeats for as long as this loop answers requests."""
        while (seconds := self._notifier.watchdog_seconds) is not None:
            self._notifier.alive()
            await asyncio.sleep(seconds / _BEATS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let nobody wait for changes any more, and end."""
        self._notifier.stopping()
        if self._beating is not None:
            self._beating.cancel()
        self._app.state.watch.close()
        await super().shutdown(sockets)

    def _welcome(self, guest: Guest) -> asyncio.Protocol:
        made = TimedProtocol(self.config, self.server_state, self.lifespan.state)
        made.guest = guest
        return made


def quieten() -> None:
    """Bound the lines that strangers can cause in the web server's logs."""
    for name, lines in (
        ("uvicorn.access", _LINES_A_MINUTE),
        ("uvicorn.error", _UNREADABLE_A_MINUTE),
    ):
        logger = logging.getLogger(name)
        if not any(isinstance(each, (AtMost, _Unreadable)) for each in logger.filters):
            bound = AtMost(lines, _log)
            logger.addFilter(bound if name == "uvicorn.access" else _Unreadable(bound))


class _Unreadable(logging.Filter):
    """Bounds the warning that a request is no HTTP; all other lines are the server's own."""

    def __init__(self, bound: AtMost) -> None:
        super().__init__()
        self._bound = bound

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is to be logged."""
        return record.levelno != logging.WARNING or self._bound.filter(record)
