# SPDX-License-Identifier: Apache-2.0
"""Walk all stories, by several walkers at a time: a process each, because Kivy has one window."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ERRORS = "stderr.log"

Told = dict[str, dict[str, Any]]
"""The result of each story, by its name; see `walk`."""


def walk_all(folder: Path, size: str, turn: int, walkers: int, which: str = "every") -> Told:
    """Walk stories ("every", or a "smaller" number) at a window of `size`, in the ways of `turn`.

    To start a walker costs as much time as two or three stories.
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
