"""Proof: a kiosk in a corridor. A thousand people come one after another; a monkey does its worst.

Both at the same time, each in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.proofs import monkey

ROOT = Path(__file__).parents[2]
_JOURNEYS, _SECONDS = 1000, 600


def walk_ups(
    journeys: int, seconds: float, *, grows: float = 0.05, reached: Iterable[type] = ()
) -> str:
    """So many journeys, and a monkey for so long that it `reached` so much; give both figures."""
    with tempfile.TemporaryDirectory(prefix="kiosk-monkey-") as name:
        folder = Path(name)
        with (
            _begun("thousand", str(journeys), str(grows)) as people,
            _begun("monkey", str(folder), str(seconds)) as riot,
        ):
            told = [json.loads(line) for line in _end(riot).splitlines() if line.startswith("{")]
            line = monkey.figures(folder, told, grows=grows, reached=reached)
            return f"{_end(people).strip()}; monkey for {seconds:.0f} s: {line}"


@contextmanager
def _begun(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", f"tests.proofs.{module}", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()  # where the other one has failed


def _end(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=2400)
    if process.returncode != 0:
        raise AssertionError(errors[-3000:])
    return output


def prove() -> str:
    """The proof at full size."""
    return walk_ups(_JOURNEYS, _SECONDS, reached=monkey.REACHED)
