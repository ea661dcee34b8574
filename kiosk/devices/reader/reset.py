# SPDX-License-Identifier: Apache-2.0
"""Asks for a restart of the card service, which the kiosk itself may not do: it makes a file.

The unit `kiosk-reader-reset.path` waits for that file and removes it.
"""

from __future__ import annotations

import logging
from pathlib import Path

_log = logging.getLogger(__name__)
_FILE = "reader-reset"


def ask(directory: Path) -> None:
    """Make the file in `directory`; if there is no directory, no unit waits for it."""
    _log.error("the card service hangs: asking for a restart")
    try:
        (directory / _FILE).touch()
    except OSError as error:
        _log.warning("cannot ask for a restart: %s: %s", directory, error.strerror)
