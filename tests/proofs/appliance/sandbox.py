# SPDX-License-Identifier: Apache-2.0
"""The sandboxes of the real units, from inside: what they deny, and only they.

A probe runs in place of each service's program, with every other line of its unit in force, and
once more as the same user in no sandbox and behind no firewall. Every denied action has to
succeed outside. Denials that this kernel cannot enforce, as a service with that one line shows, are
named.
"""

from __future__ import annotations

import json
import os
import socket
import stat
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.proofs.appliance import ward as wd
from tests.proofs.appliance.boot import Machine
from tests.proofs.appliance.ward import Ward

_PROBE = "/usr/lib/kiosk-proof/probe.py"
_PYTHON = "/usr/bin/python3"
_OTHER_PORT = 8443
_NETWORK = ("central", "another_address", "another_port")
_DENIED = (
    "another_address",
    "another_port",
    "another_device",
    "another_users_home",
    "another_services_state",
    "write_to_the_system",
    "another_program",
    "program_that_was_written_here",
    "code_made_at_run_time",
    "namespace_of_its_own",
)
# By service: its user, and whether it may reach central.
SERVICES = {
    "kiosk": ("kiosk", True),
    "kiosk-sync": ("kiosk-sync", True),
    "kiosk-health": ("kiosk", True),
    "kiosk-help": ("kiosk", False),
    "kiosk-firewall": ("kiosk-firewall", False),
    "kiosk-site": ("root", False),
    "kiosk-sync-key": ("kiosk-sync", False),
    "kiosk-setup": ("kiosk", True),  # the last: its success restarts the kiosk
}
# These run one program of Debian's each, and no Python could run in their place.
OTHERS = ("pcscd", "kiosk-retry", "kiosk-reader-reset", "kiosk-backlight")
_AS_PROBE = (
    "Type=oneshot",
    "RemainAfterExit=no",
    "Restart=no",
    "RestartMode=normal",
    "WatchdogSec=0",
    "ExecStart=",
    "ExecStartPost=",
    "LoadCredential=",
    "[Unit]",
    "ConditionPathExists=",
    "[Service]",
)

Outcomes = Mapping[str, str]


def prove() -> str:
    """Return what was denied, by how many services; raises AssertionError if something was not."""
    with tempfile.TemporaryDirectory(prefix="kiosk-sandbox-") as name, wd.ward(Path(name)) as ward:
        ward.prepare()
        ward.boot_until_ready()
        with _somebody_else(ward) as addresses:
            _lay_out(ward.machine)
            results = [*_compare(ward, addresses), _others(ward.machine), _limits(ward.machine)]
    return "; ".join(results)


def _compare(ward: Ward, addresses: Mapping[str, str]) -> list[str]:
    """Run every service inside and outside; name the denials that the kernel does not enforce."""
    machine = ward.machine
    machine.inside("systemctl", "stop", "kiosk.service", "kiosk-sync.service")
    inside = {each: _in_sandbox(machine, each, addresses) for each in SERVICES}
    machine.inside("nft", "flush", "ruleset")
    users = {user for user, _ in SERVICES.values()}
    outside = {user: _in_none(machine, user, addresses) for user in users}
    not_enforced, open_to = _not_enforced(machine), []
    for service, (user, reaches) in SERVICES.items():
        for what in _DENIED:
            if outside[user][what] != "done":
                raise AssertionError(f"{what} fails as {user} outside, too: this shows nothing")
            if inside[service][what] == "done":
                if what not in not_enforced:
                    raise AssertionError(f"{service} is not denied {what}: {inside[service]}")
                open_to.append(f"{what.replace('_', ' ')} to {service}")
        if (inside[service]["central"] == "done") is not reaches:
            raise AssertionError(f"{service} and central: {inside[service]['central']}")
    denied = len(_DENIED) * len(SERVICES) - len(open_to)
    words = ", ".join(each.replace("_", " ") for each in _DENIED)
    return [
        f"{denied} attempts denied in the sandboxes of {len(SERVICES)} services, each done outside"
        f" by the same user: {words}",
        "central reached by screen, sync, health and set-up, and by nobody else",
        f"not enforced by this kernel, and not shown: {', '.join(open_to) or 'nothing of these'}",
    ]


def _not_enforced(machine: Machine) -> list[str]:
    """Return what a service can still do that has only the one line against it."""
    done = machine.try_inside(
        "systemd-run",
        "--wait",
        "--quiet",
        "--property=DevicePolicy=closed",
        _PYTHON,
        "-c",
        "import os; os.open('/dev/kiosk-proof', os.O_RDWR)",
    )
    return ["another_device"] if done.returncode == 0 else []


def _in_sandbox(machine: Machine, service: str, addresses: Mapping[str, str]) -> Outcomes:
    """Return the probe's output in place of the service's program."""
    output = f"/run/kiosk-proof-{service}"
    unit = f"{service}.service"
    program = f"ExecStart={_PYTHON} {_PROBE}"
    environment = [f"Environment={name}={value}" for name, value in addresses.items()]
    machine.drop_in(service, *_AS_PROBE, program, *environment, f"StandardOutput=file:{output}")
    # Its ordering and its other dependencies are no part of its sandbox.
    machine.inside("systemctl", "stop", unit)
    machine.inside("systemctl", "start", "--job-mode=ignore-dependencies", unit)
    results: dict[str, str] = json.loads(machine.path(output).read_text())
    return results


def _in_none(machine: Machine, user: str, addresses: Mapping[str, str]) -> Outcomes:
    """Return the probe's output as `user` with nothing around it."""
    group = "kiosk" if user == "kiosk-sync" else user
    become = ("setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", "--")
    environment = [f"{name}={value}" for name, value in addresses.items()]
    results: dict[str, str] = json.loads(
        machine.inside(*become, "env", *environment, _PYTHON, _PROBE)
    )
    return results


def _others(machine: Machine) -> str:
    """Check the services that run another's program: nothing else can run in their place."""
    machine.drop_in("kiosk")
    for service in OTHERS:
        machine.drop_in(service, "ExecStart=", "ExecStart=/usr/bin/id", "Restart=no")
        machine.try_inside("systemctl", "stop", "pcscd.socket", f"{service}.service")
        machine.try_inside(
            "systemctl", "start", "--job-mode=ignore-dependencies", f"{service}.service"
        )
        machine.wait(lambda unit=f"{service}.service": _not_executed(machine, unit), service, 10)  # type: ignore[misc]
    return f"{', '.join(OTHERS)}: no other program starts in their place"


def _not_executed(machine: Machine, unit: str) -> bool:
    """Return whether its program could not be executed: EXIT_EXEC of systemd.exec(5)."""
    return machine.property(unit, "ExecMainStatus") == "203"


def _limits(machine: Machine) -> str:
    """Return the limits for which this kernel has no controller."""
    has = machine.path("/sys/fs/cgroup/cgroup.controllers").read_text().split()
    lines = {"memory": "MemoryMax", "pids": "TasksMax"}
    missing = [line for controller, line in lines.items() if controller not in has]
    return f"limits without a controller here, and not shown: {', '.join(missing) or 'none'}"


def _lay_out(machine: Machine) -> None:
    """Create files that a user outside the sandbox may read, write, open and run."""
    for folder in ("home", "var/lib", "etc", "usr/share"):
        made = machine.path(f"/{folder}/kiosk-proof")
        made.mkdir(exist_ok=True)
        made.chmod(0o755)
        notes = made / "notes"
        notes.write_text("of somebody else")
        notes.chmod(0o666)
    program = machine.path("/usr/share/kiosk-proof/program")
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    device = machine.path("/dev/kiosk-proof")
    os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(10, 229))  # fuse: no pseudo device
    device.chmod(0o666)


@contextmanager
def _somebody_else(ward: Ward) -> Iterator[dict[str, str]]:
    """Run servers beside central that accept everything; yield the addresses for the probe."""
    port = int(ward.central.url.rpartition(":")[2])
    addresses = {
        "PROBE_CENTRAL": f"{ward.net.central}:{port}",
        "PROBE_OTHER": f"{ward.net.other}:{_OTHER_PORT}",
        "PROBE_PORT": f"{ward.net.central}:{_OTHER_PORT}",
    }
    with ExitStack() as stack:
        for host in (ward.net.other, ward.net.central):
            server = stack.enter_context(socket.create_server((host, _OTHER_PORT)))
            threading.Thread(target=_accept, args=(server,), daemon=True).start()
        yield addresses


def _accept(server: socket.socket) -> None:
    with suppress(OSError):
        while True:
            server.accept()[0].close()
