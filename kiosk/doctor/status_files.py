# SPDX-License-Identifier: Apache-2.0
"""Status files in memory: a service tells the doctor there whether a part of its own works."""

from __future__ import annotations

import logging
from pathlib import Path

from kiosk.flow.diagnosis import Part

_log = logging.getLogger(__name__)


def leave(directory: Path, part: Part, trouble: str) -> None:
    """Write why the part cannot be used; an empty file means that it can."""
    new = directory / f"{part}.new"
    try:
        new.write_text(trouble)
        new.chmod(0o644)  # despite the service's umask: the folder's mode limits the readers
        new.rename(directory / part)
    except OSError as error:
        _log.warning("%s: %s", new, error.strerror)


def left(directory: Path, part: Part) -> str | None:
    """Return the status; None if the service does not run or the file may not be read."""
    try:
        return (directory / part).read_text(errors="replace")
    except OSError:
        return None
