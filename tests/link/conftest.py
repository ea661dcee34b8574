# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.central.world import Clock, Service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A central service, on SQLite."""
    running = Service(tmp_path, Clock(), f"sqlite:///{tmp_path}/central.db")
    running.start()
    yield running
    running.stop()
