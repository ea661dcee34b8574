# SPDX-License-Identifier: Apache-2.0
"""Runs a private pcscd with vpcd's virtual reader, beside any card service of the machine.

It receives its socket as systemd hands one over, so that the socket can be anywhere; clients find
it by PCSCLITE_CSOCK_NAME. Its own folder has a compiled-in path. A mount namespace hides that
folder behind one of ours, if there can be one. A plain chroot allows none, but has no other pcscd
either.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

_DRIVER = "serial/libifdvpcd.so"
_DRIVER_FOLDERS = ("/usr/lib/pcsc/drivers",)
_COMPILED_IN = Path("/run/pcscd")
_READY_SECONDS = 10.0
_LISTENING = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))  # some kernels lack the second


def missing() -> list[str]:
    """Return the parts that this machine lacks, each with the way to get it."""
    lacking = []
    if not _program():
        lacking.append("pcscd (a Debian package)")
    if _driver() is None:
        lacking.append("vsmartcard-vpcd (a Debian package)")
    if not _COMPILED_IN.is_dir() and _may_hide_folders():
        lacking.append(f"the folder {_COMPILED_IN} (make it as root)")
    return lacking


class PrivatePcscd:
    """Starts on entry and ends on exit; a card connects to `port` to be inserted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket_path(self) -> Path:
        """The value of PCSCLITE_CSOCK_NAME for its clients."""
        return self.folder / "run" / "pcscd.comm"

    @property
    def pid(self) -> int:
        """The id of its process; raises RuntimeError if it does not run."""
        if self._process is None:
            raise RuntimeError("the private pcscd does not run")
        return self._process.pid

    def __enter__(self) -> PrivatePcscd:
        self.port = _free_port_pair()
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers; raises RuntimeError with what is missing."""
        if lacking := missing():
            raise RuntimeError(f"missing: {', '.join(lacking)}; run the set-up (make setup)")
        stanza = (
            'FRIENDLYNAME "Virtual PCD"\n'
            f"DEVICENAME /dev/null:0x{self.port:X}\n"
            f"LIBPATH {_driver()}\nCHANNELID 0x{self.port:X}\n"
        )
        self._start(stanza)
        self._wait_until_it_answers()

    def unplug(self) -> None:
        """Unplug the reader; `plug` brings it back.

        pcscd looks for readers that are not USB devices only at its start. So another pcscd runs
        afterwards: its clients see first a service that ended, and then one without a reader.
        """
        self.stop()
        self._start(stanza="")  # an early client waits at its socket

    def plug(self) -> None:
        """Plug the reader in again."""
        self.stop()
        self.start()

    def _start(self, stanza: str) -> None:
        (self.folder / "run").mkdir(parents=True, exist_ok=True)
        (self.folder / "readers").mkdir(exist_ok=True)
        self.socket_path.unlink(missing_ok=True)
        (self.folder / "run" / "pcscd.pid").unlink(missing_ok=True)
        (self.folder / "readers" / "vpcd").write_text(stanza)
        with socket.socket(socket.AF_UNIX) as listening, (self.folder / "log").open("ab") as log:
            listening.bind(str(self.socket_path))
            listening.listen(16)
            self._process = subprocess.Popen(
                self._command(listening.fileno()),
                pass_fds=[listening.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def stop(self) -> None:
        """Stop it as a service manager does, and kill it if it does not stop."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _command(self, listening: int) -> list[str]:
        pcscd = _program()
        # sd_listen_fds(3): the socket is descriptor 3, for the process with that id alone.
        # (bash, because other shells accept only descriptors of one digit)
        handed_over = f"exec 3<&{listening} && export LISTEN_PID=$$ LISTEN_FDS=1"
        flags = f"-f -c {self.folder}/readers {_without_polkit(pcscd)}"
        inside = f"{handed_over} && exec {pcscd} {flags}"
        if not _may_hide_folders():
            return ["bash", "-c", inside]
        hidden = f"mount --bind {self.folder}/run {_COMPILED_IN} && {inside}"
        return [*_namespace(), "bash", "-c", hidden]

    def _wait_until_it_answers(self) -> None:
        end = time.monotonic() + _READY_SECONDS
        while time.monotonic() < end:
            if self._process is None or self._process.poll() is not None:
                break
            if _listens(self.port):
                return
            time.sleep(0.02)
        self.stop()
        log = (self.folder / "log").read_text(errors="replace")
        raise RuntimeError(f"the private pcscd did not start; its log ends: {log[-500:]}")


def _program() -> str:
    return shutil.which("pcscd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""


def _driver() -> Path | None:
    for folder in _DRIVER_FOLDERS:
        for path in (Path(folder) / _DRIVER, *Path(folder).glob("**/libifdvpcd.so*")):
            if path.exists():
                return path
    return None


def _namespace() -> list[str]:
    return ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]


def _may_hide_folders() -> bool:
    """Return whether this machine allows a mount namespace."""
    tried = subprocess.run([*_namespace(), "true"], capture_output=True, check=False)
    return tried.returncode == 0


def _without_polkit(pcscd: str) -> str:
    """Return the flag that turns polkit off, if this pcscd has it.

    Debian 13's pcscd asks polkit, which a private one does not have; Debian 12's has no flag.
    """
    usage = subprocess.run([pcscd, "--help"], capture_output=True, text=True, check=False)
    return "--disable-polkit" if "--disable-polkit" in usage.stdout + usage.stderr else ""


def _free_port_pair() -> int:
    """Return a port P with P and P+1 free: vpcd opens two slots for each reader.

    It is below the ports that the kernel assigns by itself, which could be taken a moment later.
    """
    while True:
        port = random.SystemRandom().randrange(15_000, 32_000, 2)
        with socket.socket() as first, socket.socket() as second, contextlib.suppress(OSError):
            first.bind(("127.0.0.1", port))
            second.bind(("127.0.0.1", port + 1))
            return port


def _listens(port: int) -> bool:
    """Return whether something listens, without connecting: a connection would insert a card."""
    wanted = f":{port:04X} "
    for table in filter(Path.exists, _LISTENING):
        for line in table.read_text().splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            if f"{local} ".endswith(wanted) and state == "0A":
                return True
    return False
