# SPDX-License-Identifier: Apache-2.0
"""`backup`: copies of the database, made every night, and the way back from one."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path

import click

from kiosk.central import settings
from kiosk.central.actions import backup as actions
from kiosk.central.cli.operating import FILE, opened
from kiosk.command_line import Group, show

backup = Group("backup", help="Copies of the database, and the way back from one.")


def _moment(_context: click.Context, parameter: click.Parameter, value: str) -> datetime:
    """Return the instant in UTC, of ISO 8601 with its zone."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = datetime.min  # noqa: DTZ901 - it has no zone either
    if moment.tzinfo is None:
        raise click.BadParameter(
            "give a time with its zone, such as 2025-03-01T02:00:00Z", param=parameter
        )
    return moment.astimezone(UTC)


@backup.command()
@click.argument("folder", type=FILE)
@click.option(
    "--keep", default=actions.KEPT, show_default=True, help="How many files stay in the folder."
)
@click.option(
    "--copy",
    envvar="KIOSK_CENTRAL_BACKUP_COPY",
    default="",
    metavar="COMMAND",
    help="Takes the file, whose name is added, to another machine. Only then is it confirmed.",
)
@click.pass_context
def make(context: click.Context, folder: Path, keep: int, copy: str) -> None:
    """Write the database into a new file of FOLDER.

    Ends with 1 if it could not be copied.
    """
    with opened() as at:
        made = actions.make_backup(at, folder=folder, kept=keep, copy=shlex.split(copy))
    if made.confirmed:
        last = "Copied, and confirmed."
    elif made.problem:
        last = f"Not confirmed: {made.problem}."
    else:
        last = "Not confirmed: say `backup confirm` once it is on another machine."
    show(made, f"Made: {made.file}.", last)
    if made.problem:
        context.exit(1)


@backup.command()
@click.option(
    "--until",
    required=True,
    callback=_moment,
    metavar="TIME",
    help="When the backup began, such as 2025-03-01T02:00:00Z.",
)
def confirm(until: datetime) -> None:
    """Confirm that what was received until then would survive the loss of the database."""
    with opened() as at:
        done = actions.confirm_backup(at, until=until)
    show(done, f"Backed up until {done.until:%Y-%m-%d %H:%M:%S} UTC.")


@backup.command()
@click.argument("file", type=FILE)
def restore(file: Path) -> None:
    """Make the database of the settings from FILE; never over another.

    Kiosks may have been given keys since the backup, so nothing may be served before the two
    commands that this one names.
    """
    done = actions.restore_backup(settings.read(), file)
    show(
        done,
        "Restored. Before central is started:",
        "  kiosk-central escrow recover JOURNAL…   with the journal of every process",
        "  kiosk-central epochs new                so that kiosks report anew what they keep",
    )
