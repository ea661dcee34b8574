# SPDX-License-Identifier: Apache-2.0
"""Proof: every page, in every language and with every setting, at both sizes, has its room.

Nothing is cut off, breaks a word, covers anything or is too small for a finger; what is touched
is within low reach where that is wanted. A process for each size, because Kivy has one window:
`python -m tests.proofs.pages WIDTHxHEIGHT` prints the figures.
"""

from __future__ import annotations

import itertools
import json
import sys
import tempfile
from pathlib import Path

from kiosk.flow.preferences import Access, Language, TextSize
from kiosk.ui.gallery import Gallery
from tests.processes import side_by_side
from tests.ui.test_flow_pages import NAMES, faults_of, view_of

_LONGEST_SECONDS = 1200.0
_SIZES = ("800x480", "1280x800")
# Colours change nothing of where things are.
_SETTINGS = [
    Access(size, low_reach=low) for size, low in itertools.product(TextSize, (False, True))
]


def look(size: str) -> tuple[int, list[str]]:
    """Look at every page at this size: how many there were, and what is wrong."""
    width, height = map(int, size.split("x"))
    gallery = Gallery((width, height))
    faults, number = [], 0
    looks = itertools.product(enumerate(Language), enumerate(_SETTINGS), enumerate(NAMES))
    for (first, language), (second, access), (third, name) in looks:
        # With whatever can be wrong beside it, at every other look.
        number += 1
        view = view_of(name, language, access, troubled=bool((first + second + third) % 2))
        found = faults_of(gallery, view)
        faults += [f"{size} {language} {access} {name}: {fault}" for fault in found]
    return number, faults


def prove() -> str:
    """The proof at full size."""
    number = 0
    commands = [[sys.executable, "-m", "tests.proofs.pages", size] for size in _SIZES]
    with tempfile.TemporaryDirectory() as folder:
        errors = [Path(folder) / size for size in _SIZES]
        for lines in side_by_side(commands, errors, seconds=_LONGEST_SECONDS):
            seen, faults = json.loads(lines[-1])
            assert faults == [], "\n".join(faults[:20])
            number += seen
    return (
        f"{number} screens: {len(NAMES)} pages, {len(Language)} languages, "
        f"{len(_SETTINGS)} settings, {len(_SIZES)} sizes; nothing cut "
        "off, covered, or smaller than a finger"
    )


if __name__ == "__main__":
    print(json.dumps(look(sys.argv[1])))
