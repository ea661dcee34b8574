# SPDX-License-Identifier: Apache-2.0
"""What many rooms' tests need: a private pcscd, started once."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Connection, Engine, event

from kiosk.simulated.pcscd import PrivatePcscd
from tests.compiling import compile_once
from tests.dealing import is_ours, is_sampled, is_shared

compile_once()
# How long an example takes says how busy the machine is.
settings.register_profile(
    "untimed", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("untimed")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deal out what is marked `dealt`; the others' share is reported as deselected.

    Where another interpreter tries central on PostgreSQL, a third of what needs a database is tried
    on SQLite.
    """
    others = [item for item in items if not _is_wanted(item)]
    items[:] = [item for item in items if item not in others]
    config.hook.pytest_deselected(items=others)


def _is_wanted(item: pytest.Item) -> bool:
    # The other interpreter has the same test by the name of its own database.
    name = item.nodeid.replace("postgresql", "sqlite")
    if item.get_closest_marker("dealt"):
        return is_ours(name)
    beside = is_shared() and os.environ.get("KIOSK_TEST_DATABASES") == "sqlite"
    return not (beside and "new_database" in getattr(item, "fixturenames", ())) or is_sampled(name)


@pytest.fixture
def memory_directory() -> Iterator[Path]:
    """A folder in memory, as /run has them."""
    place = Path(tempfile.mkdtemp(dir="/dev/shm"))
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="session")
def pcscd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePcscd]:
    """A private card service with a virtual reader, which this process's children talk to."""
    before = os.environ.get("PCSCLITE_CSOCK_NAME")
    with PrivatePcscd(tmp_path_factory.mktemp("pcscd")) as service:
        os.environ["PCSCLITE_CSOCK_NAME"] = str(service.socket_path)
        yield service
    if before is None:
        del os.environ["PCSCLITE_CSOCK_NAME"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of the test's own."""
    return tmp_path


@pytest.fixture(autouse=True)
def _databases_are_let_go_of() -> Iterator[None]:
    """Close what a test leaves open: a connection that only garbage collection ends is a warning.

    The warning would be counted against whichever test happens to run when it is collected.
    """
    engines: set[Engine] = set()

    def note(connection: Connection) -> None:
        engines.add(connection.engine)

    event.listen(Engine, "engine_connect", note)
    yield
    event.remove(Engine, "engine_connect", note)
    for engine in engines:
        engine.dispose()
