# SPDX-License-Identifier: Apache-2.0
"""Every sample is drawn and photographed at both sizes, and everything on it fits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from kiosk.ui.sample import SAMPLES

ROOT = Path(__file__).parents[2]


@pytest.mark.dealt
@pytest.mark.parametrize(("width", "height"), [(800, 480), (1280, 800)])
def test_every_sample_fits_and_has_a_picture(width: int, height: int) -> None:
    folder = ROOT / "build" / "screens"
    size = f"{width}x{height}"
    command = [sys.executable, "-m", "kiosk.ui.gallery", "--size", size, "--out", str(folder)]
    made = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert made.returncode == 0, made.stderr
    assert made.stderr == ""
    for name in SAMPLES:
        with Image.open(folder / f"{name}-{size}.png") as picture:
            assert picture.size == (width, height)
            colours = picture.convert("RGB").getcolors(width * height)
        assert colours is not None
        assert len(colours) > 16
        assert max(count for count, _ in colours) < 0.97 * width * height
