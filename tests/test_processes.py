# SPDX-License-Identifier: Apache-2.0
"""Processes that tests start end with the test, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import processes
from tests.patience import PATIENCE, wait_until
from tests.processes import descendants, finish, is_alive, running, side_by_side

TOP = Path(__file__).parents[1]
INNER_PYTEST = [
    sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:schemathesis",
    "-p", "tests.conftest", "-c", str(TOP / "pyproject.toml"), "--rootdir", str(TOP),
]  # fmt: skip

# Starts a child that would outlive it, and prints the child's number.
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


def wait_gone(number: int) -> None:
    wait_until(lambda: not is_alive(number), f"process {number} ends")


@pytest.mark.parametrize("error", [AssertionError, KeyboardInterrupt, SystemExit])
def test_a_process_and_its_child_end_with_the_block(error: type[BaseException]) -> None:
    begun: list[int] = []

    def fail() -> None:
        command = [sys.executable, "-c", PARENT]
        with running(command, stdout=subprocess.PIPE, text=True) as process:
            begun.extend((process.pid, int(process.output.readline())))
            assert set(begun) <= set(descendants(os.getpid()))
            raise error

    with pytest.raises(error):
        fail()
    for number in begun:
        wait_gone(number)


def test_a_process_that_ignores_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_GRACE_SECONDS", 0.2)
    with running([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE) as process:
        assert process.output.readline() == b"ready\n"
    assert process.returncode == -signal.SIGKILL


@pytest.fixture
def others() -> set[int]:
    """Return the processes that the run started before, such as the card service."""
    return set(descendants(os.getpid()))


def wait_alone(others: set[int]) -> None:
    wait_until(lambda: set(descendants(os.getpid())) <= others, "everything else ends")


def test_a_command_that_takes_too_long_is_killed(others: set[int]) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        finish([sys.executable, "-c", PARENT], seconds=0.5)
    wait_alone(others)


def test_all_processes_end_when_one_of_them_fails(tmp_path: Path, others: set[int]) -> None:
    fails = [sys.executable, "-c", "import sys; sys.exit('no, thank you')"]
    commands = [[sys.executable, "-c", PARENT], fails]
    with pytest.raises(RuntimeError, match="no, thank you"):
        side_by_side(commands, [tmp_path / "one", tmp_path / "other"], seconds=PATIENCE)
    wait_alone(others)


FAILS_BESIDE_A_SERVER = """
from tests.central.test_command import environment, serving
from kiosk.central.keys import master_key

def test_fails(environment, tmp_path):
    master_key.create(tmp_path / "master.key")
    with serving(environment) as url:
        assert url.startswith("http://"), url
        raise AssertionError("on purpose")

def test_the_next_one_runs():
    pass
"""
LEAVES_A_PROCESS = """
import subprocess, sys

def test_leaves_a_process():
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "forgotten"])
"""


@pytest.mark.dealt
def test_a_test_that_fails_beside_a_served_process_ends_it(tmp_path: Path) -> None:
    inner = tmp_path / "test_inner.py"
    inner.write_text(FAILS_BESIDE_A_SERVER)
    # A process that inherited the pipe keeps it open: reading to the end shows that none is left.
    done = finish([*INNER_PYTEST, inner], cwd=TOP, text=True)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "on purpose" in done.stdout
    assert "1 failed, 1 passed" in done.stdout
    assert "LEFT BEHIND" not in done.stderr


@pytest.mark.dealt
def test_a_run_that_leaves_a_process_behind_fails_and_names_it(tmp_path: Path) -> None:
    inner = tmp_path / "test_inner.py"
    inner.write_text(LEAVES_A_PROCESS)
    ignored = (
        "-W",
        "ignore::ResourceWarning",
        "-W",
        "ignore::pytest.PytestUnraisableExceptionWarning",
    )
    done = finish([*INNER_PYTEST, *ignored, inner], cwd=TOP, text=True)
    assert "1 passed" in done.stdout
    assert "LEFT BEHIND" in done.stderr
    assert "forgotten" in done.stderr
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
