# SPDX-License-Identifier: Apache-2.0
"""Proof: every page fits, in every language and with every setting, at both sizes.

Nothing is cut off, breaks a word, covers anything or is too small for a finger; controls are within
low reach if that is set. Each size has a process of its own, because Kivy has one window: `python
-m tests.proofs.pages WIDTHxHEIGHT` prints the figures.
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
# Colours do not change the layout.
_SETTINGS = [
    Access(size, low_reach=low) for size, low in itertools.product(TextSize, (False, True))
]


def look(size: str) -> tuple[int, list[str]]:
    """Check every page at this size; return their number and their faults."""
    width, height = map(int, size.split("x"))
    gallery = Gallery((width, height))
    faults, number = [], 0
    looks = itertools.product(enumerate(Language), enumerate(_SETTINGS), enumerate(NAMES))
    for (first, language), (second, access), (third, name) in looks:
        # Every other time, with every error message that a page can have.
        number += 1
        view = view_of(name, language, access, troubled=bool((first + second + third) % 2))
        found = faults_of(gallery, view)
        faults += [f"{size} {language} {access} {name}: {fault}" for fault in found]
    return number, faults


def prove() -> str:
    """Run the proof at full size."""
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
