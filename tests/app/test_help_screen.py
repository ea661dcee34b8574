# SPDX-License-Identifier: Apache-2.0
"""`kiosk help-screen` shows whom to call if the kiosk cannot start, until systemd ends it."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kiosk import flow
from kiosk.app.outage import Outage
from kiosk.flow.events import Touched
from kiosk.flow.text import Verbatim
from kiosk.flow.view import Contact, Notice, Resting, View
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]

# Runs the command, and beside it a tester who reads the page, presses keys, and ends the command as
# systemd does.
_SCRIPT = """
import json, os, signal, sys, threading, time

import pytest
from kiosk.__main__ import main

def look():
    while getattr(getattr(sys.modules.get("kivy.base"), "EventLoop", 0), "status", "") != "started":
        time.sleep(0.01)
    from kivy.core.window import Window
    from kivy.uix.label import Label
    def texts():
        seen = Window.children[0].walk()
        return [one.text for one in seen if isinstance(one, Label) and one.text]
    while not Window.children or "ext. 2222" not in " ".join(texts()):
        time.sleep(0.01)
    Window.children[0].key("press")
    Window.children[0].key("technician")
    time.sleep(0.1)
    print(json.dumps(texts()))
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=look, daemon=True).start()
sys.exit(main(["help-screen"]))
"""


@pytest.mark.dealt
def test_the_help_screen_shows_whom_to_call_and_ignores_keys(folder: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "SDL_VIDEODRIVER": "offscreen",
            "KIOSK_STATE_DIRECTORY": str(folder / "missing"),
            "KIOSK_FULLSCREEN": "false",
            "KIOSK_CONTACTS": '[{"name": "IT service desk", "detail": "ext. 2222"}]',
        },
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        timeout=PATIENCE,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    texts = json.loads(run.stdout)
    assert "This kiosk is out of order" in texts
    assert "Please use another kiosk. If it is urgent, call one of these." in texts
    assert {"IT service desk", "ext. 2222"} <= set(texts)
    assert not (folder / "missing").exists(), "the command leaves nothing behind"


def test_the_help_screen_rests_with_moving_contacts_and_wakes_at_a_touch() -> None:
    shown: queue.Queue[View] = queue.Queue()
    dimmed: list[bool] = []
    site = flow.Site((Contact(Verbatim("IT service desk"), Verbatim("ext. 2222")),))
    outage = Outage(site, dimmed.append, awake_seconds=0.05, move_seconds=0.05)
    thread = threading.Thread(target=outage.run, args=(shown.put,))
    thread.start()
    assert isinstance(shown.get(timeout=PATIENCE), Notice)
    for place in range(3):
        view = shown.get(timeout=PATIENCE)
        assert isinstance(view, Resting)
        assert (view.hint, view.place) == (Verbatim("IT service desk: ext. 2222"), place)
    assert dimmed == [False, True]
    outage.hear(Touched())
    while not isinstance(shown.get(timeout=PATIENCE), Notice):
        pass
    outage.close()
    thread.join()
    assert dimmed[:3] == [False, True, False]
