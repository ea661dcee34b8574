"""Every story walked, by several walkers at a time: a process each, since Kivy has one window."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

Told = dict[str, dict[str, Any]]
"""What became of each story, by its name; see `walk`."""


def walk_all(folder: Path, size: str, turn: int, walkers: int) -> Told:
    """Walk every story at a window of `size`, in the ways of this `turn`.

    To begin a walker costs what two or three stories do.
    """
    shares = [f"{share}/{walkers}" for share in range(1, walkers + 1)]
    walks = [_begin(folder / share.replace("/", "-"), size, share, turn) for share in shares]
    told: Told = {}
    for walk in walks:
        output, errors = walk.communicate(timeout=1500)
        if walk.returncode != 0:
            raise RuntimeError(errors[-3000:])
        lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
        told |= {each["story"]: each for each in lines}
    return told


def _begin(folder: Path, size: str, share: str, turn: int) -> subprocess.Popen[str]:
    folder.mkdir(parents=True)
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.journeys.walk"),
            *(str(folder), size, share, str(turn)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
