# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from kiosk.store.files import open_replica, open_store
from tests.processes import running

_SERVICES = 2


@pytest.mark.dealt
def test_services_that_start_together_open_the_same_store(folder: Path) -> None:
    with ExitStack() as stack:
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
        pipes |= {"text": True, "bufsize": 1}  # one folder a line
        command = [sys.executable, "-m", "tests.store.opener"]
        services = [stack.enter_context(running(command, **pipes)) for _ in range(_SERVICES)]
        assert [each.output.readline() for each in services] == ["ready\n"] * _SERVICES
        for number in range(20):
            for each in services:
                each.input.write(f"{folder / str(number)}\n")
            assert [each.output.readline() for each in services] == ["0\n"] * _SERVICES


def test_both_services_may_write_a_store_that_either_created(folder: Path) -> None:
    before = os.umask(0o007)  # the umask that their units set
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
