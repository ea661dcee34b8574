# mypy: disable-error-code="unreachable,comparison-overlap"
"""What somebody does who knows her passcode, told step by step."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from kiosk import flow
from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import view as vw
from kiosk.flow.access import Language
from kiosk.flow.profile import Profile, SelfService, Smartcard, Trust
from kiosk.flow.text import in_english
from kiosk.flow.view import Intent, StepState
from kiosk.values import CardIdentity, Counters, Family, PasscodeRules, Secret

PROFILE = Profile(
    "Nora Nurse",
    (Trust("Trust A", "Nurse"),),
    (Smartcard("AB12", in_reader=True),),
    (),
    date(2027, 1, 1),
    23,
    SelfService.NOT_REGISTERED,
    "nora@nhs.net",
)
OFFERED = tuple((f"question-{n}", f"Question {n}?") for n in range(8))


class Visit:
    """A flow with a card that works, and what it asked for."""

    def __init__(self, left: int = 3, *, may_log_in: bool = True) -> None:
        self.state = flow.State()
        self.effects: list[do.Effect] = []
        self.hear(ev.ReaderReady(), ev.CardInserted("AB12-CD34"))
        card = CardIdentity(Family.PIV, "AB" * 16)
        read = ev.CardRead(1, card, Counters(left), PasscodeRules(), may_log_in)
        self.hear(replace(read, visit=self.number))

    def hear(self, *events: ev.Event) -> None:
        for event in events:
            self.state, effects = flow.step(self.state, event)
            self.effects += effects

    def enter(self, field: str, words: str, intent: Intent = Intent.CONTINUE) -> Secret:
        secret = Secret(words.encode())
        met = PasscodeRules().met(words.encode())
        self.hear(ev.Typed(field, len(words), met), ev.Pressed(intent, secret, field))
        return secret

    def asked_for(self, kind: type[do.Effect]) -> list[do.Effect]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    @property
    def number(self) -> int:
        return self.state.visit

    @property
    def page(self) -> pg.Page:
        return self.state.page

    @property
    def view(self) -> vw.View:
        return flow.render(self.state)

    def log_in(self, profile: Profile = PROFILE) -> None:
        self.hear(ev.Chosen(0))
        self.enter("passcode", "246802")
        self.hear(ev.LoggedIn(self.number, profile))

    def open_registration(self, *former: str) -> None:
        self.log_in()
        self.hear(ev.Pressed(Intent.REGISTER), ev.Pressed(Intent.CONTINUE))
        self.enter("passcode", "246802")
        self.hear(ev.RegistrationOpened(self.number, OFFERED, former))

    def answer(self, question: int, words: str, flaw: ev.Flaw | None = None) -> None:
        assert isinstance(self.page, pg.ChoosingQuestion)
        self.hear(ev.Chosen(question))
        self.enter(f"own-answer-{question + 1}", words)
        self.hear(ev.AnswerJudged(self.number, flaw))

    def to_email(self) -> None:
        self.open_registration()
        for number in range(4):
            self.answer(number, f"answer {number}")

    def to_code(self) -> None:
        self.to_email()
        self.enter("e-mail", "nora@nhs.net")
        self.hear(ev.CodeSent(self.number, "n…@nhs.net"))


def steps(visit: Visit) -> list[StepState]:
    return [step.state for step in visit.view.frame.steps]


# ---------------------------------------------------------------- the menu, and the change


def test_a_card_that_cannot_log_in_says_so_and_does_not() -> None:
    visit = Visit(may_log_in=False)
    view = visit.view
    assert isinstance(view, vw.ChoicePage)
    assert [choice.enabled for choice in view.choices] == [False, True, True]
    visit.hear(ev.Chosen(0))
    assert visit.page == pg.CardWorks()


def test_a_passcode_is_changed_by_the_card_alone() -> None:
    visit = Visit()
    visit.hear(ev.Chosen(1))
    old = visit.enter("passcode", "246802")
    visit.enter("new-passcode", "135790")
    visit.enter("new-passcode-again", "135790")
    (effect,) = visit.asked_for(do.ChangePasscode)
    assert isinstance(effect, do.ChangePasscode)
    assert effect.old is old
    assert effect.new.reveal() == b"135790"
    assert visit.page == pg.ChangingPasscode()
    visit.hear(ev.PasscodeChanged(visit.number))
    assert visit.page == pg.Finished(changed=True)


def test_the_new_passcode_is_another_one() -> None:
    visit = Visit()
    visit.hear(ev.Chosen(1))
    visit.enter("passcode", "246802")
    visit.enter("new-passcode", "246802")
    assert isinstance(visit.page, pg.ChoosingPasscode)
    assert visit.page.same_as_old
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.problem is not None


def test_a_wrong_passcode_is_asked_again_with_the_tries_that_are_left() -> None:
    visit = Visit()
    visit.hear(ev.Chosen(0))
    visit.enter("passcode", "111111")
    visit.hear(ev.PasscodeRefused(visit.number, 2))
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.problem is not None
    assert dict(view.problem.values)["count"] == 2
    visit.enter("passcode", "246802")
    assert len(visit.asked_for(do.LogIn)) == 2


def test_few_tries_are_told_before_one_is_spent() -> None:
    visit = Visit(left=1)
    visit.hear(ev.Chosen(1))
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.hint is not None
    assert dict(view.hint.values)["count"] == 1


def test_the_last_wrong_one_leads_to_the_unlock() -> None:
    visit = Visit(left=1)
    visit.hear(ev.Chosen(0))
    visit.enter("passcode", "111111")
    visit.hear(ev.PasscodeRefused(visit.number, 0))
    assert visit.page == pg.NowLocked()
    assert do.Forget() not in visit.effects[-3:]  # the visit goes on
    visit.hear(ev.Pressed(Intent.FORGOTTEN))
    assert visit.asked_for(do.OpenUnlock)


def test_an_empty_passcode_is_not_sent() -> None:
    visit = Visit()
    visit.hear(ev.Chosen(0), ev.Pressed(Intent.CONTINUE, Secret(b""), "passcode"))
    assert visit.asked_for(do.LogIn) == []


# ---------------------------------------------------------------- log in


def test_several_trusts_are_chosen_from() -> None:
    visit = Visit()
    visit.log_in(replace(PROFILE, trusts=(Trust("Trust A"), Trust("Trust B", "Tutor"))))
    assert isinstance(visit.page, pg.ChoosingTrust)
    visit.hear(ev.Pressed(Intent.CONTINUE))  # none is highlighted yet
    assert isinstance(visit.page, pg.ChoosingTrust)
    visit.hear(ev.Chosen(1), ev.Pressed(Intent.CONTINUE))
    assert isinstance(visit.page, pg.ShowingProfile)
    corner = [words.content for words in visit.view.frame.corner if hasattr(words, "content")]
    assert corner == ["Nora Nurse", "Tutor", "Trust B"]


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        (SelfService.NOT_REGISTERED, {Intent.REGISTER}),
        (SelfService.REGISTERED, {Intent.REGISTER, Intent.REMOVE}),
        (SelfService.LOCKED_OUT, set()),
    ],
)
def test_what_a_profile_offers(state: SelfService, offered: set[Intent]) -> None:
    visit = Visit()
    visit.log_in(replace(PROFILE, self_service=state))
    buttons = {button.intent for button in visit.view.frame.buttons}
    assert buttons - {Intent.CLOSE} == offered
    for intent in (Intent.REGISTER, Intent.REMOVE):
        other = Visit()
        other.log_in(replace(PROFILE, self_service=state))
        other.hear(ev.Pressed(intent))
        assert isinstance(other.page, pg.ShowingProfile) == (intent not in offered)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (91, "01/01/2027"),
        (23, "expires in 23 days"),
        (1, "expires in 1 day"),
        (0, "expires today"),
        (-1, "expired: see your registration authority"),
    ],
)
def test_a_certificate_that_ends_soon_is_told_in_days(days: int, said: str) -> None:
    visit = Visit()
    visit.log_in(replace(PROFILE, days_left=days))
    view = visit.view
    assert isinstance(view, vw.ProfilePage)
    told = [in_english(value) for section in view.sections for _, value in section.rows]
    assert said in told


def test_a_registration_is_removed_with_the_passcode() -> None:
    visit = Visit()
    visit.log_in(replace(PROFILE, self_service=SelfService.REGISTERED))
    visit.hear(ev.Pressed(Intent.REMOVE))
    visit.enter("passcode", "246802")
    assert visit.asked_for(do.RemoveRegistration)
    visit.hear(ev.RegistrationRemoved(visit.number))
    assert isinstance(visit.page, pg.ShowingProfile)
    assert visit.page.profile.self_service is SelfService.LOCKED_OUT


# ---------------------------------------------------------------- registering


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
    visit.enter("e-mail", "nora@nhs.net")
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


@pytest.mark.parametrize("flaw", ev.Flaw)
def test_an_answer_that_is_worth_nothing_is_asked_again(flaw: ev.Flaw) -> None:
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


def test_an_answer_is_judged_beside_those_before_it() -> None:
    visit = Visit()
    visit.open_registration()
    visit.answer(0, "answer 0")
    visit.answer(1, "answer 1")
    judged = visit.asked_for(do.JudgeAnswer)[1]
    assert isinstance(judged, do.JudgeAnswer)
    assert judged.question == "Question 1?"
    assert [other.reveal() for other in judged.others] == [b"answer 0"]


def test_back_goes_through_the_answers_and_loses_none() -> None:
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


def test_the_code_and_the_notice_are_to_be_in_the_language_of_the_screen() -> None:
    visit = Visit()
    visit.state = replace(visit.state, language=Language.POLISH)
    visit.to_code()
    visit.enter("code", "042042", Intent.CONFIRM)
    for kind in (do.SendRegistrationCode, do.Register):
        (effect,) = visit.asked_for(kind)
        assert getattr(effect, "language", None) is Language.POLISH


def test_back_corrects_the_address_and_sends_a_new_code() -> None:
    visit = Visit()
    visit.to_code()
    visit.hear(ev.Pressed(Intent.BACK))
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.entry.prefilled == "nora@nhs.net"
    visit.enter("e-mail", "nora.nurse@nhs.net")
    sent = [e.email for e in visit.asked_for(do.SendRegistrationCode) if hasattr(e, "email")]
    assert sent == ["nora@nhs.net", "nora.nurse@nhs.net"]


def test_an_address_that_is_refused_is_asked_again_and_kept() -> None:
    visit = Visit()
    visit.to_email()
    visit.enter("e-mail", "nora@gmail.com")
    visit.hear(ev.EmailRefused(visit.number))
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.problem is not None
    assert view.entry.length == len("nora@gmail.com")


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


def test_a_registration_that_is_replaced_needs_the_answers_to_it() -> None:
    visit = Visit()
    visit.open_registration("A?", "B?", "C?", "D?")
    given = [visit.enter(f"former-answer-{n}", f"before {n}") for n in (1, 2, 3)]
    visit.hear(ev.Pressed(Intent.SKIP))
    for number in range(4):
        visit.answer(number, f"answer {number}")
    visit.enter("e-mail", "nora@nhs.net")
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
    visit.enter("e-mail", "nora@nhs.net")
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


def _ready(view: vw.View) -> bool:
    """Whether the way on can be pressed."""
    ways = {Intent.CONTINUE, Intent.CONFIRM}
    return any(button.enabled for button in view.frame.buttons if button.intent in ways)


def _problem(view: vw.View) -> str:
    assert isinstance(view, vw.EntryPage)
    return in_english(view.problem) if view.problem is not None else ""


def test_too_early_at_the_very_end_loses_nothing_that_was_given() -> None:
    visit = Visit()
    visit.open_registration("A?", "B?", "C?", "D?")
    for number in (1, 2, 3, 4):
        visit.enter(f"former-answer-{number}", "before")
    for number in range(4):
        visit.answer(number, f"answer {number}")
    visit.enter("e-mail", "nora@nhs.net")
    visit.hear(ev.CodeSent(visit.number, "n…@nhs.net"))
    visit.enter("code", "042042", Intent.CONFIRM)
    asked = len(visit.effects)
    visit.hear(ev.UnlockRefused(visit.number, ev.Refusal.WAIT, 60))
    forgot = (do.Forget, do.ForgetTyped)
    assert not [each for each in visit.effects[asked:] if isinstance(each, forgot)]
    assert _problem(visit.view) == "Too early. Wait 60 seconds, then try again."
    assert _ready(visit.view), "the code that was typed is there still"
    visit.hear(ev.Pressed(Intent.CONFIRM, Secret(b"042042"), "code"))
    first, again = visit.asked_for(do.Register)
    assert isinstance(first, do.Register)
    assert isinstance(again, do.Register)
    assert again == replace(first, code=again.code)
    visit.hear(ev.UnlockRefused(visit.number, ev.Refusal.LOCKED_OUT))
    assert visit.page == pg.Helping(pg.Trouble.LOCKED_OUT)


@pytest.mark.parametrize(
    ("happened", "said"),
    [
        (ev.UnlockRefused(0, ev.Refusal.MAIL), "Check the address and try again"),
        (ev.CentralFailed(0), "What you gave is kept"),
    ],
)
def test_a_code_that_was_not_sent_loses_nothing_that_was_given(
    happened: ev.UnlockRefused | ev.CentralFailed, said: str
) -> None:
    visit = Visit()
    visit.to_email()
    visit.enter("e-mail", "noora@nhs.net")
    asked = len(visit.effects)
    visit.hear(replace(happened, visit=visit.number))
    assert isinstance(visit.page, pg.EnteringEmail)
    assert len(visit.page.draft.answers) == 4
    assert not [each for each in visit.effects[asked:] if isinstance(each, do.Forget)]
    assert said in _problem(visit.view)
    assert _ready(visit.view)
    visit.enter("e-mail", "nora@nhs.net")
    visit.hear(ev.CodeSent(visit.number, "n…@nhs.net"))
    assert isinstance(visit.page, pg.EnteringCode)


def test_central_may_fail_once_at_the_very_end_and_then_there_is_help() -> None:
    visit = Visit()
    visit.to_code()
    visit.enter("code", "042042", Intent.CONFIRM)
    visit.hear(ev.CentralFailed(visit.number))
    assert "What you gave is kept" in _problem(visit.view)
    assert _ready(visit.view)
    visit.hear(ev.Pressed(Intent.CONFIRM, Secret(b"042042"), "code"))
    first, again = visit.asked_for(do.Register)
    assert isinstance(first, do.Register)
    assert isinstance(again, do.Register)
    assert again == replace(first, code=again.code)
    visit.hear(ev.CentralFailed(visit.number))
    assert visit.page == pg.Helping(pg.Trouble.CENTRAL)


def test_how_long_to_wait_is_said_with_former_answers_that_were_wrong() -> None:
    draft = pg.Draft(PROFILE, PROFILE.trusts[0], former_questions=("A?", "B?", "C?", "D?"))
    page = pg.AnsweringFormer(draft, refused=True, wait_seconds=10)
    assert "Wait 10 seconds" in _problem(flow.render(flow.State(page=page)))


def test_back_goes_through_the_former_answers_and_loses_none() -> None:
    visit = Visit()
    visit.open_registration("A?", "B?", "C?", "D?")
    assert Intent.BACK not in {button.intent for button in visit.view.frame.buttons}
    visit.enter("former-answer-1", "wrnog")
    visit.hear(ev.Pressed(Intent.SKIP), ev.Typed("former-answer-3", 2))
    visit.hear(ev.Pressed(Intent.BACK), ev.Pressed(Intent.BACK), ev.Pressed(Intent.BACK))
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
def test_back_finds_the_address_as_it_was_typed(known: str) -> None:
    visit = Visit()
    visit.open_registration()
    page = visit.page
    assert isinstance(page, pg.ChoosingQuestion)
    visit.state = replace(visit.state, page=replace(page, draft=replace(page.draft, email=known)))
    for number in range(4):
        visit.answer(number, f"answer {number}")
    assert _ready(visit.view) is bool(known)
    for typed in (7, 0):
        visit.hear(ev.Typed("e-mail", typed), ev.Pressed(Intent.BACK))
        visit.enter("own-answer-4", "answer 3")
        visit.hear(ev.AnswerJudged(visit.number, None))
        assert isinstance(visit.page, pg.EnteringEmail)
        assert _ready(visit.view) is bool(typed), "as what the entry shows"


def test_the_page_of_the_code_says_where_it_went_and_how_long_it_is_good() -> None:
    visit = Visit()
    visit.to_code()
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.hint is not None
    hint = in_english(view.hint)
    assert "nora@nhs.net" in hint
    assert "15 minutes" in hint


@pytest.mark.parametrize("field", ["passcode", "own-answer-1", "e-mail", "code"])
def test_what_was_typed_for_another_page_is_not_taken(field: str) -> None:
    visit = Visit()
    visit.open_registration()
    visit.hear(ev.Chosen(0))
    before = visit.page
    if field != "own-answer-1":
        visit.enter(field, "246802")
        assert visit.page == before


def test_who_is_logged_in_sees_how_long_she_has_and_gets_all_of_it_again() -> None:
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
