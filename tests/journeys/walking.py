# SPDX-License-Identifier: Apache-2.0
"""Every story walked, by several walkers at a time: a process each, since Kivy has one window."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ERRORS = "stderr.log"

Told = dict[str, dict[str, Any]]
"""What became of each story, by its name; see `walk`."""


def walk_all(folder: Path, size: str, turn: int, walkers: int, which: str = "every") -> Told:
    """Walk every story at a window of `size`, in the ways of this `turn`, or a "smaller" number.

    To begin a walker costs what two or three stories do.
    """
    shares = [f"{share}/{walkers}" for share in range(1, walkers + 1)]
    folders = [folder / share.replace("/", "-") for share in shares]
    walks = [_begin(*each, size, str(turn), which) for each in zip(folders, shares, strict=True)]
    told: Told = {}
    for walk, its in zip(walks, folders, strict=True):
        output, _ = walk.communicate(timeout=1500)
        if walk.returncode != 0:
            raise RuntimeError((its / ERRORS).read_text()[-3000:])
        lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
        told |= {each["story"]: each for each in lines}
    return told


def _begin(folder: Path, share: str, size: str, turn: str, which: str) -> subprocess.Popen[str]:
    folder.mkdir(parents=True)
    with (folder / ERRORS).open("wb") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.walk", str(folder), size, share, turn, which],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=ROOT,
        )
