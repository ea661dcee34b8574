# SPDX-License-Identifier: Apache-2.0
"""A kiosk process on its premises, and operations on it from outside."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kiosk.demo.premises import Premises
from kiosk.questions import SecurityQuestion
from tests.patience import PATIENCE
from tests.processes import end, start

ROOT = Path(__file__).parents[2]


def last_lines(log: Path, count: int = 25) -> list[str]:
    """Return the end of a log."""
    return log.read_text(errors="replace").splitlines()[-count:]


class KioskProcess:
    """`tests.proofs.headless` as a process."""

    def __init__(
        self, environment: Mapping[str, str], script: dict[str, object], log: Path
    ) -> None:
        with log.open("ab") as err:
            self._process = start(
                [sys.executable, "-m", "tests.proofs.headless"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=err,
                env={**os.environ, **environment},
                text=True,
                cwd=ROOT,
            )
        self._log = log
        self._seen: queue.Queue[list[str] | None] = queue.Queue()
        if self._process.stdin is not None:
            self._process.stdin.write(json.dumps(script) + "\n")
            self._process.stdin.flush()
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def wait_for(self, kind: str) -> str:
        """Return the words of the next page of this kind; "gone" if the process has ended."""
        while True:
            try:
                seen = self._seen.get(timeout=PATIENCE)
            except queue.Empty:
                raise AssertionError(
                    f"no {kind} page in {PATIENCE} s; the kiosk's log ends: {self._last_words()}"
                ) from None
            if seen is None:
                self._seen.put(None)
                return "gone"
            if seen[0] == kind:
                return " ".join(seen[1:])

    def kill(self) -> None:
        """Kill it at once; its workers die with their parent."""
        if self.alive:
            os.kill(self.pid, signal.SIGKILL)

    def kill_worker(self) -> None:
        """Kill the process that does the card work."""
        listed = subprocess.run(
            ["pgrep", "-P", str(self.pid), "-f", "reader.worker"],
            capture_output=True,
            text=True,
            check=False,
        )
        for pid in listed.stdout.split():
            os.kill(int(pid), signal.SIGKILL)

    def close(self) -> None:
        """End it in order."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        end(self._process)

    def _last_words(self) -> str:
        return " | ".join(last_lines(self._log))

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._seen.put(json.loads(line))
        self._seen.put(None)


class Ward:
    """Starts kiosks on premises, and locks the card."""

    def __init__(self, premises: Premises) -> None:
        self.premises = premises
        self.passcode = premises.holder.new_passcode
        self._passcodes = premises.folder / "passcodes"
        self.know(old="", new=self.passcode)

    @contextmanager
    def kiosk(self) -> Iterator[KioskProcess]:
        """Start a kiosk that is ready for a card, until the block ends."""
        process = self.start_kiosk()
        try:
            yield process
        finally:
            process.close()

    def start_kiosk(self) -> KioskProcess:
        """Start a kiosk that is ready for a card."""
        answers = {
            SecurityQuestion(key).in_language("en"): words
            for key, words in self.premises.holder.answers
        }
        script: dict[str, object] = {
            "answers": answers,
            "passcodes": str(self._passcodes),
            "mail": str(self.premises.central.mail),
        }
        log = self.premises.folder / "kiosk.log"
        process = KioskProcess(self.premises.kiosk_environment(), script, log)
        process.wait_for("welcome")
        return process

    def know(self, *, old: str, new: str) -> None:
        """Set the passcode that the cardholder remembers, and their next one."""
        self._passcodes.write_text(json.dumps({"old": old, "new": new}))

    def block(self) -> None:
        """Lock the card, as three wrong passcodes do."""
        self.premises.card.lock()
