# SPDX-License-Identifier: Apache-2.0
"""Proof: a kiosk in a corridor, with a thousand visitors in sequence, and a monkey that runs riot.

Both run at the same time, each in a process of its own.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from tests.processes import side_by_side
from tests.proofs import monkey, thousand
from tests.secrets_search import search

_JOURNEYS, _SECONDS = 1000, 600
# With several threads, Mesa's rasteriser keeps a frame for each one that it is late.
_ENVIRONMENTS: Sequence[Mapping[str, str]] = [{}, {"LP_NUM_THREADS": "0"}]
_LONGEST_SECONDS = 1500.0
_SHORTEST = 5  # shorter forms are found in anything


def walk_ups(
    journeys: int, seconds: float, *, grows: float = 0.05, reached: Collection[type] = ()
) -> str:
    """Run that many journeys, and a monkey until it has `reached` enough; return both figures."""
    with tempfile.TemporaryDirectory(prefix="kiosk-monkey-") as name:
        folder, names = Path(name), [page.__name__ for page in reached]
        module = (sys.executable, "-m")
        commands = [
            [*module, "tests.proofs.thousand", str(folder), str(journeys)],
            [*module, "tests.proofs.monkey", str(folder), str(seconds), *names],
        ]
        errors = [folder / f"{each}.stderr.log" for each in ("thousand", "monkey")]
        people, riot = side_by_side(
            commands, errors, seconds=_LONGEST_SECONDS, environments=_ENVIRONMENTS
        )
        results = [json.loads(line) for line in riot if line.startswith("{")]
        line = monkey.figures(folder, results, grows=grows, reached=reached)
        figures = people[-1].strip()
        print("".join(people[:-1]), end="")
        assert "kivy" in (folder / "thousand.log").read_text(), "a log was written"
        words = {word: word.encode() for word in thousand.GIVEN if len(word) >= _SHORTEST}
        assert search([folder / "thousand.log"], words) == []
        return f"{figures}, 0 secrets in its log; monkey for {seconds:.0f} s: {line}"


def prove() -> str:
    """Run the proof at full size."""
    return walk_ups(_JOURNEYS, _SECONDS, reached=monkey.REACHED)
