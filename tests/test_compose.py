"""A screen that keeps failing ends the process instead of going round in circles."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from uuid import uuid4

from kiosk import identity
from kiosk.contract.identity import Enrolled

ROOT = Path(__file__).parents[1]

_SCRIPT = """
import os, sys, time
from kiosk import compose, settings
from kiosk.flow.text import text
kiosk = compose.Kiosk(settings.read())
kiosk.screen.stage.show = lambda view: 1 / 0
sys.exit(0 if kiosk.run() else 7)
"""


def test_a_screen_that_cannot_draw_its_start_gives_up(folder: Path) -> None:
    state = folder / "state"
    enrolled = Enrolled(
        kiosk=uuid4(), name="k", organisation="o", central="c", verify_keys=(bytes(32),)
    )
    identity.keep(state, enrolled, identity.next_key(state))
    run = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "SDL_VIDEODRIVER": "offscreen",
            "KIOSK_STATE_DIRECTORY": str(state),
            "KIOSK_CENTRAL_URL": "http://127.0.0.1:1",
            "KIOSK_FULLSCREEN": "false",
            "PCSCLITE_CSOCK_NAME": str(folder / "nobody"),
        },
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        timeout=60,
    )
    assert run.returncode == 7, run.stderr[-2000:]
    assert "ZeroDivisionError" in run.stderr
