# SPDX-License-Identifier: Apache-2.0
"""No attack, but a merger of trusts: fifty thousand people are imported while others unlock.

An operator stops unlocking and resumes it meanwhile, again and again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.central.actions import unlocking as actions
from kiosk.central.actions.context import OperatorContext
from kiosk.central.keys import sealing
from kiosk.central.tables import Cardholder, Organisation
from tests.central.postgresql import Cluster
from tests.heartbeat import beat
from tests.processes import running
from tests.proofs.attack.stage import Stage, Victim, stage, unlocking

PEOPLE = 50_000
_MOST_SECONDS, _MOST_HELD, _MOST_WAITED = 60.0, 1.0, 1.0
_TRUST, _STOPPED = "Trust A", "Trust C"


def attack(people: int = PEOPLE) -> str:
    """Import on both kinds of database."""
    told = [f"SQLite: {_attack('', people)}"]
    with Cluster() as cluster, cluster.database() as url:
        told.append(f"PostgreSQL: {_attack(url, people)}")
    return "; ".join(told)


def _attack(database: str, people: int) -> str:
    with stage(database) as central, tempfile.TemporaryDirectory() as made:
        central.kiosk("ward 1", _TRUST)
        with central.services.database.transaction() as session:
            session.add(Organisation(name=_STOPPED))
        files = Files(Path(made), people)
        told = []
        for what, arguments in files.imports():
            measured = _import_under_load(central, arguments)
            told.append(f"{what} {measured}")
            assert measured.seconds < _MOST_SECONDS * max(1.0, people / PEOPLE), str(measured)
            assert measured.held < _MOST_HELD, f"{what} {measured}"
            assert measured.unlock < _MOST_WAITED, f"{what} {measured}"
            assert measured.stop < _MOST_WAITED, f"{what} {measured}"
            beat("attack: imports")
        assert central.count(Cardholder) >= people
    return ", ".join(told)


@dataclass(frozen=True, slots=True)
class Measured:
    """The seconds of an import, of its longest turn, and of what others waited for meanwhile."""

    seconds: float
    turns: int
    held: float
    unlocks: int
    unlock: float
    stops: int
    stop: float

    def __str__(self) -> str:
        return (
            f"in {self.seconds:.0f} s and {self.turns} turns of at most {self.held:.2f} s,"
            f" {self.unlocks} requests of unlocks in at most {self.unlock:.2f} s,"
            f" {self.stops} stops in at most {self.stop:.2f} s"
        )


def _import_under_load(central: Stage, arguments: list[str]) -> Measured:
    victim = Victim(central, 8)
    command = [sys.executable, "-m", "tests.proofs.attack.timed_import", *arguments]
    environment = {**os.environ, **central.environment}
    with (
        stopping(central) as stops,
        unlocking(victim) as served,
        running(command, env=environment, stdout=subprocess.PIPE, text=True) as process,
    ):
        told = process.output.read().splitlines()
        assert process.wait() == 0, told
    assert not served.failed, served.failed[:3]
    found: dict[str, Any] = json.loads(told[-1])
    return Measured(
        found["seconds"],
        len(found["turns"]),
        max(found["turns"]),
        len(served.seconds),
        max(served.seconds),
        len(stops),
        max(stops),
    )


@contextmanager
def stopping(central: Stage) -> Iterator[list[float]]:
    """Stop one organisation's unlocking and resume it, until the block ends; time both."""
    context = OperatorContext(central.services, "proof")
    seconds: list[float] = []
    ended = threading.Event()

    def go_on() -> None:
        while not ended.is_set():
            for act in (actions.stop_unlocking, actions.resume_unlocking):
                begun = time.perf_counter()
                act(context, organisation=_STOPPED)
                seconds.append(time.perf_counter() - begun)
                ended.wait(0.1)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield seconds
    finally:
        ended.set()
        thread.join()


class Files:
    """The files of a trust with so many people, each with a position and a card."""

    def __init__(self, folder: Path, people: int) -> None:
        self._folder = folder
        self._people = range(1, people + 1)
        public = sealing.create_import_key(folder / "import.key")
        rows = [f"piv,{each:08X},Key{each:05}" for each in self._people]
        keys, flaws = sealing.read_keys("keys", "\n".join(["family,serial,key", *rows]))
        assert not flaws
        sealed = sealing.seal(keys, sealing.load_public_half(public))
        (folder / "keys.sealed").write_bytes(sealed)

    def imports(self) -> Iterator[tuple[str, list[str]]]:
        """Write the files of three imports; give each import's name and arguments."""
        for what, name in (
            (f"{len(self._people)} new people with a position each", "Nurse"),
            ("the same with other names", "Sister"),
        ):
            holders = [f"{n:012},{name} {n},n{n}@nhs.net,{_TRUST}" for n in self._people]
            positions = [f"{n:012},S{n},{name},2024-01-01" for n in self._people]
            yield (
                what,
                [
                    *self._file("cardholders", "uuid,name,email,organisation", holders),
                    *self._file("positions", "uuid,code,name,start", positions),
                ],
            )
        cards = [f"piv,{n:08X},{n:012},Oberthur" for n in self._people]
        yield (
            "their cards with keys",
            [
                *self._file("cards", "family,serial,holder,manufacturer", cards),
                "--keys",
                str(self._folder / "keys.sealed"),
                "--import-key",
                str(self._folder / "import.key"),
            ],
        )

    def _file(self, kind: str, headings: str, rows: list[str]) -> list[str]:
        file = self._folder / f"{kind}.csv"
        file.write_text("\n".join([headings, *rows]) + "\n")
        return [f"--{kind}", str(file)]
