# SPDX-License-Identifier: Apache-2.0
"""Proof: every journey ends in every language, text size, palette, reach and hand."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.journeys.mishaps import EVERY_STORY
from tests.journeys.walking import walk_all
from tests.journeys.ways import Way, pairs_of, pairwise

SIZES = ("800x480", "1280x800")
_WALKERS = 4


def turn_at(place: int) -> int:
    """Return the first turn at this place's size: a story is never walked twice in the same way."""
    return place * (len(pairwise()) // len(SIZES))


def everybody(sizes: tuple[str, ...]) -> str:
    """Walk every story at each size, in another way each time; return the figures."""
    ways = pairwise()
    walked, met = 0, set()
    for place, size in enumerate(sizes):
        turn = turn_at(place)
        with tempfile.TemporaryDirectory(prefix="kiosk-everybody-") as folder:
            walked_stories = walk_all(Path(folder), size, turn, _WALKERS)
        for name in EVERY_STORY:
            became = walked_stories[name]
            if became["failed"] is not None or became["remains"]:
                raise AssertionError((size, became["way"], name, became))
            met |= {(size, *pair) for pair in pairs_of(Way(**became["chosen"]))}
            walked += 1
    pairs = set().union(*map(pairs_of, ways))
    assert met == {(size, *pair) for size in sizes for pair in pairs}, (
        "each pair of settings meets at each size"
    )
    return (
        f"{walked} journeys: {len(EVERY_STORY)} stories at {len(sizes)} sizes, {len(ways)} ways, "
        f"{len(pairs)} pairs of language, text size, colours, reach and hand met, 0 failed, "
        "nothing left of anybody"
    )


def prove() -> str:
    """Run the proof at full size."""
    return everybody(SIZES)
