# SPDX-License-Identifier: Apache-2.0
"""How the kiosk has its card service started anew, which it may not do itself: it leaves a file.

A unit waits for that file (`kiosk-reader-reset.path`), and removes it.
"""

from __future__ import annotations

import logging
from pathlib import Path

_log = logging.getLogger(__name__)
_FILE = "reader-reset"


def ask(directory: Path) -> None:
    """Ask for it in `directory`; where there is none, nobody would listen."""
    _log.error("the card service hangs: asking for it to be started anew")
    try:
        (directory / _FILE).touch()
    except OSError as error:
        _log.warning("nobody to ask: %s: %s", directory, error.strerror)
