from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.central.world import Clock, KioskClient, PersonalCard, Service


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(tmp_path: Path, clock: Clock) -> Iterator[Service]:
    running = Service(tmp_path, clock)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def kiosk(service: Service) -> KioskClient:
    return service.kiosk("ward 7")


@pytest.fixture
def card(kiosk: KioskClient) -> PersonalCard:
    return kiosk.know(PersonalCard())
