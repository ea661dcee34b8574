# SPDX-License-Identifier: Apache-2.0
"""The technician's page: how to open it, what it shows, and that it closes by itself."""

from __future__ import annotations

from kiosk import flow
from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import view as vw
from kiosk.flow.diagnosis import Diagnosis, Part, Verdict
from kiosk.flow.entries import TECHNICIAN_CODE as FIELD
from kiosk.flow.state import Site, State
from kiosk.flow.text import Verbatim, in_english, text
from kiosk.flow.view import Intent
from kiosk.values import Secret

SITE = Site(technician=True)
HELD = ev.Pressed(Intent.TECHNICIAN)
ILL = Diagnosis(Part.TOUCH, Verdict.FAILED, text("no touch screen"), text("Look again"))
WELL = Diagnosis(Part.DISK, Verdict.WELL, Verbatim("900 MB free"))


def after(*events: ev.Event, site: Site = SITE) -> tuple[State, tuple[do.Effect, ...]]:
    state = State.at(site)
    effects: tuple[do.Effect, ...] = ()
    for event in (ev.ReaderReady(), *events):
        state, effects = flow.step(state, event)
    return state, effects


def submitted(code: bytes) -> tuple[ev.Event, ...]:
    return ev.Typed(FIELD, len(code)), ev.Pressed(Intent.CONTINUE, Secret(code), FIELD)


def test_a_long_press_asks_for_the_code_and_the_code_is_checked() -> None:
    state, effects = after(HELD, *submitted(b"40710299"))
    assert isinstance(state.page, pg.CheckingTechnician)
    assert any(isinstance(effect, do.CheckTechnician) for effect in effects)


def test_nothing_happens_without_a_code_in_the_settings_or_with_a_card_inserted() -> None:
    assert isinstance(after(HELD, site=Site())[0].page, pg.Waiting)
    left, _ = after(ev.CardInserted("AB12-CD34"), ev.Pressed(Intent.CLOSE), HELD)
    assert isinstance(left.page, pg.Waiting)
    menu, _ = after(ev.CardInserted("AB12-CD34"), HELD)
    assert isinstance(menu.page, pg.ReadingCard)


def test_a_code_that_is_too_short_is_not_even_tried() -> None:
    state, effects = after(HELD, *submitted(b"4071029"))
    assert isinstance(state.page, pg.EnteringTechnicianCode)
    assert not any(isinstance(effect, do.CheckTechnician) for effect in effects)


def test_a_wrong_code_is_wiped_and_asked_again() -> None:
    state, effects = after(HELD, *submitted(b"87654321"), ev.TechnicianRefused(0, 60))
    assert do.ForgetTyped((FIELD,)) in effects
    view = flow.render(state)
    assert isinstance(view, vw.EntryPage)
    assert view.problem is not None
    assert "Wait 60 seconds" in in_english(view.problem)


def test_parts_in_trouble_come_first_with_what_to_do() -> None:
    state, effects = after(HELD, *submitted(b"40710299"), ev.TechnicianAdmitted(0))
    assert do.Diagnose(0) in effects
    state, _ = flow.step(state, ev.Diagnosed(0, (WELL, ILL)))
    view = flow.render(state)
    assert isinstance(view, vw.ProfilePage)
    told = [[in_english(words) for row in each.rows for words in row] for each in view.sections]
    assert told == [
        ["Touch", "no touch screen", "What to do", "Look again"],
        ["Disk", "900 MB free"],
    ]
    again, effects = flow.step(state, ev.Pressed(Intent.AGAIN))
    assert isinstance(again.page, pg.Examining)
    assert do.Diagnose(0) in effects


def test_the_page_closes_by_itself_and_when_a_card_is_inserted() -> None:
    shown, _ = after(
        HELD, *submitted(b"40710299"), ev.TechnicianAdmitted(0), ev.Diagnosed(0, (WELL,))
    )
    state = flow.step(shown, ev.TimeUp(ev.Timer.IDLE))[0]
    for _ in range(SITE.warning_seconds):
        state, effects = flow.step(state, ev.TimeUp(ev.Timer.COUNTDOWN))
    assert isinstance(state.page, pg.Waiting)
    assert do.Forget() in effects
    card, _ = flow.step(shown, ev.CardInserted("AB12-CD34"))
    assert isinstance(card.page, pg.ReadingCard)
    late, _ = flow.step(card, ev.Diagnosed(0, (WELL,)))
    assert late == card, "a result asked for earlier is not shown to the cardholder"
