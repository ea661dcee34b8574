# SPDX-License-Identifier: Apache-2.0
"""Run a command, and end it if it shows no sign of life or leaves processes behind.

`python -m tests.guard [--silent SECONDS] COMMAND...` gives the command a heartbeat file (see
`tests.heartbeat`). If the file is not touched for that long, the guard prints the last event, makes
every Python thread print its stack (SIGUSR1, which `tests/conftest.py` handles), prints the
processes that are left, and kills all of them. The exit status is that of the command, 124 after
silence, or 1 if the command left processes behind.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from tests.patience import GLANCE
from tests.processes import descendants, kill

SILENT_SECONDS = 180.0
SILENCE = 124
"""The exit status of a run that was ended, like that of timeout(1)."""

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_STACKS_SECONDS = 2.0  # for the threads to print their stacks
_GONE_SECONDS = 5.0  # for processes that are about to end by themselves


def main() -> int:
    """Run the command line's command; return the exit status."""
    parser = argparse.ArgumentParser(prog="tests.guard")
    parser.add_argument("--silent", type=float, default=SILENT_SECONDS, metavar="SECONDS")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    # The kernel makes orphans children of the guard, so that it finds them below itself.
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, _stop)
    with tempfile.NamedTemporaryFile(prefix="heartbeat-") as heartbeat:
        try:
            return _watch(arguments.command, Path(heartbeat.name), arguments.silent)
        finally:
            _kill_all()


def _stop(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)  # the status that a shell would report


def _watch(command: list[str], heartbeat: Path, silent: float) -> int:
    run = subprocess.Popen(
        command, env={**os.environ, "KIOSK_TEST_HEARTBEAT": str(heartbeat)}, start_new_session=True
    )
    status: int | None = None
    while status is None:
        if time.time() - heartbeat.stat().st_mtime > silent:
            _tell(run.pid, heartbeat.read_text(), silent)
            return SILENCE
        time.sleep(10 * GLANCE)
        status = _reap(run.pid)
    left = _left_behind()
    for number, words in left.items():
        print(f"guard: left behind: process {number}: {words}", flush=True)
    return status or (1 if left else 0)


def _reap(wanted: int) -> int | None:
    """Reap every ended process; return the exit status of `wanted` if it was among them."""
    status = None
    with suppress(ChildProcessError):
        while (reaped := os.waitpid(-1, os.WNOHANG))[0]:
            if reaped[0] == wanted:
                status = os.waitstatus_to_exitcode(reaped[1])
    return status


def _left_behind() -> dict[int, str]:
    end = time.monotonic() + _GONE_SECONDS
    while (left := descendants(os.getpid())) and time.monotonic() < end:
        time.sleep(10 * GLANCE)
        _reap(0)
    return dict(left)


def _tell(run: int, last: str, silent: float) -> None:
    """Print where the run hangs."""
    print(f"\nguard: nothing happened for {silent:.0f} s; last: {last or 'the start'}", flush=True)
    if _catches(run, signal.SIGUSR1):
        os.kill(run, signal.SIGUSR1)
        time.sleep(_STACKS_SECONDS)
    for number, words in descendants(os.getpid()).items():
        print(f"guard: process {number}: {words}", flush=True)


def _catches(number: int, one: signal.Signals) -> bool:
    """Return whether a process handles a signal; if not, the signal would kill it."""
    lines = Path(f"/proc/{number}/status").read_text().splitlines()
    caught = next(int(line.split()[1], 16) for line in lines if line.startswith("SigCgt"))
    return bool(caught >> (one - 1) & 1)


def _kill_all() -> None:
    """Kill every process below this one, and those that they start meanwhile."""
    end = time.monotonic() + _GONE_SECONDS
    while (left := descendants(os.getpid())) and time.monotonic() < end:
        kill(left)
        _reap(0)
        time.sleep(GLANCE)
    _reap(0)


if __name__ == "__main__":
    sys.exit(main())
