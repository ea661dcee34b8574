# SPDX-License-Identifier: Apache-2.0
"""Fixtures and hooks for all tests, among them a private pcscd that is started once."""

from __future__ import annotations

import faulthandler
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event

from kiosk.simulated.pcscd import PrivatePcscd
from tests.compiling import compile_once
from tests.dealing import is_ours, is_sampled, is_shared
from tests.examples import choose_profile
from tests.heartbeat import beat
from tests.patience import wait_until
from tests.processes import descendants, kill

compile_once()
choose_profile()
_STACKS = pytest.StashKey[int]()
_GONE_SECONDS = 5.0  # for processes that end by themselves once their standard input is closed


def pytest_configure(config: pytest.Config) -> None:
    """Print every thread's stack at SIGUSR1, which `tests.guard` sends to a run that hangs."""
    config.stash[_STACKS] = os.dup(sys.__stderr__.fileno() if sys.__stderr__ else 2)
    faulthandler.register(signal.SIGUSR1, file=config.stash[_STACKS], all_threads=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave SIGUSR1 as it was."""
    faulthandler.unregister(signal.SIGUSR1)
    os.close(config.stash[_STACKS])


def pytest_runtest_logstart(nodeid: str) -> None:
    """Tell the guard that a test begins."""
    beat(f"{nodeid} began")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Tell the guard that a part of a test is over."""
    beat(f"{report.nodeid}: its {report.when} is over")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that leaves a process behind, name it and kill it."""
    try:
        wait_until(lambda: not descendants(os.getpid()), "", seconds=_GONE_SECONDS)
    except AssertionError:
        left = descendants(os.getpid())
        for number, words in left.items():
            print(f"\nLEFT BEHIND: process {number}: {words}", file=sys.__stderr__)
        kill(left)
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that need a database."""
    if "new_database" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.database)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests marked `dealt` that belong to another interpreter's share.

    If another interpreter tests central on PostgreSQL, this one runs a third of the tests that need
    a database, on SQLite.
    """
    others = [item for item in items if not _is_wanted(item)]
    items[:] = [item for item in items if item not in others]
    config.hook.pytest_deselected(items=others)


def _is_wanted(item: pytest.Item) -> bool:
    # The same test has the name of the other database on the other interpreter.
    name = item.nodeid.replace("postgresql", "sqlite")
    if item.get_closest_marker("dealt"):
        return is_ours(name)
    beside = is_shared() and os.environ.get("KIOSK_TEST_DATABASES") == "sqlite"
    return not (beside and item.get_closest_marker("database")) or is_sampled(name)


@pytest.fixture
def memory_directory() -> Iterator[Path]:
    """Return a folder in memory, like /run."""
    place = Path(tempfile.mkdtemp(dir="/dev/shm"))
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="session")
def pcscd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePcscd]:
    """Start a private card service with a virtual reader for this process's children."""
    before = os.environ.get("PCSCLITE_CSOCK_NAME")
    with PrivatePcscd(tmp_path_factory.mktemp("pcscd")) as service:
        os.environ["PCSCLITE_CSOCK_NAME"] = str(service.socket_path)
        yield service
    if before is None:
        del os.environ["PCSCLITE_CSOCK_NAME"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of the test's own."""
    return tmp_path


@pytest.fixture(autouse=True)
def _close_databases() -> Iterator[None]:
    """Close the connections that a test leaves open.

    A connection that only garbage collection closes causes a warning, which would be counted
    against whichever test happens to run at that moment.
    """
    engines: set[Engine] = set()

    def note(connection: Connection) -> None:
        engines.add(connection.engine)

    event.listen(Engine, "engine_connect", note)
    yield
    event.remove(Engine, "engine_connect", note)
    for engine in engines:
        engine.dispose()
