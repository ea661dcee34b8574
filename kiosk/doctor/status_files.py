# SPDX-License-Identifier: Apache-2.0
"""What a service says of a part that nobody beside it may try: left in memory, for the doctor."""

from __future__ import annotations

import logging
from pathlib import Path

from kiosk.flow.diagnosis import Part

_log = logging.getLogger(__name__)


def leave(directory: Path, part: Part, trouble: str) -> None:
    """Leave why the part cannot be used; nothing where it can."""
    new = directory / f"{part}.new"
    try:
        new.write_text(trouble)
        new.chmod(0o644)  # whatever the service's mask: the folder's own mode says who may read it
        new.rename(directory / part)
    except OSError as error:
        _log.warning("%s: %s", new, error.strerror)


def left(directory: Path, part: Part) -> str | None:
    """What was left; None where its service does not run, or may not be asked."""
    try:
        return (directory / part).read_text(errors="replace")
    except OSError:
        return None
