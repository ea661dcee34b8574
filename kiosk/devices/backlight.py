# SPDX-License-Identifier: Apache-2.0
"""How the kiosk has its display's backlight dimmed, which it may not do itself: it leaves a word.

A unit waits for that word (`kiosk-backlight.path`), and takes it away. On a machine that is no
appliance there is nobody to leave it for.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

_log = logging.getLogger(__name__)
_FILE = "backlight"


def ask(directory: Path, *, dim: bool) -> None:
    """Leave in `directory` whether it is to be dim, or lit."""
    new = directory / f"{_FILE}.new"
    try:
        with suppress(FileNotFoundError):
            new.write_text("dim\n" if dim else "lit\n")
            new.chmod(0o640)  # whatever the service's mask: who reads it is of our group
            new.rename(directory / _FILE)
    except OSError as error:
        _log.warning("nobody to dim the display: %s: %s", directory, error.strerror)
