# SPDX-License-Identifier: Apache-2.0
"""`serve`: the contract, until somebody ends it."""

from __future__ import annotations

import argparse
from pathlib import Path

from kiosk.central import settings
from kiosk.central.cli.operator_context import Commands


def add(commands: Commands) -> None:
    """The command and its options."""
    serving = commands.add_parser("serve", help="serve the contract")
    serving.add_argument("--host", help="where to listen, in place of the setting")
    serving.add_argument("--port", type=int, help="on which port; 0 takes a free one")
    serving.add_argument("--certificate", type=Path, help="TLS certificate chain (PEM)")
    serving.add_argument("--key", type=Path, help="its private key (PEM)")
    serving.add_argument(
        "--log", choices=("info", "trace"), default="info", help="trace: all there is to be said"
    )
    serving.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    # To import a web server takes longer than most of the other commands do.
    from kiosk.central.cli.server import serve  # noqa: PLC0415

    chosen = settings.read(
        host=given.host, port=given.port, certificate=given.certificate, key=given.key
    )
    return serve(chosen, given.log)
