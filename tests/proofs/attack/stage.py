# SPDX-License-Identifier: Apache-2.0
"""A real central process with kiosks of two organisations, one of which is attacked or attacks."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
from requests.adapters import HTTPAdapter
from sqlmodel import func, select

from kiosk.central import settings
from kiosk.central.operations import seed
from kiosk.central.service import assembly
from kiosk.central.service.assembly import Services
from kiosk.central.tables import Table
from tests.central.world import CENTRAL, KioskClient, PersonalCard
from tests.patience import PATIENCE
from tests.processes import running

_DESCRIPTORS = 1024
"""The descriptors of the process: as few as a shell gives, so that central has to live with it."""
ATTACKER_ADDRESS, VICTIM_ADDRESS = "127.0.0.66", "127.0.0.7"


@dataclass
class Stage:
    """As much of `tests.central.world.Service` as its kiosks need, of another process."""

    url: str
    services: Services
    log: Path
    environment: dict[str, str]
    clients: list[KioskClient] = field(default_factory=list)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the process."""
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        return host, int(port)

    def count(self, table: type[Table]) -> int:
        """Return the number of rows of a table."""
        with self.services.database.reading() as database:
            return database.exec(select(func.count()).select_from(table)).one()

    def kiosk(self, name: str, organisation: str) -> KioskClient:
        """A kiosk that central knows, with a card of its own to have it known."""
        client = KioskClient(self, name, organisation)  # type: ignore[arg-type]
        client.know(PersonalCard())
        return client


@contextmanager
def stage(database: str = "", **environment: str) -> Iterator[Stage]:
    """A central process on SQLite, or on a database that has its tables."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        given = {
            "database": database or f"sqlite:///{folder}/central.db",
            "master_key_file": str(folder / "master.key"),
            "name": CENTRAL,
        }
        seed.ensure_master_key(folder / "master.key")
        services = assembly.assemble(settings.read(**given))
        named = {settings.PREFIX + name.upper(): value for name, value in given.items()}
        log = folder / "log"
        with (
            log.open("wb") as written,
            running(
                [
                    "prlimit",
                    f"--nofile={_DESCRIPTORS}",
                    sys.executable,
                    "-m",
                    "kiosk.central",
                    "serve",
                    "--port",
                    "0",
                ],
                env={**os.environ, **named, **environment},
                stderr=written,
                stdout=subprocess.PIPE,
                text=True,
            ) as process,
        ):
            line = process.output.readline()
            assert line.startswith("listening on "), log.read_text()
            try:
                yield Stage(line.removeprefix("listening on ").strip(), services, log, named)
            finally:
                services.database.close()


# ---------------------------------------------------------------- the others


@dataclass
class Served:
    """The seconds that requests of others took, and the requests that failed."""

    seconds: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        if not self.seconds:
            return f"nothing served, {len(self.failed)} failed"
        middle = statistics.median(self.seconds)
        return (
            f"{len(self.seconds)} requests of other unlocks served in {1000 * middle:.0f} ms,"
            f" at most {max(self.seconds):.2f} s, {len(self.failed)} failed"
        )


class _From(HTTPAdapter):
    """Connects from an address of this machine's."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        """Have connections made from the address."""
        super().init_poolmanager(*given, **named, source_address=(self._address, 0))


class _Kiosk(KioskClient):
    """Keeps its connection, and notes what each request took."""

    session: requests.Session
    served: Served

    def post(self, path: str, body: Any = None, token: str | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        url = f"{self.service.url}/v1{path}"
        begun = time.perf_counter()
        answer = self.session.post(url, json=body, headers=headers, timeout=PATIENCE)
        self.served.seconds.append(time.perf_counter() - begun)
        return answer


class Victim:
    """A kiosk of another organisation that unlocks one card after another, for so many seconds."""

    def __init__(self, stage: Stage, seconds: float, address: str = VICTIM_ADDRESS) -> None:
        self.served = Served()
        self._kiosk = _Kiosk(stage, f"victim {uuid4()}", "Trust B")  # type: ignore[arg-type]
        self._kiosk.session, self._kiosk.served = requests.Session(), self.served
        self._kiosk.session.mount("http://", _From(address))
        self._cards = [self._kiosk.know(PersonalCard()) for _ in range(10 + int(8 * seconds))]
        self._kiosk.token  # noqa: B018 - from here on it asks central alone

    def unlock(self) -> bool:
        """Unlock the next card, if there is one left; note what failed."""
        if not self._cards:
            return False
        try:
            self._kiosk.granted(self._cards.pop())
        except (OSError, AssertionError) as error:
            self.served.failed.append(f"{type(error).__name__}: {error}"[:200])
        return True


@contextmanager
def unlocking(victim: Victim) -> Iterator[Served]:
    """Others unlock one card after another until the block ends."""
    stop = threading.Event()

    def go_on() -> None:
        while not stop.is_set() and victim.unlock():
            stop.wait(0.1)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield victim.served
    finally:
        stop.set()
        thread.join(PATIENCE)


def allow_sockets(number: int) -> None:
    """Let this process open so many sockets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < number:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(number, hard), hard))
