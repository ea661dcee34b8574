# SPDX-License-Identifier: Apache-2.0
"""Hardware events of the kiosk itself, and what its lights show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk import flow
from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import view as vw
from kiosk.flow.state import State
from kiosk.flow.trouble import Trouble
from kiosk.values import CardIdentity, Counters, Family, Lamp, PasscodeRules, Signal, Sound, Status
from tests.flow.asked import FOUR
from tests.flow.holder import PROFILE

REFERENCE = "AB12-CD34"


def after(*events: ev.Event, state: State | None = None) -> State:
    state = state or State()
    for event in events:
        state, _ = flow.step(state, event)
    return state


READY = ev.ReaderReady()
INSERTED = ev.CardInserted(REFERENCE)
LOCKED = ev.CardRead(1, CardIdentity(Family.PIV, "00" * 16), Counters(0), PasscodeRules())
ASKED = ev.UnlockOpened(1, FOUR, 3)


def troubles_of(state: State) -> list[str]:
    view = flow.render(state)
    assert isinstance(view, vw.Welcome)
    return [trouble.message for trouble in view.troubles]


def test_opening_the_case_ends_the_visit_and_is_reported_once() -> None:
    state, effects = flow.step(after(READY, INSERTED, LOCKED, ASKED), ev.CaseOpened())
    assert isinstance(state.page, pg.Waiting)
    assert do.Forget() in effects
    assert do.ReportOpened() in effects
    assert do.ReportOpened() not in flow.step(state, ev.CaseOpened())[1]


@pytest.mark.parametrize("page", [pg.Unlocking(), pg.ChangingPasscode()])
def test_an_opened_case_does_not_interrupt_card_work(page: pg.Page) -> None:
    at_work = State(page=page, visit=1, card_present=True)
    state, effects = flow.step(at_work, ev.CaseOpened())
    assert (state.page, effects) == (page, (do.ReportOpened(),))
    done = ev.CardUnlocked(1) if isinstance(page, pg.Unlocking) else ev.PasscodeChanged(1)
    ended = after(done, state=state)
    assert isinstance(ended.page, pg.Finished)
    gone = after(ev.CardTaken(), state=ended)
    assert isinstance(gone.page, pg.Waiting)
    assert not gone.in_service


def test_after_opening_the_case_the_user_is_asked_only_to_take_the_card() -> None:
    view = flow.render(after(READY, INSERTED, LOCKED, ASKED, ev.CaseOpened()))
    assert isinstance(view, vw.Welcome)
    assert view.heading.message == "Please take your smartcard"
    assert view.instruction.message == "This kiosk is out of service"
    assert [each.message for each in view.troubles] == [
        "Its case was opened. Please use another kiosk."
    ]


def test_an_opened_kiosk_stays_out_of_service_until_restarted() -> None:
    opened = after(READY, ev.CaseOpened(), ev.CentralSeen(reachable=True))
    view = flow.render(opened)
    assert isinstance(view, vw.Notice)
    assert view.heading.message == "This kiosk is out of service"
    state, effects = flow.step(opened, INSERTED)
    assert isinstance(state.page, pg.Helping)
    helping = flow.render(state)
    assert isinstance(helping, vw.Notice)
    assert helping.contacts
    assert helping.reference == REFERENCE
    assert not any(isinstance(effect, do.ReadCard) for effect in effects)


def test_weak_power_and_missing_lights_are_shown_on_the_screen() -> None:
    weak = after(READY, ev.PowerSeen(low=True), ev.LightsFailed())
    assert troubles_of(weak) == [
        "This kiosk's power supply is too weak. Please tell IT.",
        "The lights of this kiosk do not work. It works without them.",
    ]
    good, _ = flow.step(weak, ev.PowerSeen(low=False))
    assert troubles_of(good) == ["The lights of this kiosk do not work. It works without them."]


@pytest.mark.parametrize(
    ("state", "signal"),
    [
        (after(READY), Signal(Lamp.BLINKING, Status.READY)),
        (after(READY, INSERTED), Signal(Lamp.ON, Status.WORKING)),
        (after(READY, INSERTED, LOCKED), Signal(Lamp.ON, Status.WORKING)),
        (after(READY, INSERTED, LOCKED, ASKED), Signal(Lamp.ON, Status.READY)),
        (
            replace(after(READY, INSERTED), page=pg.Unlocking()),
            Signal(Lamp.ON, Status.WORKING),
        ),
        (
            replace(after(READY, INSERTED), page=pg.Finished()),
            Signal(Lamp.BLINKING, Status.DONE, Sound.DONE),
        ),
        (
            replace(after(READY, INSERTED), page=pg.Registered(PROFILE, PROFILE.trusts[0])),
            Signal(Lamp.BLINKING, Status.DONE, Sound.DONE),
        ),
        (
            replace(after(READY, INSERTED), page=pg.Waiting()),  # the user went and left the card
            Signal(Lamp.BLINKING, Status.READY, Sound.CALL),
        ),
        (
            replace(after(READY, INSERTED), page=pg.Helping(Trouble.CARD_MUTE)),
            Signal(Lamp.BLINKING, Status.ATTENTION),
        ),
        (
            replace(after(READY), page=pg.Helping(Trouble.CARD_PULLED)),
            Signal(Lamp.OFF, Status.ATTENTION),
        ),
        (after(READY, ev.CaseOpened()), Signal(Lamp.OFF, Status.ATTENTION)),
        (
            after(READY, ev.CentralSeen(reachable=True, admitted=False)),
            Signal(Lamp.OFF, Status.ATTENTION),
        ),
    ],
)
def test_the_lights_match_the_screen(state: State, signal: Signal) -> None:
    assert flow.signal(state) == signal
