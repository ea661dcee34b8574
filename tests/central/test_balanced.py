# SPDX-License-Identifier: Apache-2.0
"""Several central processes on one database; a balancer sends each request to the next one."""

from __future__ import annotations

import itertools
import signal
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import func, select

from kiosk.central.tables import Card, FactRow, GrantRow
from kiosk.contract.enrolment import Role
from kiosk.contract.messages import CardCommand
from kiosk.demo.service import CentralProcess
from kiosk.link import AccessTokens, CentralClient
from kiosk.site.enrolment import enrol
from kiosk.site.identity import load
from tests.central.conftest import NewDatabase
from tests.central.device import allow
from tests.central.world import CENTRAL, Clock, KioskClient, PersonalCard, Service, item
from tests.patience import PATIENCE
from tests.proofs.proxy import Proxy

_PROCESSES = 2


class Process(CentralProcess):
    """One of several processes that share a database."""

    def __init__(self, folder: Path, database: str) -> None:
        super().__init__(folder)
        self._database = database

    def environment(self) -> dict[str, str]:
        return {
            **super().environment(),
            "KIOSK_CENTRAL_DATABASE": self._database,
            "KIOSK_CENTRAL_NAME": CENTRAL,
        }


class Balancer(Proxy):
    """Sends each request to the next process that answers."""

    def __init__(self, processes: list[Process]) -> None:
        super().__init__(processes[0].url)
        self._turn = itertools.cycle(processes)
        self._lock = threading.Lock()
        self.sent: Counter[str] = Counter()

    def _connected(self) -> socket.socket:
        for _ in range(_PROCESSES):
            with self._lock:
                process = next(self._turn)
            host, _, port = process.url.removeprefix("http://").partition(":")
            try:
                connection = socket.create_connection((host, int(port)), timeout=PATIENCE)
            except ConnectionRefusedError:
                continue
            self.sent[process.url] += 1
            return connection
        raise ConnectionRefusedError


@pytest.fixture(autouse=True)
def _cheap_answers() -> None:
    """Keep the real cost: the other processes do not open cheaper envelopes."""


@dataclass
class Estate:
    """Processes that share the database and the master key of `service`, and nothing else."""

    service: Service
    processes: list[Process]
    balancer: Balancer
    folder: Path


@pytest.fixture(scope="module")
def estate(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    folder = tmp_path_factory.mktemp("balanced")
    with new_database(folder) as url:
        service = Service(folder, Clock(), url)
        service.clock.now = datetime.now(UTC)  # the same setting as in the processes
        service.start()
        processes = []
        for number in range(_PROCESSES):
            place = folder / f"process {number}"
            place.mkdir()
            (place / "master.key").symlink_to(folder / "master.key")
            processes.append(Process(place, url))
            processes[-1].start()
        balancer = Balancer(processes)
        yield Estate(service, processes, balancer, folder)
        balancer.close()
        for process in processes:
            process.stop()
        service.stop()


@pytest.fixture
def kiosk(estate: Estate) -> KioskClient:
    """Return a kiosk whose requests go through the balancer."""
    client = estate.service.kiosk("ward 7")
    assert client.token
    estate.service.url = estate.balancer.url
    return client


def unlock(kiosk: KioskClient, card: PersonalCard) -> None:
    grant = kiosk.granted(card)
    steps = [(CardCommand.UNBLOCK, 0), (CardCommand.CHANGE, 1)]
    facts = [
        item(grant, 2 * n + bool(status), command, generation, status)
        for n, (command, generation) in enumerate(steps)
        for status in (None, "9000")
    ]
    assert set(kiosk.report(*facts)) == {"applied"}


def test_each_request_of_an_unlock_may_go_to_another_process(
    estate: Estate, kiosk: KioskClient
) -> None:
    cards = [kiosk.know(PersonalCard()) for _ in range(4)]
    with ThreadPoolExecutor(len(cards)) as pool:
        for done in [pool.submit(unlock, kiosk, card) for card in cards]:
            done.result()
    assert len(estate.balancer.sent) == _PROCESSES
    with estate.service.services.database.reading() as database:
        counters = database.exec(select(GrantRow.counter)).all()
        assert sorted(counters) == [1, 2, 3, 4]  # no two grants of the organisation share one
        assert database.exec(select(func.count()).select_from(FactRow)).one() == 4 * len(cards)


def test_a_kiosk_enrols_and_follows_through_any_process(estate: Estate, kiosk: KioskClient) -> None:
    """One process issues the nonce, another gets the assertion; each sees the other's changes."""
    kiosk.know(PersonalCard())
    state, url = estate.folder / "state", estate.balancer.url
    enrol(state, url, allow(estate.service, "ward 9"))
    who = load(state, Role.SYNC)
    central = CentralClient(url, AccessTokens(url, who.enrolled.kiosk, CENTRAL, who.key))
    page = central.changes("", 100, 0)
    heard: list[int] = []
    waiting = threading.Thread(
        target=lambda: heard.append(len(central.changes(page.next, 100, 20).items))
    )
    waiting.start()
    with estate.service.services.database.transaction() as database:
        card = database.exec(select(Card)).first()
        assert card is not None
        card.frozen = not card.frozen
    waiting.join(timeout=PATIENCE)
    assert heard == [1]


def test_a_process_that_dies_loses_nothing(estate: Estate, kiosk: KioskClient) -> None:
    session = kiosk.accepted(kiosk.know(PersonalCard()))
    estate.processes[0].stop(signal.SIGKILL)
    assert kiosk.ask_grant(session).status_code == 200
