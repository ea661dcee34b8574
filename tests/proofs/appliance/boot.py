# SPDX-License-Identifier: Apache-2.0
"""A machine that boots the tree, and that can lose its power."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.patience import PATIENCE
from tests.processes import Process, end, start
from tests.proofs.appliance.tree import NotHere, run

_STATE_BYTES = 24 << 20
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin", "LANG": "C.UTF-8", "SYSTEMD_PAGER": ""}


class State:
    """The state's partition: a file system of its own on a disk of its own."""

    def __init__(self, folder: Path) -> None:
        self.mounted = folder / "state"
        self.mounted.mkdir()
        self._folder, self._number = folder, 0
        self._disk = folder / "disk-0"
        with self._disk.open("wb") as disk:
            disk.truncate(_STATE_BYTES)
        # No blocks are reserved for root: full is full. Blocks have the size of a page, as the
        # README says.
        at_once = "lazy_itable_init=0,lazy_journal_init=0"  # only the kiosk's writes are counted
        ext4 = ("-t", "ext4", "-b", "4096", "-m", "0", "-E", at_once)
        run("mke2fs", "-q", *ext4, str(self._disk))
        self._mount()

    def lose_power(self) -> None:
        """Continue from the disk's present content: nothing else survives a power cut."""
        self._number += 1
        copy = self._folder / f"disk-{self._number}"
        shutil.copyfile(self._disk, copy)
        self.close()
        self._disk.unlink()
        self._disk = copy
        self._mount()

    def fill(self) -> None:
        """Fill the file system completely."""
        place = self.mounted / "filler"
        with place.open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(4096))

    def free(self) -> None:
        """Free the space again."""
        (self.mounted / "filler").unlink(missing_ok=True)

    def sectors_written(self) -> int:
        """Return the sectors written since the mount, with what waits in memory."""
        run("sync", "--file-system", str(self.mounted))
        device = run("findmnt", "--noheadings", "--output", "SOURCE", str(self.mounted)).strip()
        counts = Path("/sys/class/block", Path(device).name, "stat").read_text().split()
        return int(counts[6])  # Documentation/block/stat.rst

    def close(self) -> None:
        run("umount", str(self.mounted))

    def _mount(self) -> None:
        run("mount", "-o", "loop", str(self._disk), str(self.mounted))


class Machine:
    """The tree under systemd-nspawn, in a network of its own.

    A volatile one begins each boot with the system as it was built; `binds` are systemd-nspawn's,
    and last.
    """

    def __init__(
        self,
        tree: Path,
        network: str,
        folder: Path,
        binds: Sequence[str] = (),
        *,
        volatile: bool = True,
    ) -> None:
        self._control, log = folder / "control", folder / "boot.log"
        self._control.mkdir()
        self._command = [
            "systemd-nspawn",
            "--quiet",
            "--register=no",
            "--keep-unit",
            *(["--volatile=overlay"] if volatile else []),
            "--link-journal=no",
            f"--machine=kiosk-{os.getpid()}",
            f"--network-namespace-path=/run/netns/{network}",
            "--capability=CAP_NET_ADMIN,CAP_BPF",
            "--system-call-filter=bpf",  # this is how the kernel reports devices
            *(f"--bind={each}" for each in binds),
            f"--bind-ro={self._control}:/etc/systemd/system.control",
            f"--directory={tree}",
            "--boot",
        ]
        self._network, self._log = network, log
        self._nspawn: Process | None = None
        self._group = _control_groups() / f"kiosk-{os.getpid()}"
        self.leader = 0

    def boot(self) -> None:
        """Switch the machine on, and wait until its first process listens."""
        run("ip", "netns", "exec", self._network, "nft", "flush", "ruleset")
        self._group.mkdir(exist_ok=True)  # its own: another machine may run beside it
        enter = f'echo $$ >{self._group}/cgroup.procs && exec "$@"'
        with self._log.open("ab") as log:
            self._nspawn = start(
                ["sh", "-c", enter, "sh", *self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # The kernel enforces rules for devices and addresses with version 2 of control
                # groups.
                env={**os.environ, "UNIFIED_CGROUP_HIERARCHY": "1"},
            )
        nspawn = self._nspawn

        def started() -> bool:
            if nspawn.poll() is not None:
                raise AssertionError(f"the tree did not boot: {self._log.read_text()[-1000:]}")
            booting = subprocess.run(
                ["pgrep", "-P", str(nspawn.pid)], capture_output=True, text=True, check=False
            )
            self.leader = int(booting.stdout.split()[0]) if booting.stdout else 0
            return bool(self.leader) and self.path("/run/systemd/private").exists()

        self.wait(started, "systemd listens")

    def close(self) -> None:
        """Switch the machine off, the hard way."""
        if self._nspawn is None:
            return
        if self.leader:
            self.strike(self.leader)
        else:
            self._nspawn.kill()
        try:
            self._nspawn.wait(PATIENCE)
        finally:
            end(self._nspawn, signal.SIGKILL)
        self._nspawn, self.leader = None, 0
        below = [each for each in self._group.rglob("*") if each.is_dir()]
        for each in (*sorted(below, reverse=True), self._group):
            each.rmdir()

    def drop_in(self, service: str, *lines: str) -> None:
        """Add these lines to a service, from its next start on and after power cuts."""
        folder = self._control / f"{service}.service.d"
        shutil.rmtree(folder, ignore_errors=True)
        if lines:
            folder.mkdir()
            (folder / "zz-proof.conf").write_text("\n".join(("[Service]", *lines, "")))
        self.inside("systemctl", "daemon-reload")

    # ------------------------------------------------------------ the inside

    def path(self, inside: str) -> Path:
        """Return a file of the machine."""
        return Path(f"/proc/{self.leader}/root{inside}")

    def try_inside(
        self, *command: str, given: str | None = None, patience: float = PATIENCE
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the machine, in no sandbox, as root; `given` is its input."""
        spaces = ("-m", "-u", "-i", "-n", "-p", "-C")
        return subprocess.run(
            ["nsenter", "-t", str(self.leader), *spaces, "--", *command],
            env=_ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
            input=given,
            timeout=patience,
        )

    def inside(self, *command: str, given: str | None = None, patience: float = PATIENCE) -> str:
        """Run a command in the machine; it has to succeed."""
        done = self.try_inside(*command, given=given, patience=patience)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {done.stdout}{done.stderr}\n{self.log()}")
        return done.stdout.strip()

    def property(self, unit: str, name: str) -> str:
        return self.inside("systemctl", "show", "--value", "--property", name, unit)

    def pid(self, unit: str) -> int:
        """Return the main process of a unit in our numbering; 0 if it has none."""
        return self._ours(int(self.property(unit, "MainPID")))

    def child(self, unit: str, words: str) -> int:
        """Return the process below that of `unit` whose command has these words; 0 if none has."""
        found = subprocess.run(
            ["pgrep", "-P", str(self.pid(unit)), "-f", words],
            capture_output=True,
            text=True,
            check=False,
        )
        return int((found.stdout.split() or ["0"])[0])

    def strike(self, number: int, how: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a process of the machine, in our numbering."""
        if number <= 1 or not self._is_its(Path(f"/proc/{number}")):
            raise AssertionError(f"{number} is not a process of the machine\n{self.log()}")
        os.kill(number, how)

    def is_up(self, unit: str) -> bool:
        """Return whether the unit is active: a notifying service has reported that it is ready."""
        return self.property(unit, "ActiveState") == "active"

    def log(self, *options: str) -> str:
        """Return the end of the journal."""
        booting = self.try_inside("journalctl", "-b", "-o", "cat", "-n", "60", *options)
        return booting.stdout[-6000:]

    def wait(self, holds: Callable[[], bool], what: str, patience: float = PATIENCE) -> float:
        """Return the seconds until `holds` was true; raises AssertionError after `patience`."""
        begun = time.monotonic()
        while not holds():
            if time.monotonic() - begun > patience:
                raise AssertionError(f"not within {patience:.0f} s: {what}\n{self.log()}")
            time.sleep(0.1)
        return time.monotonic() - begun

    def _ours(self, number: int) -> int:
        """Return our number of a process of the machine: its number there is the last in NSpid."""
        if not number:
            return 0
        for status in Path("/proc").glob("[0-9]*/status"):
            with contextlib.suppress(OSError):
                line = next(each for each in status.read_text().splitlines() if "NSpid" in each)
                numbers = line.split()[1:]
                if len(numbers) > 1 and int(numbers[-1]) == number and self._is_its(status.parent):
                    return int(status.parent.name)
        return 0

    def _is_its(self, process: Path) -> bool:
        space = Path(f"/proc/{self.leader}/ns/pid").readlink()
        return (process / "ns/pid").readlink() == space


def _control_groups() -> Path:
    """Return where control groups version 2 are mounted; raises NotHere if they are not."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, mounted, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(mounted)
    raise NotHere("needs control groups of version 2")


@contextmanager
def partition(folder: Path) -> Iterator[State]:
    """Provide a state's partition until the block ends."""
    state = State(folder)
    try:
        yield state
    finally:
        state.close()
