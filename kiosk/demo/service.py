# SPDX-License-Identifier: Apache-2.0
"""The central service as a process: seed, start, stop and kill it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from kiosk.demo import cardholders

_CENTRAL = (sys.executable, "-m", "kiosk.central")
_END_SECONDS = 10


def missing() -> list[str]:
    """Return what the central service says that it lacks, in one line."""
    # A noun loads what the service stands on; `--version` does not.
    serve = [*_CENTRAL, "serve", "--help"]
    asked = subprocess.run(serve, capture_output=True, text=True, check=False)
    if asked.returncode == 0:
        return []
    complaint = asked.stderr.strip().splitlines()[-1:] or ["the central service does not start"]
    return [complaint[0].removeprefix("kiosk-central: ").removesuffix(".")]


class CentralProcess:
    """`kiosk-central serve` on SQLite in `folder`, and the commands that go with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mail = folder / "mail"
        self.mail_server = ""
        """The URL of a mail server; without one, letters go to the folder `mail`."""
        self.url = ""
        self._port = 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def running(self) -> bool:
        """Whether the service has been started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def send_signal(self, number: signal.Signals) -> None:
        """Send the service a signal if it runs."""
        if self._process is not None:
            self._process.send_signal(number)

    def seed(self, *documents: bytes) -> None:
        """Store personalised cards and their registrations."""
        subprocess.run(
            [*_CENTRAL, "seed-demo"],
            input=b"\n".join(documents),
            env={**os.environ, **self.environment()},
            check=True,
        )

    def enrolment_token(self, kiosk: str) -> str:
        """Return a token that enrols a device as this kiosk."""
        named = ("--organisation", cardholders.ORGANISATION)
        return self.run("kiosks", "enrol-token", kiosk, *named)

    def run(self, *command: str) -> str:
        """Run a command of the RA, and return its output. Raises RuntimeError if it fails."""
        done = subprocess.run(
            [*_CENTRAL, *command],
            env={**os.environ, **self.environment()},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr}")
        return done.stdout.strip()

    def start(self) -> None:
        """Start the service on the same port as before; return when it listens."""
        with (self.folder / "central.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*_CENTRAL, "serve", "--log", "trace", "--port", str(self._port)],
                env={**os.environ, **self.environment()},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line.startswith("listening on "):
            raise RuntimeError(f"central did not start; its log: {self.folder / 'central.log'}")
        self.url = line.removeprefix("listening on ").strip()
        self._port = int(self.url.rpartition(":")[2])

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the service; with SIGKILL, without warning."""
        end(self._process, how)
        self._process = None

    def environment(self) -> dict[str, str]:
        """Return the service's settings."""
        return {
            "KIOSK_CENTRAL_DATABASE": f"sqlite:///{self.folder / 'central.sqlite3'}",
            "KIOSK_CENTRAL_MASTER_KEY_FILE": str(self.folder / "master.key"),
            "KIOSK_CENTRAL_NAME": cardholders.CENTRAL,
            "KIOSK_CENTRAL_MAIL": self.mail_server or f"folder:{self.mail}",
            "KIOSK_CENTRAL_MAIL_FROM": "Smartcard self service <kiosk@demo.example>",
        }


def end(
    process: subprocess.Popen[str] | subprocess.Popen[bytes] | None, how: signal.Signals
) -> None:
    """End a process; kill it if it does not end in time."""
    if process is None:
        return
    if process.poll() is None:
        process.send_signal(how)
    try:
        process.wait(timeout=_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
