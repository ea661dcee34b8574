# SPDX-License-Identifier: Apache-2.0
"""Somebody opens the case of a running kiosk: it keeps nothing, and central is told."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from sqlmodel import select

from kiosk import flow
from kiosk.app.runtime import Runtime
from kiosk.central.tables import KioskEventRow
from kiosk.devices.lights.board import Board
from kiosk.devices.lights.pin_plan import PinPlan
from kiosk.devices.reader.process import PcscReader
from kiosk.flow import events as ev
from kiosk.flow import view as vw
from kiosk.flow.entries import TECHNICIAN_CODE as FIELD
from kiosk.flow.view import Intent, View
from kiosk.simulated.pcscd import PrivatePcscd
from kiosk.simulated.pins import SimulatedPins
from kiosk.values import Secret
from kiosk.visits import Parties, VisitContext
from tests.central.world import CENTRAL, PersonalCard, Service
from tests.leases.world import Borrowing
from tests.patience import PATIENCE

PLAN = PinPlan(ready=17, attention=23, tamper=5, presence=6)


@dataclass
class Shown:
    """A screen that records what it shows and what it is told to forget."""

    views: queue.Queue[View] = field(default_factory=queue.Queue)
    forgotten: list[object] = field(default_factory=list)

    def show(self, view: View) -> None:
        self.views.put(view)

    def forget(self, fields: tuple[str, ...] | None = None) -> None:
        self.forgotten.append(fields)

    def wait_for(self, wanted: Callable[[View], bool]) -> View:
        while not wanted(view := self.views.get(timeout=PATIENCE)):
            pass
        return view


@dataclass
class Hanging:
    """A kiosk on its wall."""

    runtime: Runtime
    pins: SimulatedPins
    screen: Shown


@pytest.fixture
def pins() -> SimulatedPins:
    pins = SimulatedPins()
    pins.set_input(5, high=False)  # the case is closed
    pins.set_input(6, high=False)  # nobody is near
    return pins


@pytest.fixture
def hanging(kiosk: Borrowing, pcscd: PrivatePcscd, pins: SimulatedPins) -> Iterator[Hanging]:
    context = VisitContext(
        reader=PcscReader(),
        central=kiosk.follower.central,
        outbox=kiosk.follower.outbox,
        parties=Parties(central=CENTRAL, kiosk=kiosk.follower.name),
        replica=kiosk.follower.reader,
        leases=kiosk.leases,
    )
    site = flow.Site(technician=True, rest_seconds=0.2)
    runtime, screen = Runtime(site, context, Board(pins, PLAN)), Shown()
    thread = threading.Thread(target=runtime.run, args=(screen,))
    thread.start()
    yield Hanging(runtime, pins, screen)
    runtime.stop()
    thread.join(timeout=PATIENCE)
    assert not thread.is_alive()


def is_closed(view: View) -> bool:
    return isinstance(view, vw.Notice) and view.heading == flow.text.text(
        "This kiosk is out of service"
    )


def test_nothing_is_left_after_the_case_is_opened(
    hanging: Hanging, kiosk: Borrowing, card: PersonalCard, service: Service
) -> None:
    kiosk.round()
    assert kiosk.holds(card)
    runtime, typed = hanging.runtime, Secret(b"40710299")
    for event in (
        ev.Pressed(Intent.TECHNICIAN),
        ev.Typed(FIELD, 8),
        ev.Pressed(Intent.CONTINUE, typed, FIELD),
    ):
        runtime.send(event)
    hanging.screen.wait_for(lambda view: isinstance(view, vw.Progress))
    assert typed, "the secret is in memory before"

    hanging.pins.set_input(5, high=True)

    hanging.screen.wait_for(is_closed)
    assert not typed
    assert None in hanging.screen.forgotten
    assert kiosk.pack_store.everything() == []
    assert not (kiosk.memory / "pack.key").exists()
    kiosk.renewer.round()
    assert kiosk.pack_store.everything() == [], "no more packs are requested"
    hanging.screen.wait_for(lambda _: hanging.pins.levels[23])
    kiosk.follower.deliver()
    with service.services.database.reading() as database:
        deeds = [row.deed for row in database.exec(select(KioskEventRow))]
    assert deeds.count("case opened") == 1

    runtime.send(ev.CardInserted("AB12-CD34"))
    helped = hanging.screen.wait_for(lambda view: isinstance(view, vw.Notice))
    assert isinstance(helped, vw.Notice)
    hanging.pins.set_input(5, high=False)
    runtime.send(ev.CardTaken())
    runtime.send(ev.Pressed(Intent.CLOSE))
    hanging.screen.wait_for(is_closed)


def test_the_presence_sensor_wakes_the_screen(hanging: Hanging) -> None:
    hanging.screen.wait_for(lambda view: isinstance(view, vw.Resting))
    hanging.pins.set_input(6, high=True)
    hanging.screen.wait_for(lambda view: isinstance(view, vw.Welcome))
