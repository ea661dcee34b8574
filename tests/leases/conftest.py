# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from nacl.pwhash import argon2id

from kiosk.vault import sealed_answers
from tests.central.world import Clock, KioskClient, PersonalCard, Service
from tests.leases.world import Borrowing


@pytest.fixture(autouse=True)
def _cheap_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_answers, "OPERATIONS", argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr(sealed_answers, "MEMORY", argon2id.MEMLIMIT_MIN)


@pytest.fixture
def service(folder: Path) -> Iterator[Service]:
    place = folder / "central"
    place.mkdir()
    running = Service(place, Clock(), f"sqlite:///{place}/central.db")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def card(service: Service) -> PersonalCard:
    return service.kiosk("ward 7").know(PersonalCard())


@pytest.fixture
def kiosk(
    service: Service,
    card: PersonalCard,
    folder: Path,
    memory_directory: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Borrowing]:
    """Return a kiosk that is up to date and may borrow packs."""
    borrowing = Borrowing(service, folder / "state", memory_directory, monkeypatch)
    yield borrowing
    borrowing.close()


@pytest.fixture
def client(kiosk: Borrowing) -> KioskClient:
    return kiosk.follower.client
