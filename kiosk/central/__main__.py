"""The `kiosk-central` command: `serve`, `migrate`, `audit verify`, and `seed-demo` to try it."""

from __future__ import annotations

import argparse
import copy
import logging
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvicorn
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select

from kiosk.central import audit, parts, seed, settings
from kiosk.central.app import create_app
from kiosk.central.database import Database, first_line
from kiosk.central.notices import Courier
from kiosk.central.tables import AuditHead
from kiosk.errors import SettingsError
from kiosk.hardening import harden

_LOG_LEVELS = {"info": "INFO", "trace": "DEBUG"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    0 if all went well, 1 if the audit was changed, 2 if a setting is wrong, 3 if the database
    failed.
    """
    parser = argparse.ArgumentParser(
        prog="kiosk-central",
        description=f"The central service of the smartcard kiosk. Settings: {settings.PREFIX}…",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="serve the contract")
    serving.add_argument("--host")
    serving.add_argument("--port", type=int)
    serving.add_argument("--certificate", type=Path, help="TLS certificate chain (PEM)")
    serving.add_argument("--key", type=Path, help="its private key (PEM)")
    serving.add_argument(
        "--log", choices=_LOG_LEVELS, default="info", help="trace: all there is to be said"
    )
    auditing = commands.add_parser("audit", help="look after the audit")
    auditing.add_argument("what", choices=["verify"], help="find the first entry that was changed")
    commands.add_parser("migrate", help="bring the database up to this version")
    commands.add_parser("seed-demo", help="read a personalisation document (JSON) from stdin")
    given = vars(parser.parse_args(arguments))
    try:
        match given.pop("command"):
            case "serve":
                level = given.pop("log")
                return _serve(settings.read(**given), level)
            case "audit":
                return _verify(settings.read())
            case "migrate":
                return _migrate(settings.read())
            case _:
                return _seed(settings.read())
    except SettingsError as error:
        print(f"kiosk-central: {error.place}: {error.reason}", file=sys.stderr)
        return 2
    except SQLAlchemyError as error:
        print(f"kiosk-central: the database: {first_line(error)}", file=sys.stderr)
        return 3


def _serve(chosen: settings.Settings, level: str) -> int:
    harden(die_with_parent=False)
    service = parts.assemble(chosen)
    config = uvicorn.Config(
        create_app(service),
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
    courier = Courier(service)
    courier.start()
    try:
        _AnnouncingServer(config, "https" if chosen.encrypted else "http").run()
    except KeyboardInterrupt:
        pass  # somebody pressed Ctrl+C, and the server has shut down
    finally:
        courier.stop()
        service.database.close()
    return 0


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


def _verify(chosen: settings.Settings) -> int:
    service = parts.assemble(chosen)
    try:
        with service.database.reading() as database:
            broken_at = audit.first_break(database)
            entries = database.exec(select(AuditHead.sequence)).one()
    finally:
        service.database.close()
    if broken_at is None:
        print(f"the audit is whole: {entries} entries")
        return 0
    print(f"the audit was changed at entry {broken_at}")
    return 1


def _migrate(chosen: settings.Settings) -> int:
    database = Database(chosen.database)
    try:
        changed = database.migrate()
    finally:
        database.close()
    print("the database is of this version now" if changed else "there was nothing to do")
    return 0


def _seed(chosen: settings.Settings) -> int:
    try:
        document = seed.Personalisation.model_validate_json(sys.stdin.buffer.read())
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"personalisation document, {place}", first["msg"]) from None
    seed.ensure_master_key(chosen.master_key_file)
    service = parts.assemble(chosen)
    try:
        seed.sow(service, document)
    finally:
        service.database.close()
    return 0


class _AnnouncingServer(uvicorn.Server):
    """Says on standard output where it listens, once it does: whoever started it may wait."""

    def __init__(self, config: uvicorn.Config, scheme: str) -> None:
        super().__init__(config)
        self._scheme = scheme

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for server in self.servers if self.started else ():
            for bound in server.sockets:
                host, port = bound.getsockname()[:2]
                host = f"[{host}]" if ":" in host else host
                print(f"listening on {self._scheme}://{host}:{port}", flush=True)


def _without_query(record: logging.LogRecord) -> bool:
    """Access logs carry paths alone: the contract has no query, so one can only be a mistake."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            value.partition("?")[0] if isinstance(value, str) else value for value in record.args
        )
    return True


if __name__ == "__main__":
    sys.exit(main())
