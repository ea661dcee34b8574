# SPDX-License-Identifier: Apache-2.0
"""An assembled kiosk: how it survives parts that fail, and what it does while nobody is there."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from kiosk import compose
from kiosk.app.runtime import Runtime
from kiosk.contract.enrolment import EnrolmentResponse, Role
from kiosk.contract.messages import KioskDeed, KioskEvent
from kiosk.contract.replication import Policy, SupportContact
from kiosk.flow import events as ev
from kiosk.flow.diagnosis import Diagnosis, Part, Verdict
from kiosk.flow.text import Verbatim, in_english
from kiosk.flow.view import Notice, View, Welcome
from kiosk.simulated.pcscd import PrivatePcscd
from kiosk.simulated.pins import SimulatedPins
from kiosk.site import identity
from kiosk.site.settings import Settings
from kiosk.store.files import open_replica, open_store
from kiosk.store.outbox import Outbox
from kiosk.store.replica import Replica
from tests.patience import PATIENCE, wait_until

ROOT = Path(__file__).parents[1]

_SCRIPT = """
import os, sys, time
from kiosk import compose
from kiosk.site import settings
from kiosk.flow.text import text
kiosk = compose.ScreenService(settings.read())
kiosk.screen.stage.show = lambda view: 1 / 0
sys.exit(0 if kiosk.run() else 7)
"""


@pytest.fixture
def state(folder: Path) -> Path:
    """Return the state directory of an enrolled kiosk."""
    made = folder / "state"
    enrolled = EnrolmentResponse(
        kiosk=uuid4(), name="k", organisation="o", central="c", verify_keys=(bytes(32),)
    )
    key, sync = identity.next_key(made, Role.SCREEN), identity.offered_sync_key(made)
    identity.keep(made, enrolled, key, sync.public_key)
    return made


@pytest.mark.dealt
def test_a_screen_that_cannot_draw_its_start_page_exits(state: Path, folder: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "SDL_VIDEODRIVER": "offscreen",
            "KIOSK_STATE_DIRECTORY": str(state),
            "KIOSK_CENTRAL_URL": "http://127.0.0.1:1",
            "KIOSK_FULLSCREEN": "false",
            "PCSCLITE_CSOCK_NAME": str(folder / "nobody"),
        },
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        timeout=PATIENCE,
    )
    assert run.returncode == 7, run.stderr[-2000:]
    assert "ZeroDivisionError" in run.stderr


class Wall:
    """A screen that remembers what it was given to show."""

    def __init__(self) -> None:
        self.views: list[View] = []

    def show(self, view: View) -> None:
        self.views.append(view)

    def forget(self, fields: tuple[str, ...] | None = None) -> None:
        pass

    def says(self, words: str) -> bool:
        view = self.views[-1] if self.views else None
        return isinstance(view, Welcome) and any(words in each.message for each in view.troubles)


@contextmanager
def running(settings: Settings, pins: SimulatedPins) -> Iterator[tuple[Runtime, Wall]]:
    wall, runtime = Wall(), compose.build_runtime(settings, lambda: pins)
    thread = threading.Thread(target=runtime.run, args=(wall,))
    thread.start()
    try:
        yield runtime, wall
    finally:
        runtime.stop()
        thread.join()


def wait_for(true: Callable[[], bool]) -> None:
    wait_until(true, "the kiosk reacts")


def offline_settings(state: Path, **more: object) -> Settings:
    """Return the settings of a kiosk that reaches nobody, not even central."""
    return Settings.model_validate(
        {"central_url": "http://127.0.0.1:1", "state_directory": state, "swap_tolerated": True}
        | {"runtime_directory": state.parent / "memory"}
        | more
    )


def test_a_taken_pin_is_reported_and_the_kiosk_stays_in_service(
    state: Path, pcscd: PrivatePcscd
) -> None:
    pins = SimulatedPins()
    pins.input(5, lambda _: None, pytest.fail)  # the pin is taken: its owner keeps it
    with running(offline_settings(state, pins={"tamper": 5}), pins) as (_, wall):
        wait_for(lambda: wall.says("lights of this kiosk do not work"))


def test_central_is_told_that_the_case_is_unwatched(state: Path, pcscd: PrivatePcscd) -> None:
    def facts() -> list[object]:
        return [item.fact for item in outbox.pending(10)]

    pins, outbox = SimulatedPins(), Outbox(open_store(state))
    pins.set_input(5, high=False)
    with running(offline_settings(state, pins={"tamper": 5}), pins) as (_, wall):
        wait_for(lambda: bool(wall.views))
        assert facts() == []
        pins.fail("a bad contact – somewhere")
        wait_for(lambda: wall.says("lights of this kiosk do not work"))
    expected = KioskEvent(deed=KioskDeed.CASE_UNWATCHED, detail="a bad contact ? somewhere")
    assert facts() == [expected]


def test_an_opened_kiosk_is_in_service_after_a_restart_with_a_closed_case(
    state: Path, memory_directory: Path, pcscd: PrivatePcscd
) -> None:
    def is_out_of_service() -> bool:
        view = wall.views[-1] if wall.views else None
        return isinstance(view, Notice) and "out of service" in in_english(view.heading)

    def is_in_service() -> bool:
        return bool(wall.views) and isinstance(wall.views[-1], Welcome)

    settings = offline_settings(state, pins={"tamper": 5}, runtime_directory=memory_directory)
    key = memory_directory / "pack.key"
    pins = SimulatedPins()
    pins.set_input(5, high=False)
    with running(settings, pins) as (_, wall):
        wait_for(is_in_service)
        before = key.read_bytes()
        pins.set_input(5, high=True)
        wait_for(is_out_of_service)
        wait_for(lambda: not key.exists())  # lent packs cannot be opened any more
    with running(settings, opened := SimulatedPins()) as (_, wall):
        wait_for(is_out_of_service)
        assert opened.read(5), "the case is still open"
    closed = SimulatedPins()
    closed.set_input(5, high=False)
    with running(settings, closed) as (_, wall):
        wait_for(is_in_service)
        assert key.read_bytes() != before


def test_the_doctor_reports_the_state_of_the_pins(state: Path, pcscd: PrivatePcscd) -> None:
    """A machine without pins, or without the library for them, gives a warning."""
    settings = offline_settings(state, pins={"tamper": 5})
    settings.runtime_directory.mkdir()

    def lights() -> Diagnosis:
        (found,) = [each for each in compose.diagnose(settings) if each.part is Part.LIGHTS]
        return found

    assert lights().verdict is Verdict.WARNING
    runtime = compose.build_runtime(settings, SimulatedPins)
    assert lights().verdict is Verdict.WELL
    runtime.lose_board("a bad contact")
    assert in_english(lights().found) == "nobody watches the case: a bad contact"
    compose.build_runtime(settings)
    assert lights().verdict is Verdict.FAILED


def test_the_display_is_dimmed_until_somebody_comes_near(
    state: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", str(folder / "nobody"))
    asks = folder / "asks"
    asks.mkdir()
    word = asks / "backlight"

    def is_requested(what: str) -> bool:
        return word.exists() and word.read_text() == what

    settings = offline_settings(state, asks_directory=asks, rest_seconds=0.2)
    with running(settings, SimulatedPins()) as (runtime, _):
        wait_for(lambda: is_requested("lit\n"))
        wait_for(lambda: is_requested("dim\n"))
        runtime.send(ev.SomebodyNear())
        wait_for(lambda: is_requested("lit\n"))


def test_the_organisations_contacts_are_shown_if_the_site_names_none(state: Path) -> None:
    contact = SupportContact(name="RA", detail="ext. 3333")
    policy = Policy(
        organisation="o", stopped=False, offline=False, lease_hours=1, contacts=(contact,)
    )
    replica = Replica(open_replica(state))
    replica.note(replace(replica.state(), policy=policy.model_dump_json()))
    called = compose._site(offline_settings(state)).contacts
    assert [(each.name, each.detail) for each in called] == [
        (Verbatim("RA"), Verbatim("ext. 3333"))
    ]
    own = compose._site(
        offline_settings(state, contacts=[{"name": "IT", "detail": "ext. 2222"}])
    ).contacts
    assert [each.name for each in own] == [Verbatim("IT")]
