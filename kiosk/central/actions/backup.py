# SPDX-License-Identifier: Apache-2.0
"""Backups of the database, and their confirmation, until which kiosks keep their reports."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kiosk.central.actions.catalogue import action
from kiosk.central.actions.context import Change, Declined, OperatorContext, said_plainly
from kiosk.central.service import assembly
from kiosk.central.settings import Settings
from kiosk.central.storage import backup
from kiosk.central.tables import Installation

KEPT = 14
"""Backups that stay in the folder."""
_NAMES = re.compile(r"central-\d{8}T\d{6}Z\.backup")


@dataclass(frozen=True, slots=True)
class BackupMade:
    """A backup in a file.

    `until`: when it began. `confirmed`: whether it was copied elsewhere, and confirmed. `problem`:
    why it was not copied, if it should have been. `removed`: the older files that went.
    """

    file: str
    until: datetime
    bytes: int
    confirmed: bool
    problem: str
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BackupConfirmed:
    """A confirmed backup: everything received until then survives the loss of the database."""

    until: datetime


@dataclass(frozen=True, slots=True)
class BackupRestored:
    """A database that was made from a backup; `until`: what was confirmed to be safe by then."""

    until: datetime | None


@action("backup.make", "backup.made", "backed-up")
def make_backup(
    context: OperatorContext, *, folder: Path, kept: int = KEPT, copy: Sequence[str] = ()
) -> BackupMade:
    """Write the database into a new file of `folder`, and remove all but the newest `kept` ones.

    `copy`: a command that takes the file elsewhere, with the file's name added. The backup is
    confirmed only if it succeeds: one on the same disk is lost with the database. Raises
    StoreFailed, SettingsError.
    """
    if kept < 1:
        raise Declined("At least one backup has to stay")
    begun = context.now.astimezone(UTC)
    file = folder / f"central-{begun:%Y%m%dT%H%M%SZ}.backup"
    try:
        if file.exists():
            raise Declined(f"{file} exists already")
    except OSError as error:
        raise Declined(f"{folder}: {error.strerror}") from None
    backup.write(context.services.database.url, file)
    problem = _copied(copy, file) if copy else ""
    confirmed = bool(copy) and not problem
    found = sorted(each for each in folder.iterdir() if _NAMES.fullmatch(each.name))
    removed = tuple(each.name for each in found[:-kept])
    for each in removed:
        (folder / each).unlink(missing_ok=True)
    size = file.stat().st_size
    with context.changing() as change:
        change.record("backup.made", {"file": file.name, "bytes": size, "until": begun.isoformat()})
        if confirmed:
            _confirm(change, begun)
    return BackupMade(str(file), begun, size, confirmed, problem, removed)


@action("backup.confirm", "backed-up")
def confirm_backup(context: OperatorContext, *, until: datetime) -> BackupConfirmed:
    """Confirm that a backup is safe that began at `until`, an instant with its time zone."""
    if until.tzinfo is None:
        raise Declined("The time of the backup needs its time zone, such as Z for UTC")
    until = until.astimezone(UTC)
    with context.changing() as change:
        _confirm(change, until)
    return BackupConfirmed(until)


def restore_backup(settings: Settings, file: Path) -> BackupRestored:
    """Make the database of the settings from a backup; never over another.

    Raises SettingsError for a database that exists, or that belongs to another master key,
    MasterKeyAway, StoreFailed.
    """
    try:
        file.open("rb").close()
    except OSError as error:
        raise Declined(f"{file}: {error.strerror}") from None
    with said_plainly():
        backup.restore(file, settings.database)
        services = assembly.assemble(settings)
        try:
            with services.database.reading() as session:
                return BackupRestored(session.get_one(Installation, 1).backed_up_until)
        finally:
            services.database.close()


def _confirm(change: Change, until: datetime) -> None:
    if until > change.now:
        raise Declined("The time of the backup is yet to come")
    installation = change.session.get_one(Installation, 1)
    before = installation.backed_up_until
    if before is not None and until < before:
        raise Declined(f"A later backup was confirmed already, of {before:%Y-%m-%d %H:%M:%S} UTC")
    installation.backed_up_until = until
    change.record("backed-up", {"until": until.isoformat()})


def _copied(copy: Sequence[str], file: Path) -> str:
    """Run the command that takes the backup elsewhere; return its problem, or nothing."""
    try:
        done = subprocess.run([*copy, str(file)], stdin=subprocess.DEVNULL, check=False)
    except OSError as error:
        return f"{copy[0]}: {error.strerror}"
    return f"{copy[0]} ended with status {done.returncode}" if done.returncode else ""
