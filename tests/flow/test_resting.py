# SPDX-License-Identifier: Apache-2.0
"""The screen rests where nobody is, moves its words, and wakes for whoever comes."""

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


def test_it_rests_after_a_while_and_its_words_move() -> None:
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
def test_whoever_comes_wakes_it(event: ev.Event) -> None:
    state, _ = after(ev.ReaderReady(), TIME, event)
    assert state.resting is None
    assert not isinstance(flow.render(state), vw.Resting)


def test_who_only_comes_near_has_the_whole_time_again() -> None:
    state, effects = after(ev.ReaderReady(), TIME, ev.SomebodyNear())
    assert effects == (do.StartTimer(ev.Timer.REST, 300),)
    assert isinstance(state.page, pg.Waiting)


def test_it_never_rests_while_there_is_somebody_or_her_card() -> None:
    left = after(ev.ReaderReady(), ev.CardInserted("AB12-CD34"), ev.Pressed(Intent.CLOSE))[0]
    assert isinstance(left.page, pg.Waiting)
    for state in (
        left,
        after(ev.ReaderReady(), ev.Pressed(Intent.LANGUAGE))[0],
        after(ev.ReaderReady(), ev.Pressed(Intent.HELP))[0],
    ):
        assert flow.step(state, TIME)[0].resting is None


def test_news_of_central_do_not_wake_it_and_trouble_is_said_in_the_dark() -> None:
    state, _ = after(ev.ReaderReady(), TIME, ev.CentralSeen(reachable=True, admitted=False))
    view = flow.render(state)
    assert isinstance(view, vw.Resting)
    assert isinstance(view.heading, flow.text.Text)
    assert view.heading.message == "This kiosk is out of service"
    state, _ = after(ev.ReaderFailed(ReaderTrouble.NO_READER), TIME)
    view = flow.render(state)
    assert isinstance(view, vw.Resting)
    assert view.hint is None


def test_a_site_may_have_it_awake_for_ever() -> None:
    _, effects = after(ev.ReaderReady(), site=Site(rest_seconds=0))
    assert not any(isinstance(each, do.StartTimer) for each in effects)


@given(_states)
def test_only_an_empty_start_screen_ever_rests(state: State) -> None:
    rested, _ = flow.step(state, TIME)
    if rested.resting is not None:
        assert isinstance(rested.page, pg.Waiting)
        assert not rested.card_present
        assert rested.menu is None
