# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import cast

import pytest
from nacl.pwhash import argon2id

from kiosk.central.storage.database import Database
from kiosk.vault import sealed_answers
from tests.central.desk import OPERATOR, Operator, logged_in_as, settings_of
from tests.central.postgresql import Cluster
from tests.central.world import Clock, KioskClient, PersonalCard, Service

NewDatabase = Callable[[Path], AbstractContextManager[str]]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Start this run's PostgreSQL server; without one the tests fail, so that none is left out."""
    with Cluster() as running:
        yield running


# `make test` names one database for each of two interpreters: the interpreters do not differ in
# that.
DATABASES = os.environ.get("KIOSK_TEST_DATABASES", "sqlite postgresql").split()


@pytest.fixture(scope="session", params=DATABASES)
def new_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> NewDatabase:
    """Return a function that makes databases with all tables and no rows; it returns their URL.

    The databases are in a test's folder. A test that uses this fixture runs on either kind.
    """
    if request.param == "sqlite":
        template = tmp_path_factory.mktemp("template") / "central.db"
        tables = Database(f"sqlite:///{template}")
        tables.migrate()
        tables.close()
        return partial(_in_a_file, template)
    cluster = cast("Cluster", request.getfixturevalue("cluster"))
    return lambda _folder: cluster.database()


@contextmanager
def _in_a_file(template: Path, folder: Path) -> Iterator[str]:
    shutil.copyfile(template, folder / "central.db")  # creating the tables takes longer
    yield f"sqlite:///{folder}/central.db"


@pytest.fixture
def database_url(new_database: NewDatabase, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database of the test's own, of either kind."""
    with new_database(tmp_path) as url:
        yield url


@pytest.fixture
def database_files(
    database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[[], list[Path]]:
    """Return the database's files, once everything has been written to them."""
    if database_url.startswith("sqlite"):
        return lambda: list(tmp_path.glob("central.db*"))
    cluster = cast("Cluster", request.getfixturevalue("cluster"))
    return lambda: cluster.files(database_url)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def _cheap_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seal answers at the lowest cost of Argon2id; `tests/vault` tests its real cost."""
    monkeypatch.setattr(sealed_answers, "OPERATIONS", argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr(sealed_answers, "MEMORY", argon2id.MEMLIMIT_MIN)


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Service]:
    running = Service(tmp_path, clock, database_url)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def kiosk(service: Service) -> KioskClient:
    return service.kiosk("ward 7")


@pytest.fixture
def card(kiosk: KioskClient) -> PersonalCard:
    return kiosk.know(PersonalCard())


@pytest.fixture
def operator(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Operator:
    """Return the RA's operator, at the database of `service`."""
    settings_of(service, monkeypatch)
    logged_in_as(OPERATOR, monkeypatch)
    return Operator(service, capsys)
