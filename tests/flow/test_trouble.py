# SPDX-License-Identifier: Apache-2.0
"""Help after a trouble: an explanation, the contacts and a reference each time."""

from __future__ import annotations

import pytest

from kiosk import flow
from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import view as vw
from kiosk.flow.trouble import Trouble
from kiosk.flow.view import Intent
from kiosk.values import Counters, PasscodeRules, ReaderTrouble
from tests.flow.test_unlock import CARD, QUESTIONS, Visit


@pytest.fixture
def visit() -> Visit:
    return Visit()


@pytest.mark.parametrize("refusal", ev.Refusal)
def test_every_refusal_has_its_own_help_with_contacts_and_reference(refusal: ev.Refusal) -> None:
    visit = Visit()
    visit.read()
    visit.hear(ev.UnlockRefused(visit.number, refusal, 90))
    view = visit.view
    assert isinstance(view, vw.Notice)
    assert view.tone is vw.Tone.PROBLEM
    assert view.reference == "AB12-CD34"
    assert view.contacts
    assert view.paragraphs


@pytest.mark.parametrize("trouble", Trouble)
def test_every_trouble_is_explained(trouble: Trouble) -> None:
    view = flow.render(flow.State(page=pg.Helping(trouble, wait_seconds=61)))
    assert isinstance(view, vw.Notice)
    assert view.heading.message
    assert view.paragraphs


_PAGES_OF_A_VISIT: list[list[ev.Event]] = [
    [],
    [ev.CardRead(1, CARD, Counters(3), PasscodeRules())],
    [ev.CardRead(1, CARD, Counters(0), PasscodeRules())],
    [
        ev.CardRead(1, CARD, Counters(0), PasscodeRules()),
        ev.UnlockOpened(1, QUESTIONS, 3),
        ev.Pressed(Intent.ACCESS),
    ],
    [
        ev.CardRead(1, CARD, Counters(3), PasscodeRules()),
        ev.Chosen(1),
        ev.TimeUp(ev.Timer.IDLE),
    ],
]


@pytest.mark.parametrize("way", _PAGES_OF_A_VISIT, ids=range(len(_PAGES_OF_A_VISIT)))
def test_a_failed_page_leads_to_an_explanation_and_contacts(
    visit: Visit, way: list[ev.Event]
) -> None:
    visit.hear(*way, ev.ScreenFailed())
    view = visit.view
    assert isinstance(view, vw.Notice)
    assert (view.tone, view.reference) == (vw.Tone.PROBLEM, "AB12-CD34")
    assert view.contacts
    assert view.frame.countdown is None
    assert visit.state.page == pg.Helping(Trouble.SCREEN)
    assert do.Forget() in visit.effects, "what was typed is wiped"


def test_if_help_fails_too_the_start_screen_follows(visit: Visit) -> None:
    visit.open()
    visit.hear(ev.ScreenFailed(), ev.ScreenFailed())
    assert visit.state.page == pg.Waiting()
    assert isinstance(visit.view, vw.Welcome)
    assert visit.view.picture is vw.Picture.REMOVE_CARD


def test_a_failed_start_screen_is_shown_again() -> None:
    ways: list[list[ev.Event]] = [[], [ev.Pressed(Intent.HELP)], [ev.Pressed(Intent.LANGUAGE)]]
    for way in ways:
        state = flow.State()
        for event in (*way, ev.ScreenFailed()):
            state, _ = flow.step(state, event)
        assert (state.page, state.menu) == (pg.Waiting(), None)


@pytest.mark.parametrize("trouble", ev.CardTrouble)
def test_every_card_trouble_ends_with_contacts_and_a_reference(
    visit: Visit, trouble: ev.CardTrouble
) -> None:
    visit.hear(ev.CardFailed(visit.number, trouble))
    view = visit.view
    assert isinstance(view, vw.Notice)
    assert (view.tone, view.reference) == (vw.Tone.PROBLEM, "AB12-CD34")
    assert view.contacts


@pytest.mark.parametrize(
    "event",
    [ev.CardTaken(), ev.ReaderFailed(ReaderTrouble.NO_READER), ev.TimeUp(ev.Timer.WORK)],
)
def test_every_other_trouble_of_a_visit_does_too(visit: Visit, event: ev.Event) -> None:
    visit.hear(event)
    view = visit.view
    assert isinstance(view, vw.Notice)
    assert (view.tone, view.reference) == (vw.Tone.PROBLEM, "AB12-CD34")
    assert view.contacts
