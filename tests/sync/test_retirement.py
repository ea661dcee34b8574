# SPDX-License-Identifier: Apache-2.0
"""A retiring kiosk delivers its outbox first and then deletes everything, wherever it stops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from sqlmodel import select

from kiosk import compose
from kiosk.central.fleet import kiosks
from kiosk.central.tables import ChangeRow, Kiosk
from kiosk.contract.enrolment import Role
from kiosk.contract.messages import PasscodeChange
from kiosk.errors import StoreFailed
from kiosk.site import identity
from kiosk.site.enrolment import enrol
from kiosk.site.settings import Settings
from kiosk.store.files import open_store, wipe_store
from kiosk.store.outbox import Outbox
from kiosk.sync import planning
from kiosk.sync.retirement import Departure
from kiosk.sync.service import SyncWorker
from kiosk.values import Family
from tests.central.device import allow
from tests.central.world import Clock, PersonalCard, Service
from tests.proofs.proxy import Proxy

pytestmark = pytest.mark.dealt


@dataclass
class RetiringKiosk:
    """A retiring kiosk in a folder of its own, and its central."""

    service: Service
    state: Path
    settings: Settings
    card: PersonalCard

    def sync(self) -> SyncWorker:
        """Return a sync process that has just been started."""
        return compose.build_sync(self.settings)

    def outbox(self) -> Outbox:
        """Return the store as the screen's process has it open."""
        return Outbox(open_store(self.state))

    @property
    def change(self) -> PasscodeChange:
        return PasscodeChange(family=Family.PIV, serial=self.card.serial)

    def kiosk(self) -> Kiosk:
        with self.service.services.database.reading() as database:
            return database.exec(select(Kiosk)).one()

    def begin_retirement(self) -> None:
        """Tell central that the RA wants the kiosk to retire."""
        with self.service.services.database.transaction() as database:
            kiosks.begin_retirement(database, database.exec(select(Kiosk)).one())

    def delivered(self) -> int:
        with self.service.services.database.reading() as database:
            return len(database.exec(select(ChangeRow)).all())

    @property
    def gone(self) -> bool:
        """Return whether nothing is left here and central knows it."""
        return not list(self.state.iterdir()) and self.kiosk().revoked


@pytest.fixture
def retiring(tmp_path: Path) -> Iterator[RetiringKiosk]:
    service = Service(tmp_path, Clock(), f"sqlite:///{tmp_path}/central.db")
    service.start()
    state = tmp_path / "state"
    enrol(state, service.url, allow(service))
    card = service.kiosk("ward 7").know(PersonalCard())
    settings = Settings(central_url=service.url, state_directory=state)
    yield RetiringKiosk(service, state, settings, card)
    service.stop()


def departure(worker: SyncWorker) -> Departure:
    return worker._departure


def rounds(worker: SyncWorker, most: int = 3) -> bool:
    """Return whether the kiosk has retired within that many rounds."""
    pace = planning.Pace()
    for _ in range(most):
        if departure(worker).over():
            return True
        pace, _ = worker._delivery.round(pace)
    return departure(worker).over()


def test_a_kiosk_that_need_not_retire_stays(retiring: RetiringKiosk) -> None:
    retiring.outbox().note(retiring.change)
    assert not rounds(retiring.sync())
    assert retiring.delivered() == 1
    assert identity.find(retiring.state, Role.SYNC) is not None


def test_everything_is_delivered_and_then_deleted(retiring: RetiringKiosk) -> None:
    for _ in range(planning.BATCH + 1):
        retiring.outbox().note(retiring.change)
    retiring.begin_retirement()
    assert rounds(retiring.sync())
    assert retiring.delivered() == planning.BATCH + 1
    assert retiring.gone


def test_a_retirement_waits_for_the_current_visit(retiring: RetiringKiosk) -> None:
    screen, visit = retiring.outbox(), uuid4()
    screen.begin_visit(visit)
    retiring.begin_retirement()
    worker = retiring.sync()
    assert not rounds(worker)
    assert identity.find(retiring.state, Role.SYNC) is not None
    screen.note(retiring.change)
    screen.end_visit(visit)
    assert rounds(worker)
    assert retiring.delivered() == 1
    assert retiring.gone


def test_no_new_visit_begins_after_the_retirement(retiring: RetiringKiosk) -> None:
    screen = retiring.outbox()
    retiring.begin_retirement()
    assert rounds(retiring.sync())
    with pytest.raises(StoreFailed, match="closed"):
        screen.begin_visit(uuid4())
    with pytest.raises(StoreFailed, match="closed"):
        screen.note(retiring.change)


def test_a_retirement_is_retried_if_central_does_not_answer(retiring: RetiringKiosk) -> None:
    network = Proxy(retiring.service.url)
    retiring.settings = Settings(central_url=network.url, state_directory=retiring.state)
    retiring.begin_retirement()
    worker = retiring.sync()
    worker._delivery.round(planning.Pace())
    network.down = True
    assert not rounds(worker)
    assert identity.leaving(retiring.state, Role.SYNC) is not None
    assert not retiring.kiosk().revoked
    network.down = False
    assert rounds(worker)
    network.close()
    assert retiring.gone


@pytest.mark.parametrize("moment", ["closed", "wiped", "left", "reported"])
def test_an_interrupted_retirement_continues(retiring: RetiringKiosk, moment: str) -> None:
    retiring.outbox().note(retiring.change)
    retiring.begin_retirement()
    worker = retiring.sync()
    worker._delivery.round(planning.Pace())
    step = departure(worker)
    assert worker._outbox.close()
    if moment != "closed":
        wipe_store(retiring.state)
    if moment in {"left", "reported"}:
        identity.begin_to_leave(retiring.state)
    if moment == "reported":
        step._tell_central()
    # The power fails; then the sync starts again.
    assert rounds(retiring.sync())
    assert retiring.delivered() == 1
    assert retiring.gone


def test_a_retired_device_may_be_enrolled_again(retiring: RetiringKiosk) -> None:
    retiring.begin_retirement()
    assert rounds(retiring.sync())
    enrol(retiring.state, retiring.service.url, allow(retiring.service))
    retiring.outbox().note(retiring.change)
    assert not rounds(retiring.sync())
    assert retiring.delivered() == 1
