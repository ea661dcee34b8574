# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="unreachable,comparison-overlap"
"""Registering for self service, step by step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk import flow
from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import view as vw
from kiosk.flow.drawing.aloud import aloud
from kiosk.flow.preferences import Language
from kiosk.flow.registration_draft import Draft
from kiosk.flow.text import in_english
from kiosk.flow.trouble import Trouble
from kiosk.flow.view import Intent, StepState
from kiosk.values import Secret
from tests.flow.asked import FOUR
from tests.flow.holder import PROFILE, Visit, problem, ready


def steps(visit: Visit) -> list[StepState]:
    return [step.state for step in visit.view.frame.steps]


def test_the_four_steps_are_ticked_one_after_another() -> None:
    visit = Visit()
    visit.log_in()
    assert steps(visit) == []
    visit.hear(ev.Pressed(Intent.REGISTER), ev.Pressed(Intent.CONTINUE))
    waiting, doing, done = StepState.WAITING, StepState.DOING, StepState.DONE
    assert steps(visit) == [doing, waiting, waiting, waiting]
    visit.to_code()
    assert steps(visit) == [done, done, done, doing]


def test_four_questions_are_registered_in_the_order_in_which_they_were_chosen() -> None:
    visit = Visit()
    visit.open_registration()
    for question in (3, 0, 7, 5):
        visit.answer(question, f"answer {question}")
    visit.enter("email", "nora@nhs.net")
    visit.hear(ev.CodeSent(visit.number, "n…@nhs.net"))
    code = visit.enter("code", "042042", Intent.CONFIRM)
    (effect,) = visit.asked_for(do.Register)
    assert isinstance(effect, do.Register)
    assert effect.questions == ("question-3", "question-0", "question-7", "question-5")
    assert [answer.reveal() for answer in effect.answers] == [
        b"answer 3",
        b"answer 0",
        b"answer 7",
        b"answer 5",
    ]
    assert effect.code is code
    assert effect.former == ()
    visit.hear(ev.CardRegistered(visit.number))
    assert isinstance(visit.page, pg.Registered)


def test_a_question_is_chosen_once() -> None:
    visit = Visit()
    visit.open_registration()
    visit.answer(2, "answer 2")
    visit.hear(ev.Chosen(2))
    assert isinstance(visit.page, pg.ChoosingQuestion)


@pytest.mark.parametrize("flaw", ev.AnswerFault)
def test_an_answer_that_is_worth_nothing_is_asked_again(flaw: ev.AnswerFault) -> None:
    visit = Visit()
    visit.open_registration()
    visit.answer(0, "answer 0")
    visit.answer(1, "poor", flaw)
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.problem is not None
    assert isinstance(visit.page, pg.AnsweringQuestion)
    assert len(visit.page.draft.answers) == 1
    visit.enter("own-answer-2", "better")
    visit.hear(ev.AnswerJudged(visit.number, None))
    assert isinstance(visit.page, pg.ChoosingQuestion)
    assert [answer.reveal() for answer in visit.page.draft.answers] == [b"answer 0", b"better"]


def test_the_same_weak_answer_gets_the_same_message_again() -> None:
    visit = Visit()
    visit.open_registration()
    visit.answer(0, "poor", ev.AnswerFault.COMMON)
    first = aloud(visit.view)
    visit.hear(ev.Pressed(Intent.CONTINUE, Secret(b"poor"), "own-answer-1"))
    meanwhile = aloud(visit.view)
    visit.hear(ev.AnswerJudged(visit.number, ev.AnswerFault.COMMON))
    again = aloud(visit.view)
    assert again == first
    said = [in_english(words) for line in again.after(meanwhile) for words in line]
    assert problem(visit.view) in said


def test_an_answer_is_compared_with_those_before_it() -> None:
    visit = Visit()
    visit.open_registration()
    visit.answer(0, "answer 0")
    visit.answer(1, "answer 1")
    judged = visit.asked_for(do.JudgeAnswer)[1]
    assert isinstance(judged, do.JudgeAnswer)
    assert judged.question.text == "Question 1?"
    assert [other.reveal() for other in judged.others] == [b"answer 0"]


def test_the_code_and_the_notice_are_sent_in_the_language_of_the_screen() -> None:
    visit = Visit()
    visit.state = replace(visit.state, language=Language.POLISH)
    visit.to_code()
    visit.enter("code", "042042", Intent.CONFIRM)
    for kind in (do.SendRegistrationCode, do.Register):
        (effect,) = visit.asked_for(kind)
        assert getattr(effect, "language", None) is Language.POLISH


def test_an_address_that_is_refused_is_asked_again_and_kept() -> None:
    visit = Visit()
    visit.to_email()
    visit.enter("email", "nora@gmail.com")
    visit.hear(ev.EmailRefused(visit.number))
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    said = "It must be an NHS address, such as one that ends in @nhs.net."
    assert problem(view) == said
    assert view.entry.length == len("nora@gmail.com")


@pytest.mark.parametrize(
    ("domains", "endings"),
    [
        (("barts.nhs.uk", ".ac.uk"), ("@barts.nhs.uk", ".ac.uk")),
        (
            ("a.uk", ".b.uk", ".c.uk", ".d.uk", ".e.uk", ".f.uk"),
            ("@a.uk", ".b.uk", ".c.uk", ".d.uk"),
        ),
        (("northumbria-healthcare.nhs.uk", ".nhs.uk"), (".nhs.uk",)),
        (("northumbria.nhs.uk", "newcastle.nhs.uk", ".nhs.uk"), ("@northumbria.nhs.uk", ".nhs.uk")),
        ((), ()),
    ],
)
def test_the_endings_are_the_first_of_centrals_domains_that_fit(
    domains: tuple[str, ...], endings: tuple[str, ...]
) -> None:
    visit = Visit()
    visit.to_email(domains)
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.entry.endings == endings
    visit.enter("email", "nora@gmail.com")
    visit.hear(ev.EmailRefused(visit.number))
    assert (endings[0] if endings else "could not be emailed there") in problem(visit.view)


def test_a_wrong_code_and_a_void_one_are_asked_again() -> None:
    visit = Visit()
    visit.to_code()
    visit.enter("code", "111111", Intent.CONFIRM)
    visit.hear(ev.CodeRefused(visit.number))
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.problem is not None
    visit.enter("code", "111111", Intent.CONFIRM)
    visit.hear(ev.CodeSent(visit.number, "n…@nhs.net", anew=True))
    assert isinstance(visit.page, pg.EnteringCode)
    assert visit.page.anew


def test_replacing_a_registration_needs_its_answers() -> None:
    visit = Visit()
    visit.open_registration("A?", "B?", "C?", "D?")
    given = [visit.enter(f"former-answer-{n}", f"before {n}") for n in (1, 2, 3)]
    visit.hear(ev.Pressed(Intent.SKIP))
    for number in range(4):
        visit.answer(number, f"answer {number}")
    visit.enter("email", "nora@nhs.net")
    visit.hear(ev.CodeSent(visit.number, "n…@nhs.net"))
    visit.enter("code", "042042", Intent.CONFIRM)
    (effect,) = visit.asked_for(do.Register)
    assert isinstance(effect, do.Register)
    assert effect.former == (*given, None)


def test_former_answers_that_were_wrong_are_asked_again_and_the_new_ones_kept() -> None:
    visit = Visit()
    visit.open_registration("A?", "B?", "C?", "D?")
    for number in (1, 2, 3, 4):
        visit.enter(f"former-answer-{number}", "wrong")
    for number in range(4):
        visit.answer(number, f"answer {number}")
    visit.enter("email", "nora@nhs.net")
    visit.hear(ev.CodeSent(visit.number, "n…@nhs.net"))
    visit.enter("code", "042042", Intent.CONFIRM)
    visit.hear(ev.AnswersRefused(visit.number))
    assert isinstance(visit.page, pg.AnsweringFormer)
    for number in (1, 2, 3, 4):
        visit.enter(f"former-answer-{number}", "right")
    assert isinstance(visit.page, pg.EnteringCode)
    visit.enter("code", "042042", Intent.CONFIRM)
    again = visit.asked_for(do.Register)[-1]
    assert isinstance(again, do.Register)
    assert [answer.reveal() for answer in again.answers] == [b"answer %d" % n for n in range(4)]


def test_a_required_wait_at_the_end_loses_no_input() -> None:
    visit = Visit()
    visit.open_registration("A?", "B?", "C?", "D?")
    for number in (1, 2, 3, 4):
        visit.enter(f"former-answer-{number}", "before")
    for number in range(4):
        visit.answer(number, f"answer {number}")
    visit.enter("email", "nora@nhs.net")
    visit.hear(ev.CodeSent(visit.number, "n…@nhs.net"))
    visit.enter("code", "042042", Intent.CONFIRM)
    asked = len(visit.effects)
    visit.hear(ev.UnlockRefused(visit.number, ev.Refusal.WAIT, 60))
    forgot = (do.Forget, do.ForgetTyped)
    assert not [each for each in visit.effects[asked:] if isinstance(each, forgot)]
    assert problem(visit.view) == "Too early. Wait 60 seconds, then try again."
    assert ready(visit.view), "the code that was typed is there still"
    visit.hear(ev.Pressed(Intent.CONFIRM, Secret(b"042042"), "code"))
    first, again = visit.asked_for(do.Register)
    assert isinstance(first, do.Register)
    assert isinstance(again, do.Register)
    assert again == replace(first, code=again.code)
    visit.hear(ev.UnlockRefused(visit.number, ev.Refusal.LOCKED_OUT))
    assert visit.page == pg.Helping(Trouble.LOCKED_OUT)


@pytest.mark.parametrize(
    ("happened", "said"),
    [
        (ev.UnlockRefused(0, ev.Refusal.MAIL), "Check the address and try again"),
        (ev.CentralFailed(0), "What you gave is kept"),
    ],
)
def test_a_code_that_was_not_sent_loses_no_input(
    happened: ev.UnlockRefused | ev.CentralFailed, said: str
) -> None:
    visit = Visit()
    visit.to_email()
    visit.enter("email", "noora@nhs.net")
    asked = len(visit.effects)
    visit.hear(replace(happened, visit=visit.number))
    assert isinstance(visit.page, pg.EnteringEmail)
    assert len(visit.page.draft.answers) == 4
    assert not [each for each in visit.effects[asked:] if isinstance(each, do.Forget)]
    assert said in problem(visit.view)
    assert ready(visit.view)
    visit.enter("email", "nora@nhs.net")
    visit.hear(ev.CodeSent(visit.number, "n…@nhs.net"))
    assert isinstance(visit.page, pg.EnteringCode)


def test_one_failure_of_central_at_the_end_allows_a_retry_and_two_lead_to_help() -> None:
    visit = Visit()
    visit.to_code()
    visit.enter("code", "042042", Intent.CONFIRM)
    visit.hear(ev.CentralFailed(visit.number))
    assert "What you gave is kept" in problem(visit.view)
    assert ready(visit.view)
    visit.hear(ev.Pressed(Intent.CONFIRM, Secret(b"042042"), "code"))
    first, again = visit.asked_for(do.Register)
    assert isinstance(first, do.Register)
    assert isinstance(again, do.Register)
    assert again == replace(first, code=again.code)
    visit.hear(ev.CentralFailed(visit.number))
    assert visit.page == pg.Helping(Trouble.CENTRAL)


def test_how_long_to_wait_is_said_with_former_answers_that_were_wrong() -> None:
    draft = Draft(PROFILE, PROFILE.trusts[0], former_questions=FOUR)
    page = pg.AnsweringFormer(draft, refused=True, wait_seconds=10)
    assert "Wait 10 seconds" in problem(flow.render(flow.State(page=page)))


def test_the_code_page_shows_the_address_and_how_long_the_code_is_valid() -> None:
    visit = Visit()
    visit.to_code()
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.hint is not None
    hint = in_english(view.hint)
    assert "nora@nhs.net" in hint
    assert "15 minutes" in hint


@pytest.mark.parametrize("field", ["passcode", "own-answer-1", "email", "code"])
def test_what_was_typed_for_another_page_is_not_taken(field: str) -> None:
    visit = Visit()
    visit.open_registration()
    visit.hear(ev.Chosen(0))
    before = visit.page
    if field != "own-answer-1":
        visit.enter(field, "246802")
        assert visit.page == before


def test_the_remaining_time_is_shown_and_can_be_restored() -> None:
    def left() -> str:
        remaining = visit.view.frame.remaining
        return "" if remaining is None else in_english(remaining)

    visit = Visit()
    assert left() == "", "nobody is logged in yet"
    visit.log_in()
    assert left() == "15 min left"
    for _ in range(16):
        visit.hear(ev.TimeUp(ev.Timer.MINUTE))
    assert left() == "1 min left", "it is never nothing: the warning says the seconds"
    visit.hear(ev.TimeUp(ev.Timer.VISIT), ev.Pressed(Intent.MORE_TIME))
    assert left() == "15 min left"


def test_if_no_more_codes_can_be_sent_the_newest_and_its_address_are_kept() -> None:
    visit = Visit()
    visit.to_code()
    visit.hear(ev.Pressed(Intent.BACK))
    visit.enter("email", "nora.nurse@nhs.net")
    heard = len(visit.effects)
    visit.hear(ev.UnlockRefused(visit.number, ev.Refusal.NO_MORE_CODES))
    assert not any(isinstance(effect, do.Forget) for effect in visit.effects[heard:])
    assert problem(visit.view) == "No more codes can be sent. Use the code in the newest email."
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.hint is not None
    assert dict(view.hint.values)["address"] == "nora@nhs.net", "where the newest one went"
    visit.enter("code", "042042", Intent.CONFIRM)
    assert len(visit.asked_for(do.Register)) == 1
    visit.hear(ev.UnlockRefused(visit.number, ev.Refusal.NO_MORE_CODES))
    assert visit.page == pg.Helping(Trouble.NO_MORE_CODES), "it was void, and none follows"
