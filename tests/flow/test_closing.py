# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="unreachable,comparison-overlap"
"""Close asks before it loses input, and pulling a card during work leads to an explanation."""

from __future__ import annotations

import pytest

from kiosk import flow
from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import view as vw
from kiosk.flow.preferences import Menu
from kiosk.flow.text import Verbatim, in_english
from kiosk.flow.trouble import Trouble
from kiosk.flow.view import Intent
from tests.flow.asked import FOUR
from tests.flow.holder import Visit

CLOSE, BACK = ev.Pressed(Intent.CLOSE), ev.Pressed(Intent.BACK)


def test_close_asks_before_it_forgets_and_back_keeps_everything() -> None:
    visit = Visit()
    visit.to_code()
    before = visit.page
    visit.hear(CLOSE)
    assert visit.state.menu is Menu.CLOSING
    assert {button.intent for button in visit.view.frame.buttons} == {Intent.BACK, Intent.CLOSE}
    visit.hear(BACK)
    assert visit.page == before
    assert visit.state.menu is None
    visit.hear(CLOSE, CLOSE)
    assert visit.page == pg.Waiting()
    assert isinstance(visit.asked_for(do.Forget)[-1], do.Forget)


def test_close_asks_nothing_if_nothing_was_entered() -> None:
    for events in ([], [ev.Chosen(0)], [ev.Chosen(1)]):
        visit = Visit()
        visit.hear(*events, CLOSE)
        assert visit.page == pg.Waiting()


def test_a_user_who_leaves_the_question_is_warned_and_then_forgotten() -> None:
    visit = Visit()
    visit.to_code()
    visit.hear(CLOSE, ev.TimeUp(ev.Timer.IDLE))
    assert visit.state.countdown is not None
    for _ in range(visit.state.countdown):
        visit.hear(ev.TimeUp(ev.Timer.COUNTDOWN))
    assert (visit.page, visit.state.menu) == (pg.Waiting(), None)


def test_taking_the_card_needs_no_question() -> None:
    visit = Visit()
    visit.to_code()
    visit.hear(CLOSE, ev.CardTaken())
    assert (visit.page, visit.state.menu) == (pg.Waiting(), None)


@pytest.mark.parametrize(
    ("page", "trouble"),
    [
        (pg.OpeningUnlock(), Trouble.CARD_PULLED),
        (pg.CheckingPasscode(pg.EnteringPasscode(pg.Why.LOG_IN)), Trouble.CARD_PULLED),
        (None, Trouble.CARD_PULLED_REGISTERING),
    ],
)
def test_a_card_pulled_while_the_kiosk_works_is_explained(
    page: pg.Page | None, trouble: Trouble
) -> None:
    visit = Visit()
    if page is None:
        visit.to_code()
        visit.enter("code", "042042", Intent.CONFIRM)
        page = visit.page
        assert isinstance(page, pg.ConfirmingRegistration)
    state, effects = flow.step(flow.State(page=page, card_present=True), ev.CardTaken())
    assert state.page == pg.Helping(trouble)
    assert do.Forget() in effects
    view = flow.render(state)
    assert isinstance(view, vw.Notice)
    assert view.picture is vw.Picture.LEAVE_CARD


def test_back_from_a_wrong_choice_leads_to_the_menu() -> None:
    visit = Visit()
    visit.hear(ev.Chosen(2), ev.UnlockOpened(visit.number, FOUR, 3))
    visit.hear(ev.Typed("answer-1", 3), ev.Typed("answer-1", 0), BACK)
    assert (visit.page, visit.state.menu) == (pg.CardWorks(), None)


def test_a_kiosk_that_nobody_told_whom_to_call_says_something_all_the_same() -> None:
    state = flow.State(page=pg.Helping(Trouble.CENTRAL))
    view = flow.render(state)
    assert isinstance(view, vw.Notice)
    assert [in_english(each.name) for each in view.contacts] == ["Your IT service desk"]
    named = vw.Contact(Verbatim("IT"), Verbatim("ext. 2222"))
    told, _ = flow.step(state, ev.ContactsSeen((named,)))
    view = flow.render(told)
    assert isinstance(view, vw.Notice)
    assert view.contacts == (named,)
