# SPDX-License-Identifier: Apache-2.0
"""Try what a process can do here, and print the result of each attempt.

Run in a service's sandbox in place of its program, and outside it as the same user: what is denied
inside has to succeed outside, or nothing was shown. Addresses come in the environment.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

_SECONDS = 2.0
_CLONE_NEWUSER = 0x10000000  # linux/sched.h


def reach(address: str) -> None:
    host, _, port = address.rpartition(":")
    socket.create_connection((host, int(port)), _SECONDS).close()


def central() -> None:
    reach(os.environ["PROBE_CENTRAL"])


def another_address() -> None:
    reach(os.environ["PROBE_OTHER"])


def another_port() -> None:
    reach(os.environ["PROBE_PORT"])


def another_device() -> None:
    os.close(os.open("/dev/kiosk-proof", os.O_RDWR))


def another_users_home() -> None:
    Path("/home/kiosk-proof/notes").read_text()


def another_services_state() -> None:
    Path("/var/lib/kiosk-proof/notes").read_text()


def write_to_the_system() -> None:
    Path("/etc/kiosk-proof/notes").write_text("changed")


def another_program() -> None:
    subprocess.run(["/usr/bin/id"], check=True, capture_output=True)


def program_that_was_written_here() -> None:
    subprocess.run(["/usr/share/kiosk-proof/program"], check=True, capture_output=True)


def code_made_at_run_time() -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def namespace_of_its_own() -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


TRIES: tuple[Callable[[], None], ...] = (
    central,
    another_address,
    another_port,
    another_device,
    another_users_home,
    another_services_state,
    write_to_the_system,
    another_program,
    program_that_was_written_here,
    code_made_at_run_time,
    namespace_of_its_own,  # last: there is no way back from it
)


def outcome(attempt: Callable[[], None]) -> str:
    try:
        attempt()
    except (OSError, ValueError) as error:
        return type(error).__name__
    return "done"


def main() -> None:
    print(json.dumps({each.__name__: outcome(each) for each in TRIES}), flush=True)


if __name__ == "__main__":
    main()
