# SPDX-License-Identifier: Apache-2.0
"""The app in its own process: threads, failures, and an import without Kivy."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

from tests.patience import PATIENCE


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"PATIENCE = {PATIENCE / 2}\n{textwrap.dedent(program)}"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, "SDL_VIDEODRIVER": "offscreen"},
    )


def test_importing_the_package_does_not_import_kivy() -> None:
    done = run(
        """
        import sys, kiosk.ui, kiosk.ui.toolkit, kiosk.ui.catalogue, kiosk.ui.sample, kiosk.ui.typed
        import kiosk.ui.gallery
        assert "kivy" not in sys.modules
        """
    )
    assert done.returncode == 0, done.stderr


def test_kivy_cannot_be_imported_before_it_is_prepared() -> None:
    done = run(
        """
        import os
        os.environ["KIVY_NO_ARGS"] = "1"
        import kivy
        from kiosk.ui.toolkit import WindowSettings, prepare
        prepare(WindowSettings())
        """
    )
    assert "kivy was imported before" in done.stderr


def test_a_visit_from_another_thread_and_a_failure_that_the_app_survives() -> None:
    done = run(
        """
        import logging, queue, threading
        from kiosk.flow.events import Pressed, Touched, Typed
        from kiosk.flow.view import Intent
        from kiosk.ui import open_screen
        from kiosk.ui.catalogue import load_all
        from kiosk.ui.sample import SAMPLES
        from kiosk.ui.toolkit import WindowSettings

        logging.basicConfig(level=logging.INFO)
        events, failures = queue.Queue(), queue.Queue()
        app = open_screen(
            WindowSettings(), load_all(), events.put, lambda: failures.put("failed")
        )
        from kiosk.demo import finger as hand
        from kiosk.demo.finger import Eye, Finger

        hand.PATIENCE = PATIENCE  # of whoever waits for a frame

        def expect(wanted):
            while not isinstance(event := events.get(timeout=PATIENCE), wanted):
                pass
            return event

        def explode():
            secret = "hunter2"
            raise ValueError(secret)

        def visit():
            finger = Finger(app, hold=0, patience=PATIENCE)
            eye = Eye(app, patience=PATIENCE)
            try:
                app.show(SAMPLES["question-typed"])
                eye.wait_for("first school")
                finger.write("York")
                finger.press("Continue")
                assert expect(Pressed).typed.reveal() == b"York"

                app.call(explode)
                assert failures.get(timeout=PATIENCE) == "failed"
                assert eye.texts() == []
                app.show(SAMPLES["question-typed"])
                finger.key("x")
                assert expect(Typed).length == 1, "what was typed did not survive the failure"
                app.forget()
                print("visited")
            finally:
                app.stop()

        thread = threading.Thread(target=visit)
        thread.start()
        app.run()
        thread.join()
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "visited\n", done.stderr
    assert "ValueError at <string>" in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr
