# SPDX-License-Identifier: Apache-2.0
"""Asks for the backlight to be dimmed, which the kiosk itself may not do: it writes a file.

The unit `kiosk-backlight.path` waits for that file and removes it. On a machine that is no
appliance there is no such unit.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

_log = logging.getLogger(__name__)
_FILE = "backlight"


def ask(directory: Path, *, dim: bool) -> None:
    """Write to `directory` whether the display is to be dim or lit."""
    new = directory / f"{_FILE}.new"
    try:
        with suppress(FileNotFoundError):
            new.write_text("dim\n" if dim else "lit\n")
            new.chmod(0o640)  # despite the service's umask: the reader is in our group
            new.rename(directory / _FILE)
    except OSError as error:
        _log.warning("cannot ask to dim the display: %s: %s", directory, error.strerror)
