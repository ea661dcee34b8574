# SPDX-License-Identifier: Apache-2.0
"""The process that serves the contract: a web server, and what runs beside it."""

from __future__ import annotations

import copy
import logging
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from fastapi import FastAPI

from kiosk.central.http.application import create_app
from kiosk.central.operations import housekeeping
from kiosk.central.service import assembly, notices
from kiosk.central.settings import Settings
from kiosk.hardening import harden

_LOG_LEVELS = {"info": "INFO", "trace": "DEBUG"}


def serve(chosen: Settings, level: str, announce: Callable[[str], None]) -> None:
    """Serve until somebody ends it; `level`: what is logged, `info` or `trace`.

    `announce` is told the address, once the service listens there. Raises SettingsError,
    MasterKeyAway.
    """
    harden(die_with_parent=False)
    service = assembly.assemble(chosen)
    app = create_app(service)
    config = uvicorn.Config(
        app,
        host=chosen.host,
        port=chosen.port,
        ssl_certfile=chosen.certificate,
        ssl_keyfile=chosen.key,
        proxy_headers=False,
        server_header=False,
        log_config=_log_config(level),
        log_level=level,
        # A client that left without closing TLS would hold the shutdown for half a minute.
        timeout_graceful_shutdown=3,
    )
    logging.getLogger("uvicorn.access").addFilter(_without_query)
    chores = (notices.courier(service), housekeeping.housekeeper(service))
    for chore in chores:
        chore.start()
    try:
        _Server(config, app, "https" if chosen.encrypted else "http", announce).run()
    except KeyboardInterrupt:
        pass  # somebody pressed Ctrl+C, and the server has shut down
    finally:
        for chore in chores:
            chore.stop()
        service.database.close()


def _log_config(level: str) -> dict[str, Any]:
    """All to standard error: whoever reads where we listen need not read on.

    Neither says what a request or an answer carries: the server logs the sizes of bodies alone, and
    that there are headers.
    """
    config = copy.deepcopy(uvicorn.config.LOGGING_CONFIG)
    config["handlers"]["access"]["stream"] = "ext://sys.stderr"
    own = {"handlers": ["default"], "level": _LOG_LEVELS[level], "propagate": False}
    config["loggers"]["kiosk"] = own
    return config


class _Server(uvicorn.Server):
    """Announces where it listens, once it does: whoever started it may wait.

    Kiosks that wait for changes do not hold up its end.
    """

    def __init__(
        self, config: uvicorn.Config, app: FastAPI, scheme: str, announce: Callable[[str], None]
    ) -> None:
        super().__init__(config)
        self._announce = announce
        self._app = app
        self._scheme = scheme

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.watch.close()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for server in self.servers if self.started else ():
            for bound in server.sockets:
                host, port = bound.getsockname()[:2]
                host = f"[{host}]" if ":" in host else host
                self._announce(f"{self._scheme}://{host}:{port}")


def _without_query(record: logging.LogRecord) -> bool:
    """Access logs carry paths alone: how far a kiosk has come is not theirs."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            value.partition("?")[0] if isinstance(value, str) else value for value in record.args
        )
    return True
