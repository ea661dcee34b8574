# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from kiosk.store.files import open_replica, open_store
from kiosk.store.outbox import Outbox

_SERVICES = 2


def _open_at(state: Path, moment: float) -> int:
    while time.monotonic() < moment:
        pass
    engine = open_store(state)
    try:
        return Outbox(engine).count_pending()
    finally:
        engine.dispose()


@pytest.mark.dealt
def test_services_that_start_at_once_find_one_store(folder: Path) -> None:
    afresh = multiprocessing.get_context("spawn")
    with afresh.Pool(_SERVICES) as services:
        services.starmap(_open_at, [(folder / "first", time.monotonic())] * _SERVICES)
        for number in range(20):
            moment = time.monotonic() + 0.05
            asked = [(folder / str(number), moment)] * _SERVICES
            assert services.starmap(_open_at, asked, chunksize=1) == [0] * _SERVICES


def test_both_services_may_write_what_one_of_them_made(folder: Path) -> None:
    before = os.umask(0o007)  # as their units have it
    try:
        for opened in (open_store(folder), open_replica(folder)):
            with opened.begin() as connection:
                connection.exec_driver_sql("CREATE TABLE any (thing)")
            modes = {path.name: path.stat().st_mode & 0o777 for path in folder.glob("*.sqlite3*")}
            opened.dispose()
            assert len(modes) >= 2
            assert set(modes.values()) == {0o660}, modes
    finally:
        os.umask(before)
