# SPDX-License-Identifier: Apache-2.0
"""Walk all stories, by several walkers at a time: a process each, because Kivy has one window."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.processes import side_by_side

ERRORS = "stderr.log"
_LONGEST_SECONDS = 1500.0

Told = dict[str, dict[str, Any]]
"""The result of each story, by its name; see `walk`."""


def walk_all(folder: Path, size: str, turn: int, walkers: int, which: str = "every") -> Told:
    """Walk stories ("every", or a "smaller" number) at a window of `size`, in the ways of `turn`.

    To start a walker costs as much time as two or three stories.
    """
    shares = [f"{share}/{walkers}" for share in range(1, walkers + 1)]
    folders = [folder / share.replace("/", "-") for share in shares]
    for each in folders:
        each.mkdir(parents=True)
    commands = [
        [sys.executable, "-m", "tests.journeys.walk", str(its), size, share, str(turn), which]
        for its, share in zip(folders, shares, strict=True)
    ]
    errors = [its / ERRORS for its in folders]
    told: Told = {}
    for lines in side_by_side(commands, errors, seconds=_LONGEST_SECONDS):
        walked = [json.loads(line) for line in lines if line.startswith("{")]
        told |= {each["story"]: each for each in walked}
    return told
