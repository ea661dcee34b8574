# SPDX-License-Identifier: Apache-2.0
"""The guard ends a run in which nothing happens, and prints where it hangs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.guard import SILENCE
from tests.processes import finish
from tests.test_processes import INNER_PYTEST, TOP, wait_gone

pytestmark = pytest.mark.dealt

# A thread that locks its own mutex waits while it holds Python's lock. No signal ends that, and
# pytest-timeout cannot either.
HANGS = """
import ctypes, subprocess, sys, threading
from pathlib import Path

def wait_for_ever():
    library, mutex = ctypes.PyDLL(None), ctypes.create_string_buffer(64)
    library.pthread_mutex_lock(mutex)
    library.pthread_mutex_lock(mutex)

def test_passes():
    pass

def test_hangs(request):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "a child"])
    Path(__file__).with_name("child").write_text(str(child.pid))
    wait_for_ever()
"""
ORPHAN = """
import subprocess, sys
program = "import time; time.sleep(600)"
subprocess.Popen([sys.executable, "-c", program, "an orphan"], start_new_session=True)
"""


def guarded(*command: str | Path, silent: float) -> tuple[int, str]:
    """Run a command under the guard; return its exit status and what was printed."""
    guard = [sys.executable, "-m", "tests.guard", "--silent", str(silent)]
    done = finish([*guard, *command], cwd=TOP, text=True)
    return done.returncode, done.stdout + done.stderr


def test_a_hanging_run_is_ended_and_its_stacks_are_printed(tmp_path: Path) -> None:
    inner = tmp_path / "test_inner.py"
    inner.write_text(HANGS)
    status, printed = guarded(*INNER_PYTEST, inner, silent=10)
    assert status == SILENCE
    assert "nothing happened for 10 s; last: " in printed
    assert "::test_hangs: its setup is over" in printed
    assert "in wait_for_ever" in printed
    assert "a child" in printed
    wait_gone(int((tmp_path / "child").read_text()))


def test_the_exit_status_of_the_command_is_returned() -> None:
    assert guarded(sys.executable, "-c", "import sys; sys.exit(3)", silent=60) == (3, "")
    assert guarded("true", silent=60) == (0, "")


def test_a_run_that_leaves_an_orphan_fails() -> None:
    status, printed = guarded(sys.executable, "-c", ORPHAN, silent=60)
    assert status == 1
    assert "left behind: process" in printed
    assert "an orphan" in printed
