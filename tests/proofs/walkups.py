# SPDX-License-Identifier: Apache-2.0
"""Proof: a kiosk in a corridor. A thousand people come one after another; a monkey does its worst.

Both at the same time, each in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.proofs import monkey, thousand
from tests.secrets_search import search

ROOT = Path(__file__).parents[2]
_JOURNEYS, _SECONDS = 1000, 600
# With threads of its own Mesa's rasteriser keeps as many frames as it falls behind, in a riot.
_ENVIRONMENT = {"monkey": {"LP_NUM_THREADS": "0"}}
_SHORTEST = 5  # what is shorter is found in anything


def walk_ups(
    journeys: int, seconds: float, *, grows: float = 0.05, reached: Collection[type] = ()
) -> str:
    """So many journeys, and a monkey for so long that it `reached` so much; give both figures."""
    with tempfile.TemporaryDirectory(prefix="kiosk-monkey-") as name:
        folder, names = Path(name), [page.__name__ for page in reached]
        with (
            _begun(folder, "thousand", str(folder), str(journeys), str(grows)) as people,
            _begun(folder, "monkey", str(folder), str(seconds), *names) as riot,
        ):
            told = [json.loads(line) for line in riot().splitlines() if line.startswith("{")]
            line = monkey.figures(folder, told, grows=grows, reached=reached)
            figures = people().strip()
        assert "kivy" in (folder / "thousand.log").read_text(), "nothing was logged"
        words = {word: word.encode() for word in thousand.GIVEN if len(word) >= _SHORTEST}
        assert search([folder / "thousand.log"], words) == []
        return f"{figures}, 0 secrets in its log; monkey for {seconds:.0f} s: {line}"


@contextmanager
def _begun(folder: Path, module: str, *arguments: str) -> Iterator[Callable[[], str]]:
    """Begin a process whose complaints go into `folder`; gives what waits for what it says."""
    errors = folder / f"{module}.stderr.log"
    with (
        errors.open("wb") as complaints,
        subprocess.Popen(
            [sys.executable, "-m", f"tests.proofs.{module}", *arguments],
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            cwd=ROOT,
            env={**os.environ, **_ENVIRONMENT.get(module, {})},
        ) as process,
    ):

        def end() -> str:
            output, _ = process.communicate(timeout=2400)
            if process.returncode != 0:
                raise AssertionError(errors.read_text()[-3000:])
            return output

        try:
            yield end
        finally:
            process.terminate()  # where the other one has failed


def prove() -> str:
    """The proof at full size."""
    return walk_ups(_JOURNEYS, _SECONDS, reached=monkey.REACHED)
