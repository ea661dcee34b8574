# SPDX-License-Identifier: Apache-2.0
"""Run tests of the suite on every interpreter at once, each with a log of its own in `build`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.processes import running

TOP = Path(__file__).parents[2]
LONGEST_SECONDS = 1500.0
"""No proof takes longer."""

_SILENT_SECONDS = 600  # a test that draws many examples shows no sign of life in between
_ALL = {"KIOSK_TEST_SHARE": "1/1", "KIOSK_TEST_DATABASES": "sqlite postgresql"}


def interpreters() -> dict[str, Path]:
    """Return the interpreters for which set-up made environments, by version."""
    made = sorted((TOP / "build" / "venv").glob("*/stamp"))
    return {each.parent.name: each.parent / "bin" / "python" for each in made}


def run_everywhere(
    title: str, selections: Sequence[Sequence[str]], environment: Mapping[str, str]
) -> str:
    """Run pytest with each selection on each interpreter; return the counts of each run.

    Raises AssertionError with the end of the log of a failed run.
    """
    counted = []
    with ExitStack() as stack:
        runs = []
        for version, python in interpreters().items():
            for number, selection in enumerate(selections, 1):
                log = TOP / "build" / f"proof-{title}-{version}-{number}.log"
                command = [*_guarded(python), *selection]
                output = stack.enter_context(log.open("wb"))
                run = running(
                    command, stdout=output, stderr=output, env={**os.environ, **_ALL, **environment}
                )
                runs.append((version, log, stack.enter_context(run)))
        end = time.monotonic() + LONGEST_SECONDS
        for version, log, process in runs:
            try:
                status = process.wait(max(end - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                raise AssertionError(f"not over after {LONGEST_SECONDS:.0f} s: {log}") from None
            log_text = log.read_text(errors="replace")
            if status != 0:
                raise AssertionError(f"Python {version}, {log}:\n{log_text[-6000:]}")
            counted.append(f"Python {version}: {log_text.splitlines()[-1]}")
    return "; ".join(counted)


def _guarded(python: Path) -> list[str]:
    guard = [sys.executable, "-m", "tests.guard", "--silent", str(_SILENT_SECONDS)]
    time_limit = ("-o", f"timeout={LONGEST_SECONDS:.0f}")
    return [*guard, str(python), "-m", "pytest", "-p", "no:cacheprovider", *time_limit]
