# SPDX-License-Identifier: Apache-2.0
"""`kiosk demo` without a display, as `make demo` runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from kiosk.demo.board_layout import LAMPS
from kiosk.demo.launch import card_takes
from kiosk.demo.premises import Premises

ROOT = Path(__file__).parents[2]


@pytest.mark.dealt
@pytest.mark.timeout(180)
def test_the_pilot_completes_the_demo_and_another_program_accepts_the_passcode(
    folder: Path,
) -> None:
    (folder / "build").mkdir()
    hidden = {"DISPLAY", "WAYLAND_DISPLAY"}
    demo = subprocess.run(
        [sys.executable, "-m", "kiosk", "demo"],
        env={name: value for name, value in os.environ.items() if name not in hidden}
        | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        timeout=150,
    )
    assert demo.returncode == 0, demo.stdout[-2000:] + demo.stderr[-2000:]
    assert "exit status 0" in demo.stdout
    pictures = sorted(path.name[3:-4] for path in (folder / "build" / "demo").glob("*.png"))
    assert {"start", "question-1", "choose-passcode", "unlocking", "done"} <= set(pictures)
    lit = {name: _lit(folder / "build" / "demo", name) for name in ("unlocking", "case-opened")}
    assert "Working" in lit["unlocking"]
    assert "Attention" in lit["case-opened"], "the board is to be seen beside the screen"
    assert "7391520" not in demo.stdout + demo.stderr


@pytest.mark.dealt
def test_another_program_rejects_a_wrong_passcode(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Premises(folder) as premises:
        monkeypatch.setenv("PCSCLITE_CSOCK_NAME", str(premises.pcscd.socket_path))
        memory = premises.card.chip.memory
        memory.passcode_left = 3
        assert not card_takes(premises)  # the card still has its old one
        memory.passcode = b"7391520\xff"
        memory.passcode_left = 3
        assert card_takes(premises)


def _lit(folder: Path, name: str) -> set[str]:
    """Return the lamps of the board that are lit in a picture, by the colours at its right."""
    (path,) = folder.glob(f"*-{name}.png")
    with Image.open(path) as picture:
        board = picture.convert("RGB").crop((800, 0, picture.width, picture.height))
        colours = {colour: number for number, colour in board.getcolors(1 << 20) or []}
    shades = {words: tuple(round(part * 255) for part in lit[:3]) for words, lit in LAMPS.values()}
    return {words for words, shade in shades.items() if colours.get(shade, 0) > 200}
