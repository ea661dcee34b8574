"""What a running kiosk says of its board, left in memory: nobody beside it may try the pins."""

from __future__ import annotations

import logging
from pathlib import Path

_log = logging.getLogger(__name__)
_NAME = "board"


def leave(runtime_directory: Path, trouble: str) -> None:
    """Leave why the board cannot be used; nothing where it can."""
    new = runtime_directory / f"{_NAME}.new"
    try:
        new.write_text(trouble)
        new.rename(runtime_directory / _NAME)
    except OSError as error:
        _log.warning("%s: %s", new, error.strerror)


def left(runtime_directory: Path) -> str | None:
    """What was left; None where no kiosk runs, or none that may be asked."""
    try:
        return (runtime_directory / _NAME).read_text(errors="replace")
    except OSError:
        return None
