# SPDX-License-Identifier: Apache-2.0
"""Start processes for tests; no process outlives its test, however the test ends.

`running` gives a process to a block, `finish` runs one to its end, `side_by_side` runs several.
`start` and `end` are for objects that keep a process between calls. Each process leads a session of
its own, and its process group is killed at the end, so that its children end too.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from tests.heartbeat import beat
from tests.patience import PATIENCE

_TOP = Path(__file__).parents[1]
_GRACE_SECONDS = 20.0  # for an orderly end; then the process is killed


class Process(subprocess.Popen[Any]):
    """A process that a test started."""

    @property
    def output(self) -> IO[Any]:
        """Return the standard output, which has to be a pipe."""
        if self.stdout is None:
            raise RuntimeError("standard output is no pipe")
        return self.stdout

    @property
    def input(self) -> IO[Any]:
        """Return the standard input, which has to be a pipe."""
        if self.stdin is None:
            raise RuntimeError("standard input is no pipe")
        return self.stdin


def start(command: Sequence[str | Path], **options: Any) -> Process:
    """Start a process as the leader of a session, in the top folder unless `cwd` is another.

    The caller has to `end` it.
    """
    return Process(command, start_new_session=True, **{"cwd": _TOP} | options)


def end(process: subprocess.Popen[Any], how: signal.Signals = signal.SIGTERM) -> None:
    """End a process: terminate it, wait for a while, then kill its process group and reap it."""
    try:
        if process.poll() is None:
            process.send_signal(how)
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        pass  # it is killed below
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with suppress(BrokenPipeError):  # it may have ended before it read everything
                    pipe.close()


@contextmanager
def running(
    command: Sequence[str | Path], *, how: signal.Signals = signal.SIGTERM, **options: Any
) -> Iterator[Process]:
    """Run a process until the block ends, with or without an exception."""
    process = start(command, **options)
    try:
        yield process
    finally:
        end(process, how)


def finish(
    command: Sequence[str | Path],
    *,
    given: str | bytes | None = None,
    check: bool = False,
    seconds: float = PATIENCE,
    **options: Any,
) -> subprocess.CompletedProcess[Any]:
    """Run a process to its end, with `given` as its input; raises TimeoutExpired after `seconds`.

    Standard output and error are pipes unless `options` say otherwise.
    """
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    pipes["stdin"] = subprocess.DEVNULL if given is None else subprocess.PIPE
    with running(command, how=signal.SIGKILL, **pipes | options) as process:
        output, errors = process.communicate(given, timeout=seconds)
    done = subprocess.CompletedProcess(command, process.returncode, output, errors)
    if check:
        done.check_returncode()
    return done


def side_by_side(
    commands: Sequence[Sequence[str | Path]],
    errors: Sequence[Path],
    *,
    seconds: float,
    environments: Sequence[Mapping[str, str]] = (),
) -> list[list[str]]:
    """Run Python processes at the same time; return the lines that each printed.

    Each line is a sign of life. Standard error goes to the files `errors`. Raises RuntimeError with
    the end of that file as soon as one fails, and TimeoutExpired after `seconds`.
    """
    added = environments or [{}] * len(commands)
    with ThreadPoolExecutor(len(commands)) as pool, ExitStack() as stack:
        begun = []
        for command, complaints, environment in zip(commands, errors, added, strict=True):
            process = stack.enter_context(
                running(
                    command,
                    stdout=subprocess.PIPE,
                    stderr=stack.enter_context(complaints.open("wb")),
                    text=True,
                    env={**os.environ, **environment},
                )
            )
            begun.append(pool.submit(_listen, process, complaints))
        try:
            for each in as_completed(begun, seconds):
                each.result()
        except TimeoutError:
            raise subprocess.TimeoutExpired(commands[0], seconds) from None
        return [each.result() for each in begun]


def _listen(process: Process, complaints: Path) -> list[str]:
    lines: list[str] = []
    for line in process.output:
        beat(f"line {len(lines) + 1} of {complaints.parent.name}")  # the line itself may be secret
        lines.append(line)
    if process.wait() != 0:
        raise RuntimeError(complaints.read_text(errors="replace")[-3000:])
    return lines


# ---------------------------------------------------------------- processes that are left


def descendants(ancestor: int) -> Mapping[int, str]:
    """Return the living processes below `ancestor`: number to command line."""
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, parent = (place / "stat").read_text().rpartition(")")[2].split()[:2]
            if state not in "ZX":  # proc(5): a zombie has ended, and waits to be reaped
                children.setdefault(int(parent), []).append(int(place.name))
    found: dict[int, str] = {}
    looking = [ancestor]
    while looking:
        for child in children.get(looking.pop(), ()):
            found[child] = _command_of(child)
            looking.append(child)
    return found


def is_alive(number: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def kill(numbers: Sequence[int] | Mapping[int, str]) -> None:
    """Kill processes by their numbers."""
    for number in numbers:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(number, signal.SIGKILL)


def _command_of(number: int) -> str:
    with suppress(OSError):
        words = Path(f"/proc/{number}/cmdline").read_bytes().decode(errors="replace").split("\0")
        return " ".join(words).strip()
    return "(gone)"
