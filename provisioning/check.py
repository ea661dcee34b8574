#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lint, types, import rules, and the tests on every supported interpreter that was found.

Run by `make test`, with the Python of the first environment. Parts of the tests run side by side:
much of what they do is waiting, as people do. Each writes to a log of its own in `build`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).parents[1]
SUPPORTED = ("3.11", "3.13")
_ENOUGH = 4 << 30  # bytes
AT_A_TIME = 5  # parts of the tests; more would wait for the processors, and for their deadlines
# What takes longest begins first, beside what mostly waits: "rooms", whatever the others leave.
PARTS = {
    "journeys": ["tests/journeys"],
    "central": ["tests/central", "tests/contract"],
    "proofs": ["tests/proofs"],
    "rooms": [],
    "screen": ["tests/ui", "tests/flow"],
}
PARTS["rooms"] = ["tests", *(f"--ignore={each}" for part in PARTS.values() for each in part)]


def main() -> int:
    """Run everything; 0 where all of it passed."""
    os.chdir(TOP)
    found = [version for version in SUPPORTED if Path(_python(version)).exists()]
    for version in SUPPORTED:
        if version not in found:
            print(f"== tests on Python {version}: NOT RUN, this machine has no python{version}")
    # PostgreSQL takes longer than SQLite, so the later interpreter's part begins first.
    runs = [(version, name, where) for name, where in PARTS.items() for version in found[::-1]]
    if len(found) > 1:
        print("== what takes long (`dealt`): each test of it on one interpreter", flush=True)
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        tested = pool.map(lambda run: _test(*run, found), runs)
        passed = [_look("lint", "ruff", "check", "-q", ".")]
        passed += [_look("format", "ruff", "format", "-q", "--check", ".")]
        passed += [_look("types", "mypy")]
        passed += [_look("import rules", "lint-imports", "--no-cache")]
        passed += [_tell(*outcome) for outcome in tested]
    return 0 if found and all(passed) else 1


def _databases(version: str, found: list[str]) -> str:
    """Central is tried on both databases, each on one interpreter where there are two.

    What differs between interpreters is not the database. With SQLite it is then a third of what
    needs a database (`tests/conftest.py`).
    """
    each = {"3.11": "sqlite", "3.13": "postgresql"}
    return each[version] if len(found) > 1 else " ".join(each.values())


def _test(version: str, name: str, where: list[str], found: list[str]) -> tuple[str, Path, bool]:
    begun, log = time.monotonic(), Path(f"build/tests-{version}-{name}.log")
    command = [_python(version), "-m", "pytest", "-p", "no:cacheprovider"]
    if name != "central":
        command += ["-p", "no:schemathesis"]  # its import takes longer than many a room
    databases = _databases(version, found)
    environment = {
        **os.environ,
        **_folder(),
        "LP_NUM_THREADS": "0",  # of Mesa's rasteriser: the processors have enough to do
        "KIOSK_TEST_DATABASES": databases,
        "KIOSK_TEST_SHARE": f"{found.index(version) + 1}/{len(found)}",
    }
    # Hundreds of processes are started: each would compile all it imports, without.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with log.open("wb") as output:
        tests = subprocess.Popen([*command, *where], stdout=output, stderr=output, env=environment)
        _, status, used = os.wait4(tests.pid, 0)
    took, at_work = time.monotonic() - begun, used.ru_utime + used.ru_stime
    title = f"tests on Python {version}: {name}, central on {databases}"
    return f"{title}, {took:.0f} s, {at_work:.0f} s of a processor", log, status == 0


def _folder() -> dict[str, str]:
    """Where files of a test go: into memory, where there is enough of it.

    Whatever is killed there, what it had written stays; nobody pulls this machine's plug.
    """
    memory = Path("/dev/shm")  # noqa: S108 - each test has a folder of its own in it
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > _ENOUGH
    return {"TMPDIR": str(memory)} if roomy else {}


def _tell(title: str, log: Path, passed: bool) -> bool:
    print(f"== {title}\n{log.read_text(errors='replace')}", flush=True)
    return passed


def _look(title: str, tool: str, *arguments: str) -> bool:
    looked = subprocess.run(
        [str(Path(sys.executable).with_name(tool)), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    passed = looked.returncode == 0
    print(f"== {title}" + ("" if passed else f"\n{looked.stdout}"), flush=True)
    return passed


def _python(version: str) -> str:
    return f"build/venv/{version}/bin/python"


if __name__ == "__main__":
    sys.exit(main())
