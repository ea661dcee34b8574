# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.sync import planning
from tests.central.world import Clock, Service
from tests.sync.world import Follower


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    folder = tmp_path / "central"
    folder.mkdir()
    running = Service(folder, Clock(), f"sqlite:///{folder}/central.db")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def kiosk(service: Service, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Follower:
    monkeypatch.setattr(planning, "WAIT_SECONDS", 0)
    return Follower(service, folder / "state")
