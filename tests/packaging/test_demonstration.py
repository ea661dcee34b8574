# SPDX-License-Identifier: Apache-2.0
"""`kiosk demo` without a display, from the installed wheel, outside of the repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from kiosk.demo.board_layout import LAMPS
from tests.packaging.building import Installation


@pytest.mark.dealt
@pytest.mark.timeout(180)
def test_the_pilot_walks_with_pictures_and_another_program_agrees(
    whole: Installation, folder: Path
) -> None:
    demo = whole.run("kiosk", "demo", seconds=150, folder=folder)
    assert demo.status == 0, demo.out[-2000:] + demo.err[-2000:]
    assert "exit status 0" in demo.out
    pictures = sorted(path.name[3:-4] for path in (folder / "build" / "demo").glob("*.png"))
    assert {"start", "question-1", "choose-passcode", "unlocking", "done"} <= set(pictures)
    lit = {name: _lit(folder / "build" / "demo", name) for name in ("unlocking", "case-opened")}
    assert "Working" in lit["unlocking"]
    assert "Attention" in lit["case-opened"], "the board is visible beside the screen"
    assert "7391520" not in demo.out + demo.err


def _lit(folder: Path, name: str) -> set[str]:
    """Return which lamps of the board are lit in a picture, by the colours at its right."""
    (path,) = folder.glob(f"*-{name}.png")
    with Image.open(path) as picture:
        board = picture.convert("RGB").crop((800, 0, picture.width, picture.height))
        colours = {colour: number for number, colour in board.getcolors(1 << 20) or []}
    shades = {words: tuple(round(part * 255) for part in lit[:3]) for words, lit in LAMPS.values()}
    return {words for words, shade in shades.items() if colours.get(shade, 0) > 200}
