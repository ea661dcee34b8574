# SPDX-License-Identifier: Apache-2.0
"""The screen rests when nobody is there, moves its words, and wakes for any user."""

from __future__ import annotations

import pytest
from hypothesis import given

from kiosk import flow
from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import view as vw
from kiosk.flow.overlays.dark_screen import MOVE_SECONDS
from kiosk.flow.state import Site, State
from kiosk.flow.view import Intent
from kiosk.values import ReaderTrouble
from tests.flow.test_properties import _states

TIME = ev.TimeUp(ev.Timer.REST)


def after(*events: ev.Event, site: Site | None = None) -> tuple[State, tuple[do.Effect, ...]]:
    state = State.at(site or Site())
    effects: tuple[do.Effect, ...] = ()
    for event in events:
        state, effects = flow.step(state, event)
    return state, effects


def test_the_screen_rests_after_a_while_and_its_words_move() -> None:
    state, effects = after(ev.ReaderReady())
    assert do.StartTimer(ev.Timer.REST, 300) in effects
    places = []
    for _ in range(3):
        state, effects = flow.step(state, TIME)
        assert effects == (do.StartTimer(ev.Timer.REST, MOVE_SECONDS),)
        view = flow.render(state)
        assert isinstance(view, vw.Resting)
        assert view.frame.tools == view.frame.buttons == ()
        places.append(view.place)
    assert places == [0, 1, 2]


@pytest.mark.parametrize(
    "event",
    [ev.Touched(), ev.SomebodyNear(), ev.Pressed(Intent.HELP), ev.CardInserted("AB12-CD34")],
)
def test_any_user_wakes_the_screen(event: ev.Event) -> None:
    state, _ = after(ev.ReaderReady(), TIME, event)
    assert state.resting is None
    assert not isinstance(flow.render(state), vw.Resting)


def test_presence_nearby_restarts_the_time_to_rest() -> None:
    state, effects = after(ev.ReaderReady(), TIME, ev.SomebodyNear())
    assert effects == (do.StartTimer(ev.Timer.REST, 300),)
    assert isinstance(state.page, pg.Waiting)


def test_the_screen_never_rests_during_a_visit_or_with_a_card() -> None:
    left = after(ev.ReaderReady(), ev.CardInserted("AB12-CD34"), ev.Pressed(Intent.CLOSE))[0]
    assert isinstance(left.page, pg.Waiting)
    for state in (
        left,
        after(ev.ReaderReady(), ev.Pressed(Intent.LANGUAGE))[0],
        after(ev.ReaderReady(), ev.Pressed(Intent.HELP))[0],
    ):
        assert flow.step(state, TIME)[0].resting is None


def test_news_of_central_do_not_wake_the_screen_and_troubles_are_shown_dark() -> None:
    state, _ = after(ev.ReaderReady(), TIME, ev.CentralSeen(reachable=True, admitted=False))
    view = flow.render(state)
    assert isinstance(view, vw.Resting)
    assert isinstance(view.heading, flow.text.Text)
    assert view.heading.message == "This kiosk is out of service"
    state, _ = after(ev.ReaderFailed(ReaderTrouble.NO_READER), TIME)
    view = flow.render(state)
    assert isinstance(view, vw.Resting)
    assert view.hint is None


def test_a_site_can_turn_resting_off() -> None:
    _, effects = after(ev.ReaderReady(), site=Site(rest_seconds=0))
    assert not any(isinstance(each, do.StartTimer) for each in effects)


@given(_states)
def test_only_an_empty_start_screen_ever_rests(state: State) -> None:
    rested, _ = flow.step(state, TIME)
    if rested.resting is not None:
        assert isinstance(rested.page, pg.Waiting)
        assert not rested.card_present
        assert rested.menu is None
