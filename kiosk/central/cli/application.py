# SPDX-License-Identifier: Apache-2.0
"""`kiosk-central`: a noun for each subject, a verb for each action, and their exit statuses.

Nouns are imported when they are asked for: `--version` and a shell's completion load no database.
"""

from __future__ import annotations

from collections.abc import Sequence

import click

from kiosk import __version__, command_line
from kiosk.command_line import Group
from kiosk.errors import KioskError, MasterKeyAway, StoreFailed

PROGRAM = "kiosk-central"
_STATUSES: dict[type[KioskError], int] = {MasterKeyAway: 3, StoreFailed: 3}
_NOUNS = {
    "actions": "actions:actions",
    "alerts": "reports:alerts",
    "approvals": "approvals:approvals",
    "audit": "audit:audit",
    "backup": "backup:backup",
    "cardholders": "retention:cardholders",
    "cards": "cards:cards",
    "epochs": "epochs:epochs",
    "escrow": "escrow:escrow",
    "import": "imports:import_rows",
    "import-key": "imports:import_key",
    "keys": "imports:keys",
    "kiosks": "kiosks:kiosks",
    "master-key": "installation:master_key",
    "metrics": "reports:metrics",
    "migrate": "installation:migrate",
    "organisations": "organisations:organisations",
    "registrations": "registrations:registrations",
    "reports": "reports:reports",
    "retention": "retention:retention",
    "seed-demo": "installation:seed_demo",
    "serve": "installation:serve",
    "settings": "installation:list_settings",
    "tombstones": "epochs:tombstones",
    "trust": "trust:trust",
    "unlocking": "unlocking:unlocking",
}


@click.group(
    cls=Group,
    lazy={name: f"{__package__}.{place}" for name, place in _NOUNS.items()},
    epilog="Ends with 0, with 1 if there is something to look at, with 2 if it declined and"
    " changed nothing, with 3 if the database or the master key's token failed.",
)
@click.version_option(__version__, message="%(version)s")
def kiosk_central() -> None:
    """Run the central service of the smartcard kiosk, by its KIOSK_CENTRAL_… settings."""


kiosk_central.add_command(command_line.completion)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command; gives the process's exit status."""
    return command_line.run(kiosk_central, PROGRAM, arguments, _STATUSES, extra="central")
