# SPDX-License-Identifier: Apache-2.0
"""`kiosk`: what systemd starts, and what a technician runs.

A command imports what it needs when it runs: `kiosk sync` has no use for the screen.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from kiosk import __version__, command_line, journal
from kiosk.command_line import Group

PROGRAM = "kiosk"
_LEVELS = {"error": 40, "warning": 30, "info": 20, "debug": 10, "traffic": 5}
_COMMANDS = {
    "demo": "services:demo",
    "doctor": "device:doctor",
    "enrol": "device:enrol",
    "firewall": "services:firewall",
    "help-screen": "services:help_screen",
    "run": "services:run",
    "site": "services:site",
    "sync": "services:sync",
    "sync-key": "device:sync_key",
    "technician-code": "device:technician_code",
}


@click.group(
    cls=Group,
    lazy={name: f"{__package__}.{place}" for name, place in _COMMANDS.items()},
    epilog="Ends with 0, with 1 if there is something to look at, with 2 if a setting or what was "
    "asked for is wrong.",
)
@click.option(
    "--log",
    type=click.Choice(list(_LEVELS)),
    default="info",
    show_default=True,
    help="The least level to log.",
)
@click.version_option(__version__, message="%(version)s")
def kiosk(log: str) -> None:
    """Run the smartcard self-service kiosk, by its KIOSK_… settings and the site's kiosk.toml."""
    journal.set_up(_LEVELS[log], os.environ)


kiosk.add_command(command_line.completion)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command; gives the process's exit status."""
    return command_line.run(kiosk, PROGRAM, arguments, {})
