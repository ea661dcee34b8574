# SPDX-License-Identifier: Apache-2.0
"""Keeps the doctor's findings in the state directory, where the sync reads them for central."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

_NAME = "findings.json"
_LONGEST, _MOST = 128, 16


def leave(state_directory: Path, troubles: Sequence[str]) -> None:
    """Write the troubles, unless they are the same as before; raises OSError."""
    printable = [_printable(each) for each in troubles][:_MOST]
    if tuple(printable) == left(state_directory):
        return  # flash memory wears out with every write
    new = state_directory / f"{_NAME}.new"
    with new.open("w") as file:
        json.dump(printable, file)
        file.flush()
        os.fsync(file.fileno())
    new.rename(state_directory / _NAME)


def left(state_directory: Path) -> tuple[str, ...]:
    """Return the troubles that were written last; empty if they cannot be read."""
    with contextlib.suppress(OSError, ValueError):
        stored = json.loads((state_directory / _NAME).read_text())
        if isinstance(stored, list):
            return tuple(_printable(str(each)) for each in stored)[:_MOST]
    return ()


def forget(state_directory: Path) -> None:
    """Remove the findings; raises OSError."""
    for name in (f"{_NAME}.new", _NAME):
        (state_directory / name).unlink(missing_ok=True)


def _printable(text: str) -> str:
    return "".join(character if " " <= character <= "~" else "?" for character in text)[:_LONGEST]
