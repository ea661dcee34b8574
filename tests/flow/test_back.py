# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="unreachable,comparison-overlap"
"""Back leads to the page before, and keeps all input."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import view as vw
from kiosk.flow.preferences import Menu
from kiosk.flow.text import in_english
from kiosk.flow.view import Intent
from tests.flow.asked import FOUR
from tests.flow.holder import PROFILE, Visit, ready


def forgotten(visit: Visit) -> list[do.ForgetGiven]:
    return [each for each in visit.effects if isinstance(each, do.ForgetGiven)]


def test_back_keeps_all_answers() -> None:
    visit = Visit()
    visit.to_email()
    visit.hear(ev.Pressed(Intent.BACK))
    page = visit.page
    assert isinstance(page, pg.AnsweringQuestion)
    assert (page.question, page.length) == (3, len("answer 3"))
    visit.enter("own-answer-4", "answer 3")
    visit.hear(ev.AnswerJudged(visit.number, None))
    assert isinstance(visit.page, pg.EnteringEmail)
    assert len(visit.page.draft.answers) == 4


def test_correcting_the_address_after_back_sends_a_new_code() -> None:
    visit = Visit()
    visit.to_code()
    visit.hear(ev.Pressed(Intent.BACK))
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.entry.prefilled == "nora@nhs.net"
    visit.enter("email", "nora.nurse@nhs.net")
    sent = [e.email for e in visit.asked_for(do.SendRegistrationCode) if hasattr(e, "email")]
    assert sent == ["nora@nhs.net", "nora.nurse@nhs.net"]


def test_back_keeps_all_former_answers() -> None:
    visit = Visit()
    visit.open_registration("A?", "B?", "C?", "D?")
    visit.enter("former-answer-1", "wrnog")
    visit.hear(ev.Pressed(Intent.SKIP), ev.Typed("former-answer-3", 2))
    visit.hear(ev.Pressed(Intent.BACK), ev.Pressed(Intent.BACK))
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert (view.entry.field, view.entry.length) == ("former-answer-1", 5)
    visit.enter("former-answer-1", "wrong")
    visit.hear(ev.Pressed(Intent.SKIP))
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert (view.entry.field, view.entry.length) == ("former-answer-3", 2)
    visit.enter("former-answer-3", "three")
    visit.enter("former-answer-4", "four")
    assert isinstance(visit.page, pg.ChoosingQuestion)
    given = [each and each.reveal() for each in visit.page.draft.former]
    assert given == [b"wrong", None, b"three", b"four"]


@pytest.mark.parametrize("known", ["", "nora@nhs.net"])
def test_back_shows_the_address_as_it_was_typed(known: str) -> None:
    visit = Visit()
    visit.open_registration()
    page = visit.page
    assert isinstance(page, pg.ChoosingQuestion)
    visit.state = replace(visit.state, page=replace(page, draft=replace(page.draft, email=known)))
    for number in range(4):
        visit.answer(number, f"answer {number}")
    assert ready(visit.view) is bool(known)
    for typed in (7, 0):
        visit.hear(ev.Typed("email", typed), ev.Pressed(Intent.BACK))
        visit.enter("own-answer-4", "answer 3")
        visit.hear(ev.AnswerJudged(visit.number, None))
        assert isinstance(visit.page, pg.EnteringEmail)
        assert ready(visit.view) is bool(typed), "as what the entry shows"


def test_back_to_the_instructions_asks_for_no_passcode_again() -> None:
    visit = Visit()
    visit.open_registration()
    visit.hear(ev.Chosen(2), ev.Typed("own-answer-3", 4), ev.Pressed(Intent.BACK))
    visit.hear(ev.Pressed(Intent.BACK))
    assert isinstance(visit.page, pg.Instructions)
    visit.hear(ev.Pressed(Intent.CONTINUE))
    assert isinstance(visit.page, pg.ChoosingQuestion)
    visit.hear(ev.Chosen(2))
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.entry.length == 4
    assert len(visit.asked_for(do.OpenRegistration)) == 1


@pytest.mark.parametrize("way", [Intent.BACK, Intent.CLOSE])
def test_going_back_past_the_instructions_asks_before_answers_are_lost(
    way: Intent,
) -> None:
    visit = Visit()
    visit.open_registration()
    visit.hear(ev.Chosen(2), ev.Typed("own-answer-3", 4))
    visit.hear(*(ev.Pressed(Intent.BACK) for _ in range(2)))
    instructions = visit.page
    assert isinstance(instructions, pg.Instructions)
    visit.hear(ev.Pressed(way))
    assert visit.state.menu is (Menu.RETURNING if way is Intent.BACK else Menu.CLOSING)
    assert not any("own-answer-3" in each.fields for each in forgotten(visit))
    visit.hear(ev.Pressed(Intent.BACK))
    assert (visit.page, visit.state.menu) == (instructions, None)
    visit.hear(ev.Pressed(Intent.CONTINUE), ev.Chosen(2))
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.entry.length == 4


def test_going_back_past_the_instructions_drops_the_answers_and_keeps_the_visit() -> None:
    visit = Visit()
    visit.open_registration()
    number = visit.number
    visit.hear(ev.Chosen(2), ev.Typed("own-answer-3", 4))
    visit.hear(*(ev.Pressed(Intent.BACK) for _ in range(3)), ev.Pressed(Intent.CONFIRM))
    assert (visit.page, visit.state.menu) == (pg.ShowingProfile(PROFILE, PROFILE.trusts[0]), None)
    assert forgotten(visit) == [do.ForgetGiven(("own-answer-3", "code"))]
    assert visit.number == number
    visit.hear(ev.Pressed(Intent.REGISTER), ev.Pressed(Intent.CONTINUE))
    assert isinstance(visit.page, pg.EnteringPasscode)


def test_going_back_past_the_instructions_without_answers_asks_nothing() -> None:
    visit = Visit()
    visit.open_registration()
    visit.hear(*(ev.Pressed(Intent.BACK) for _ in range(2)))
    assert isinstance(visit.page, pg.ShowingProfile)
    visit.hear(ev.Pressed(Intent.REGISTER), ev.Pressed(Intent.CONTINUE))
    assert isinstance(visit.page, pg.EnteringPasscode)


def test_back_from_the_first_question_asks_before_it_forgets_the_answers() -> None:
    visit = Visit()
    visit.hear(ev.Chosen(2), ev.UnlockOpened(visit.number, FOUR, 3))
    visit.enter("answer-1", "one")
    visit.hear(ev.Pressed(Intent.BACK), ev.Pressed(Intent.BACK))
    asking = visit.page
    assert isinstance(asking, pg.AskingQuestion)
    assert visit.state.menu is Menu.RETURNING
    view = visit.view
    assert isinstance(view, vw.Notice)
    assert in_english(view.heading) == "Go back, and forget what you gave?"
    said = {each.intent: in_english(each.label) for each in view.frame.buttons}
    assert said == {Intent.BACK: "Stay here", Intent.CONFIRM: "Go back"}
    assert forgotten(visit) == []
    visit.hear(ev.Pressed(Intent.BACK))
    assert (visit.page, visit.state.menu) == (asking, None)
    assert asking.lengths[0] == len("one")
    number = visit.number
    visit.hear(ev.Pressed(Intent.BACK), ev.Pressed(Intent.CONFIRM))
    assert (visit.page, visit.state.menu) == (pg.CardWorks(), None)
    assert visit.number == number, "the visit goes on"
    assert forgotten(visit) == [do.ForgetGiven(tuple(f"answer-{n}" for n in (1, 2, 3, 4)))]
    visit.hear(ev.Chosen(2), ev.UnlockOpened(visit.number, FOUR, 3))
    assert isinstance(visit.page, pg.AskingQuestion)
    assert (visit.page.lengths, visit.page.answers) == ((0,) * 4, (None,) * 4)


def test_back_from_the_passcode_leads_to_the_page_before_it() -> None:
    visit = Visit()
    visit.log_in()
    visit.hear(ev.Pressed(Intent.REGISTER), ev.Pressed(Intent.CONTINUE), ev.Pressed(Intent.BACK))
    assert visit.page == pg.Instructions(PROFILE, PROFILE.trusts[0])


def test_back_leads_from_the_list_of_questions_to_the_former_answers() -> None:
    visit = Visit()
    visit.open_registration("A?", "B?", "C?", "D?")
    for number in (1, 2, 3, 4):
        visit.enter(f"former-answer-{number}", "former")
    visit.hear(ev.Pressed(Intent.BACK))
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert (view.entry.field, view.entry.length) == ("former-answer-4", len("former"))
    visit.hear(*(ev.Pressed(Intent.BACK) for _ in range(4)), ev.Pressed(Intent.CONTINUE))
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert (view.entry.field, view.entry.length) == ("former-answer-1", len("former"))


def test_back_from_the_new_passcode_asks_for_the_old_one_again() -> None:
    visit = Visit()
    visit.hear(ev.Chosen(1))
    visit.enter("passcode", "246802")
    visit.hear(ev.Typed("new-passcode", 3), ev.Pressed(Intent.BACK))
    assert isinstance(visit.page, pg.EnteringPasscode)
    assert visit.page.why is pg.Why.CHANGE
    assert visit.page.length == 0
    assert do.ForgetTyped(("new-passcode", "new-passcode-again")) in visit.effects
