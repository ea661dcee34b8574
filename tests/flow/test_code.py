# SPDX-License-Identifier: Apache-2.0
"""The code by email that an unlock asks for, told step by step."""

from __future__ import annotations

import pytest

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import view as vw
from kiosk.flow.trouble import Trouble
from kiosk.flow.view import Intent
from kiosk.values import Secret
from tests.flow.test_unlock import Visit


def code_typed(visit: Visit, code: str) -> Secret:
    secret = Secret(code.encode())
    pressed = ev.Pressed(Intent.CONTINUE, secret, "code")
    visit.hear(ev.Typed("code", len(code)), pressed)
    return secret


@pytest.fixture
def asked_for_code() -> Visit:
    """Return a visit after the answers, in which central asks for a code too."""
    visit = Visit()
    visit.open()
    for _ in range(4):
        visit.answer("word")
    visit.hear(ev.CodeSent(visit.number, "m…@nhs.net"))
    return visit


def test_a_code_goes_to_central_with_the_answers_given_before(asked_for_code: Visit) -> None:
    visit = asked_for_code
    first = visit.asked_for(do.GiveAnswers)[0]
    assert isinstance(first, do.GiveAnswers)
    assert first.code is None
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.hint is not None
    assert dict(view.hint.values)["address"] == "m…@nhs.net"
    code = code_typed(visit, "246802")
    assert visit.asked_for(do.GiveAnswers)[1:] == [
        do.GiveAnswers(visit.number, first.answers, code)
    ]
    visit.hear(ev.AnswersAccepted(visit.number))
    assert visit.state.page == pg.ChoosingPasscode()


def test_a_code_of_another_length_is_not_sent(asked_for_code: Visit) -> None:
    code_typed(asked_for_code, "24680")
    assert not asked_for_code.buttons()[Intent.CONTINUE]
    assert len(asked_for_code.asked_for(do.GiveAnswers)) == 1


def test_a_wrong_code_is_asked_again_without_the_old_digits(asked_for_code: Visit) -> None:
    visit = asked_for_code
    code_typed(visit, "246802")
    visit.hear(ev.CodeRefused(visit.number))
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.problem is not None
    assert view.entry.length == 0
    assert do.ForgetTyped(("code",)) in visit.effects
    code_typed(visit, "135791")
    assert len(visit.asked_for(do.GiveAnswers)) == 3


def test_another_code_is_sent_on_request(asked_for_code: Visit) -> None:
    visit = asked_for_code
    visit.hear(ev.Pressed(Intent.ANOTHER_CODE))
    assert visit.asked_for(do.SendCode) == [do.SendCode(visit.number)]
    visit.hear(ev.CodeSent(visit.number, "m…@nhs.net"))
    assert isinstance(visit.state.page, pg.AskingCode)


def test_if_no_more_codes_can_be_sent_the_newest_is_asked_for(asked_for_code: Visit) -> None:
    visit = asked_for_code
    visit.hear(ev.Pressed(Intent.ANOTHER_CODE))
    heard = len(visit.effects)
    visit.hear(ev.UnlockRefused(visit.number, ev.Refusal.NO_MORE_CODES))
    assert not any(isinstance(effect, do.Forget) for effect in visit.effects[heard:])
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.problem is not None
    assert view.problem.message == "No more codes can be sent. Use the code in the newest email."
    assert not visit.buttons()[Intent.ANOTHER_CODE]
    given = visit.asked_for(do.GiveAnswers)[0]
    assert isinstance(given, do.GiveAnswers)
    code = code_typed(visit, "246802")
    assert visit.asked_for(do.GiveAnswers)[-1] == do.GiveAnswers(visit.number, given.answers, code)
    visit.hear(ev.CodeRefused(visit.number))
    assert not visit.buttons()[Intent.ANOTHER_CODE], "nor is another one offered later"


@pytest.mark.parametrize("refusal", [ev.Refusal.SESSION_OVER, ev.Refusal.LOCKED_OUT])
def test_other_refusals_of_another_code_lead_to_help(
    asked_for_code: Visit, refusal: ev.Refusal
) -> None:
    visit = asked_for_code
    visit.hear(ev.Pressed(Intent.ANOTHER_CODE), ev.UnlockRefused(visit.number, refusal))
    assert isinstance(visit.state.page, pg.Helping)


def test_a_void_code_without_a_new_one_ends_the_unlock(asked_for_code: Visit) -> None:
    visit = asked_for_code
    code_typed(visit, "246802")
    visit.hear(ev.UnlockRefused(visit.number, ev.Refusal.NO_MORE_CODES))
    assert visit.state.page == pg.Helping(Trouble.NO_MORE_CODES)
    assert isinstance(visit.view, vw.Notice)
    assert visit.view.heading.message == "No more codes can be sent"


def test_a_void_code_is_replaced_and_the_page_says_so(asked_for_code: Visit) -> None:
    visit = asked_for_code
    code_typed(visit, "246802")
    visit.hear(ev.CodeSent(visit.number, "m…@nhs.net", anew=True))
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.problem is not None


def test_wrong_answers_with_a_right_code_go_back_to_the_questions(asked_for_code: Visit) -> None:
    visit = asked_for_code
    code_typed(visit, "246802")
    visit.hear(ev.AnswersRefused(visit.number, 10))
    page = visit.state.page
    assert isinstance(page, pg.AskingQuestion)
    assert (page.index, page.refused) == (0, True)


@pytest.mark.parametrize("late", [True, False])
def test_an_email_that_is_late_is_said_to_be(asked_for_code: Visit, *, late: bool) -> None:
    visit = asked_for_code
    visit.hear(ev.Pressed(Intent.ANOTHER_CODE))
    visit.hear(ev.CodeSent(visit.number, "m…@nhs.net", late=late))
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.hint is not None
    assert ("may take a few minutes" in view.hint.message) is late
    assert dict(view.hint.values)["address"] == "m…@nhs.net"
