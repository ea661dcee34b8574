# SPDX-License-Identifier: Apache-2.0
"""A network namespace with one machine in it, and a virtual cable to it. Needs root."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

_wires = itertools.count(1)


@dataclass(frozen=True)
class Wire:
    """A network with the machine in it; central and another host are at the other end."""

    name: str
    central: str
    other: str
    machine: str


@contextmanager
def wire() -> Iterator[Wire]:
    """Connect a veth pair, one end in a network namespace, until the block ends."""
    net = f"10.214.{os.getpid() % 250 + 1}"
    made = Wire(f"kiosk-{os.getpid()}", f"{net}.1", f"{net}.2", f"{net}.9")
    # The name differs each time: the kernel removes a veth some time after its namespace is gone.
    outer, inner = f"ko{os.getpid() % 99999}x{next(_wires)}", "eth0"
    with ExitStack() as stack:
        _ip("netns", "add", made.name)
        stack.callback(_ip, "netns", "delete", made.name)
        _ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", made.name)
        for address in (made.central, made.other):
            _ip("address", "add", f"{address}/24", "dev", outer)
        _ip("link", "set", outer, "up")
        _ip("-n", made.name, "address", "add", f"{made.machine}/24", "dev", inner)
        for device in (inner, "lo"):
            _ip("-n", made.name, "link", "set", device, "up")
        yield made


def _ip(*command: str) -> None:
    subprocess.run(["ip", *command], check=True, capture_output=True)
