# SPDX-License-Identifier: Apache-2.0
"""What the doctor found, left in the state directory: the sync tells central of it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

_NAME = "findings.json"
_LONGEST, _MOST = 128, 16


def leave(state_directory: Path, troubles: Sequence[str]) -> None:
    """Leave what is in trouble; nothing is written where it is as it was. Raises OSError."""
    told = [_printable(each) for each in troubles][:_MOST]
    if tuple(told) == left(state_directory):
        return  # flash lasts for so many writes
    new = state_directory / f"{_NAME}.new"
    with new.open("w") as file:
        json.dump(told, file)
        file.flush()
        os.fsync(file.fileno())
    new.rename(state_directory / _NAME)


def left(state_directory: Path) -> tuple[str, ...]:
    """What was left last; nothing where it cannot be understood."""
    with contextlib.suppress(OSError, ValueError):
        told = json.loads((state_directory / _NAME).read_text())
        if isinstance(told, list):
            return tuple(_printable(str(each)) for each in told)[:_MOST]
    return ()


def forget(state_directory: Path) -> None:
    """Leave nothing. Raises OSError."""
    for name in (f"{_NAME}.new", _NAME):
        (state_directory / name).unlink(missing_ok=True)


def _printable(text: str) -> str:
    return "".join(sign if " " <= sign <= "~" else "?" for sign in text)[:_LONGEST]
