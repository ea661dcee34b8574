# SPDX-License-Identifier: Apache-2.0
"""A kiosk that is to go: it hands over everything first, and leaves nothing, whenever it stops."""

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
class Leaver:
    """A kiosk on a folder of its own, and its central."""

    service: Service
    state: Path
    settings: Settings
    card: PersonalCard

    def sync(self) -> SyncWorker:
        """A sync process that has just been started."""
        return compose.build_sync(self.settings)

    def outbox(self) -> Outbox:
        """The store as the screen's process has it open."""
        return Outbox(open_store(self.state))

    @property
    def change(self) -> PasscodeChange:
        return PasscodeChange(family=Family.PIV, serial=self.card.serial)

    def kiosk(self) -> Kiosk:
        with self.service.services.database.reading() as database:
            return database.exec(select(Kiosk)).one()

    def to_go(self) -> None:
        """The RA wants the kiosk to retire."""
        with self.service.services.database.transaction() as database:
            kiosks.begin_retirement(database, database.exec(select(Kiosk)).one())

    def delivered(self) -> int:
        with self.service.services.database.reading() as database:
            return len(database.exec(select(ChangeRow)).all())

    @property
    def gone(self) -> bool:
        """Nothing is left here, and central knows it."""
        return not list(self.state.iterdir()) and self.kiosk().revoked


@pytest.fixture
def leaver(tmp_path: Path) -> Iterator[Leaver]:
    service = Service(tmp_path, Clock(), f"sqlite:///{tmp_path}/central.db")
    service.start()
    state = tmp_path / "state"
    enrol(state, service.url, allow(service))
    card = service.kiosk("ward 7").know(PersonalCard())
    settings = Settings(central_url=service.url, state_directory=state)
    yield Leaver(service, state, settings, card)
    service.stop()


def departure(worker: SyncWorker) -> Departure:
    return worker._departure


def rounds(worker: SyncWorker, most: int = 3) -> bool:
    """Whether the kiosk has gone within so many rounds."""
    pace = planning.Pace()
    for _ in range(most):
        if departure(worker).over():
            return True
        pace, _ = worker._delivery.round(pace)
    return departure(worker).over()


def test_a_kiosk_that_is_not_to_go_stays(leaver: Leaver) -> None:
    leaver.outbox().note(leaver.change)
    assert not rounds(leaver.sync())
    assert leaver.delivered() == 1
    assert identity.find(leaver.state) is not None


def test_everything_is_handed_over_and_then_nothing_is_left(leaver: Leaver) -> None:
    for _ in range(planning.BATCH + 1):
        leaver.outbox().note(leaver.change)
    leaver.to_go()
    assert rounds(leaver.sync())
    assert leaver.delivered() == planning.BATCH + 1
    assert leaver.gone


def test_it_waits_for_a_visit_that_goes_on(leaver: Leaver) -> None:
    screen, visit = leaver.outbox(), uuid4()
    screen.begin_visit(visit)
    leaver.to_go()
    worker = leaver.sync()
    assert not rounds(worker)
    assert identity.find(leaver.state) is not None
    screen.note(leaver.change)
    screen.end_visit(visit)
    assert rounds(worker)
    assert leaver.delivered() == 1
    assert leaver.gone


def test_a_screen_that_is_still_there_begins_nothing_more(leaver: Leaver) -> None:
    screen = leaver.outbox()
    leaver.to_go()
    assert rounds(leaver.sync())
    with pytest.raises(StoreFailed, match="closed"):
        screen.begin_visit(uuid4())
    with pytest.raises(StoreFailed, match="closed"):
        screen.note(leaver.change)


def test_without_central_it_has_not_gone_and_tries_again(leaver: Leaver) -> None:
    network = Proxy(leaver.service.url)
    leaver.settings = Settings(central_url=network.url, state_directory=leaver.state)
    leaver.to_go()
    worker = leaver.sync()
    worker._delivery.round(planning.Pace())
    network.down = True
    assert not rounds(worker)
    assert identity.leaving(leaver.state) is not None
    assert not leaver.kiosk().revoked
    network.down = False
    assert rounds(worker)
    network.close()
    assert leaver.gone


@pytest.mark.parametrize("moment", ["closed", "wiped", "left", "told"])
def test_wherever_it_stops_it_goes_on(leaver: Leaver, moment: str) -> None:
    leaver.outbox().note(leaver.change)
    leaver.to_go()
    worker = leaver.sync()
    worker._delivery.round(planning.Pace())
    step = departure(worker)
    assert worker._outbox.close()
    if moment != "closed":
        wipe_store(leaver.state)
    if moment in {"left", "told"}:
        identity.begin_to_leave(leaver.state)
    if moment == "told":
        step._tell_central()
    # The power fails; then the sync starts anew.
    assert rounds(leaver.sync())
    assert leaver.delivered() == 1
    assert leaver.gone


def test_a_device_that_has_gone_may_come_again(leaver: Leaver) -> None:
    leaver.to_go()
    assert rounds(leaver.sync())
    enrol(leaver.state, leaver.service.url, allow(leaver.service))
    leaver.outbox().note(leaver.change)
    assert not rounds(leaver.sync())
    assert leaver.delivered() == 1
