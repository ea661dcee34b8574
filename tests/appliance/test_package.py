"""The package as the appliance has it: without central, simulations and demonstration."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.proofs.appliance.tree import BROUGHT_ALONG, LEFT_OUT

ROOT = Path(__file__).parents[2]
_SCRIPT = """
import kiosk
from kiosk import compose, enrol, firewall, site
from kiosk.ui.gallery import Gallery
Gallery((640, 400))
import kiosk.demo.finger
print(kiosk.__file__)
"""


@pytest.mark.dealt
def test_it_is_whole_without_what_is_left_out(folder: Path) -> None:
    """And so is the proof's finger, which `make prove` brings along."""
    package = folder / "kiosk"
    shutil.copytree(ROOT / "kiosk", package, ignore=shutil.ignore_patterns("__pycache__"))
    for each in LEFT_OUT:
        shutil.rmtree(package / each)
    (package / "demo").mkdir()
    for each in BROUGHT_ALONG:
        shutil.copy(ROOT / "kiosk/demo" / each, package / "demo")
    run = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder), "SDL_VIDEODRIVER": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        timeout=PATIENCE,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.splitlines()[-1] == str(package / "__init__.py")
