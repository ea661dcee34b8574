#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lint, types, import rules, and the tests on every supported interpreter that was found.

Run by `make test`, with the Python of the first environment. Parts of the tests run side by side,
because much of what they do is waiting. Each writes to a log of its own in `build`, and runs under
`tests.guard`, which ends it if nothing happens for three minutes.

With the argument `quick`, run by `make quick`: lint, format, types, import rules and the tests that
need neither a process nor a window nor a database, on the first environment alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).parents[1]
SUPPORTED = ("3.11", "3.13")
_ENOUGH = 4 << 30  # bytes
AT_A_TIME = 5  # parts of the tests; more would wait for the processors, and for their deadlines
# The longest parts begin first, beside parts that mostly wait: "rooms", whatever the others leave.
PARTS = {
    "journeys": ["tests/journeys"],
    "central": ["tests/central", "tests/contract"],
    "proofs": ["tests/proofs"],
    "rooms": [],
    "screen": ["tests/ui", "tests/flow"],
}
PARTS["rooms"] = ["tests", *(f"--ignore={each}" for part in PARTS.values() for each in part)]
# What is pure: it takes no card service, no window, no database and no process. The longest first.
QUICK = {
    "card": ["tests/card"],
    "flow": ["tests/flow"],
    "contract": ["tests/contract"],
    "vault, values, settings": [
        "tests/vault/test_sealed_answers.py",
        "tests/test_values.py",
        "tests/site/test_site_file.py",
        "tests/site/test_settings.py",
        "tests/site/test_firewall.py",
        "tests/sync/test_planning.py",
        "tests/ui/test_typed.py",
        "tests/central/test_evidence.py",
        "tests/central/test_throttle.py",
    ],
}
CORES = 2
CACHES = (".mypy_cache", ".ruff_cache", "kiosk/__pycache__", "tests/__pycache__")
LOOKS = {
    "types": ("mypy",),
    "import rules": ("lint-imports", "--no-cache", "--config", "importlinter.toml"),
    "lint": ("ruff", "check", "-q", "."),
    "format": ("ruff", "format", "-q", "--check", "."),
}


def main(arguments: list[str]) -> int:
    """Run everything, or what is quick; return 0 if all of it passed."""
    os.chdir(TOP)
    return run_quick() if arguments == ["quick"] else run_all()


def run_quick() -> int:
    """Run what says within a minute whether a change may be right."""
    begun = time.monotonic()
    cold = [each for each in CACHES if not Path(each).exists()]
    if cold:
        print(f"== cold, so slower than it will be: no {', '.join(cold)}", flush=True)
    with ThreadPoolExecutor(CORES) as pool:
        # Types first: on a cold day they take longest.
        looked = [pool.submit(_look, title, *command) for title, command in LOOKS.items()]
        tested = [pool.submit(_test_quickly, *part) for part in QUICK.items()]
        passed = [each.result() for each in looked + tested]
    told = "passed" if all(passed) else "FAILED"
    print(f"== quick: {told}, {time.monotonic() - begun:.0f} s", flush=True)
    return 0 if all(passed) else 1


def run_all() -> int:
    """Run everything on every interpreter that was found; return 0 if all of it passed."""
    begun = time.monotonic()
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
        passed = [_look(title, *command) for title, command in LOOKS.items()]
        passed += [_tell(*outcome) for outcome in tested]
    print(f"== all of it: {time.monotonic() - begun:.0f} s", flush=True)
    return 0 if found and all(passed) else 1


def _databases(version: str, found: list[str]) -> str:
    """Central is tried on both databases, each on one interpreter where there are two.

    The interpreters do not differ in the database. With SQLite only a third of the tests that need
    a database run then (`tests/conftest.py`).
    """
    each = {"3.11": "sqlite", "3.13": "postgresql"}
    return each[version] if len(found) > 1 else " ".join(each.values())


def _test(version: str, name: str, where: list[str], found: list[str]) -> tuple[str, Path, bool]:
    begun, log = time.monotonic(), Path(f"build/tests-{version}-{name}.log")
    command = [*_guarded_pytest(_python(version))]
    if name != "central":
        command += ["-p", "no:schemathesis"]  # its import takes longer than many a room
    databases = _databases(version, found)
    environment = _environment() | {
        "KIOSK_TEST_DATABASES": databases,
        "KIOSK_TEST_SHARE": f"{found.index(version) + 1}/{len(found)}",
    }
    with log.open("wb") as output:
        tests = subprocess.Popen([*command, *where], stdout=output, stderr=output, env=environment)
        _, status, used = os.wait4(tests.pid, 0)
    took, at_work = time.monotonic() - begun, used.ru_utime + used.ru_stime
    title = f"tests on Python {version}: {name}, central on {databases}"
    return f"{title}, {took:.0f} s, {at_work:.0f} s of a processor", log, status == 0


def _test_quickly(name: str, where: list[str]) -> bool:
    command = [*_guarded_pytest(sys.executable), "-p", "no:schemathesis"]
    return _run(f"tests: {name}", [*command, *where], _environment())


def _guarded_pytest(python: str) -> list[str]:
    return [python, "-m", "tests.guard", python, "-m", "pytest", "-p", "no:cacheprovider"]


def _environment() -> dict[str, str]:
    environment = {
        **os.environ,
        **_folder(),
        "LP_NUM_THREADS": "0",  # of Mesa's rasteriser: the processors have enough to do
    }
    # Hundreds of processes are started: each would compile all it imports, without.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def _folder() -> dict[str, str]:
    """Return the place of test files as an environment: memory, if there is enough of it.

    A killed process leaves there what it had written; nobody pulls this machine's plug.
    """
    memory = Path("/dev/shm")  # noqa: S108 - each test has a folder of its own in it
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > _ENOUGH
    return {"TMPDIR": str(memory)} if roomy else {}


def _tell(title: str, log: Path, passed: bool) -> bool:
    print(f"== {title}\n{log.read_text(errors='replace')}", flush=True)
    return passed


def _look(title: str, tool: str, *arguments: str) -> bool:
    return _run(title, [str(Path(sys.executable).with_name(tool)), *arguments], os.environ)


def _run(title: str, command: list[str], environment: Mapping[str, str]) -> bool:
    """Run a command; print how long it took, and what it said if it failed."""
    begun = time.monotonic()
    ran = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=environment,
    )
    passed = ran.returncode == 0
    told = f"== {title}, {time.monotonic() - begun:.0f} s"
    print(told if passed else f"{told}: FAILED\n{ran.stdout}", flush=True)
    return passed


def _python(version: str) -> str:
    return f"build/venv/{version}/bin/python"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
