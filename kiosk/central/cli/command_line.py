# SPDX-License-Identifier: Apache-2.0
"""The command line of `kiosk-central`: each group of commands is a module beside this one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from kiosk import __version__
from kiosk.central import settings
from kiosk.central.cli import (
    cards,
    escrow,
    estate,
    keys,
    recovery,
    reports,
    retention,
    serving,
    trusting,
    upkeep,
)
from kiosk.central.cli.operator_context import Declined
from kiosk.central.storage.database import first_line
from kiosk.errors import MasterKeyAway, SettingsError, StoreFailed

_GROUPS = (serving, upkeep, keys, escrow, estate, cards, recovery, trusting, reports, retention)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    0 if all went well, 1 if something is to be looked at (a changed audit), 2 if a setting or what
    was asked for is wrong, 3 if the database or
    the token of the master key failed. Whatever is not 0 or 1 has changed nothing.
    """
    parser = argparse.ArgumentParser(
        prog="kiosk-central",
        description=f"The central service of the smartcard kiosk. Settings: {settings.PREFIX}…",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for group in _GROUPS:
        group.add(commands)
    given = parser.parse_args(arguments)
    try:
        status: int = given.run(given)
    except SettingsError as error:
        print(f"kiosk-central: {error.place}: {error.reason}", file=sys.stderr)
        return 2
    except Declined as declined:
        print(f"kiosk-central: {declined.reason}", file=sys.stderr)
        return 2
    except MasterKeyAway as error:
        print(f"kiosk-central: the master key's token: {error.reason}", file=sys.stderr)
        return 3
    except StoreFailed as error:
        print(f"kiosk-central: {error.reason}", file=sys.stderr)
        return 3
    except SQLAlchemyError as error:
        print(f"kiosk-central: the database: {first_line(error)}", file=sys.stderr)
        return 3
    return status
