# SPDX-License-Identifier: Apache-2.0
"""The process that serves the contract: a web server, and what runs beside it."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import uvicorn

from kiosk.central.http.application import create_app
from kiosk.central.http.connections import Limits
from kiosk.central.http.server import Server
from kiosk.central.operations import housekeeping
from kiosk.central.service import assembly, notices
from kiosk.central.settings import Settings
from kiosk.hardening import harden
from kiosk.systemd import Notifier

_LOG_LEVELS = {"info": "INFO", "trace": "DEBUG"}


def serve(
    chosen: Settings,
    level: str,
    announce: Callable[[str], None],
    notifier: Notifier = Notifier(),  # noqa: B008 - frozen
) -> None:
    """Serve until somebody ends it; `level`: what is logged, `info` or `trace`.

    `announce` is told the address, once the service listens there; so is systemd, and from then on
    it gets a heartbeat from the loop that answers requests. Raises SettingsError, MasterKeyAway.
    """
    harden(die_with_parent=False)
    service = assembly.assemble(chosen)
    scheme = "https" if chosen.encrypted else "http"
    server = Server(
        create_app(service),
        chosen.host,
        chosen.port,
        limits=replace(
            Limits(), connections=chosen.connections, per_address=chosen.connections_per_address
        ),
        proxies=chosen.proxy_networks,
        notifier=notifier,
        told=lambda host, port: announce(f"{scheme}://{_literal(host)}:{port}"),
        ssl_certfile=chosen.certificate,
        ssl_keyfile=chosen.key,
        log_config=_log_config(level),
        log_level=level,
    )
    logging.getLogger("uvicorn.access").addFilter(_without_query)
    chores = (notices.courier(service), housekeeping.housekeeper(service))
    for chore in chores:
        chore.start()
    try:
        server.run()
    except KeyboardInterrupt:
        pass  # somebody pressed Ctrl+C, and the server has shut down
    finally:
        for chore in chores:
            chore.stop()
        service.code_letters.close()
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


def _literal(host: str) -> str:
    """Return an address as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def _without_query(record: logging.LogRecord) -> bool:
    """Access logs carry paths alone: how far a kiosk has come is not theirs."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            value.partition("?")[0] if isinstance(value, str) else value for value in record.args
        )
    return True
