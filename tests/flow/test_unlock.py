# SPDX-License-Identifier: Apache-2.0
"""The unlock, step by step."""

from __future__ import annotations

import pytest

from kiosk import flow
from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import view as vw
from kiosk.flow.trouble import Trouble
from kiosk.flow.view import Intent
from kiosk.values import CardIdentity, Counters, Family, PasscodeRules, ReaderTrouble, Rule, Secret
from tests.flow.asked import asked

CARD = CardIdentity(Family.PIV, "AB" * 16)
QUESTIONS = asked("First?", "Second?", "Third?", "Fourth?")


class Visit:
    """A flow, and the effects that it asked for."""

    def __init__(self) -> None:
        self.state = flow.State()
        self.effects: list[do.Effect] = []
        self.hear(ev.ReaderReady(), ev.CardInserted("AB12-CD34"))

    def hear(self, *events: ev.Event) -> None:
        for event in events:
            self.state, effects = flow.step(self.state, event)
            self.effects += effects

    def asked_for(self, kind: type[do.Effect]) -> list[do.Effect]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    @property
    def number(self) -> int:
        return self.state.visit

    @property
    def view(self) -> vw.View:
        return flow.render(self.state)

    def read(self, passcode: int | None = 0, unblocking: int | None = None) -> None:
        counters = Counters(passcode, unblocking)
        self.hear(ev.CardRead(self.number, CARD, counters, PasscodeRules()))

    def open(self) -> None:
        self.read()
        self.hear(ev.UnlockOpened(self.number, QUESTIONS, 3))

    def answer(self, word: str) -> Secret:
        page = self.state.page
        assert isinstance(page, pg.AskingQuestion)
        secret = Secret(word.encode())
        self.hear(
            ev.Typed(f"answer-{page.index + 1}", len(word)),
            ev.Pressed(Intent.CONTINUE, secret, f"answer-{page.index + 1}"),
        )
        return secret

    def choose(self, first: str, second: str) -> None:
        for field, digits in (("new-passcode", first), ("new-passcode-again", second)):
            met = PasscodeRules().met(digits.encode())
            self.hear(
                ev.Typed(field, len(digits), met),
                ev.Pressed(Intent.CONTINUE, Secret(digits.encode()), field),
            )

    def buttons(self) -> dict[Intent, bool]:
        return {button.intent: button.enabled for button in self.view.frame.buttons}


@pytest.fixture
def visit() -> Visit:
    return Visit()


def test_a_locked_card_goes_straight_to_its_questions(visit: Visit) -> None:
    visit.read(passcode=0)
    assert visit.asked_for(do.OpenUnlock) == [
        do.OpenUnlock(visit.number, "AB12-CD34", forgotten=False)
    ]


def test_a_card_that_was_unblocked_without_the_new_passcode_leads_to_help(visit: Visit) -> None:
    """The card was unblocked, and then rejected the passcode that it had just been given."""
    visit.open()
    for word in ("a", "b", "c", "d"):
        visit.answer(word)
    visit.hear(ev.AnswersAccepted(visit.number))
    visit.choose("135790", "135790")
    visit.hear(ev.UnlockAdvanced(visit.number, ev.UnlockStep.CHECK))
    visit.hear(ev.PasscodeRefused(visit.number, 2))
    assert isinstance(visit.view, vw.Notice)
    assert visit.view.heading.message == "Your smartcard did not take the new passcode"
    assert do.Forget() in visit.effects


def test_a_card_that_works_is_served_even_if_its_unblocking_key_is_spent(visit: Visit) -> None:
    visit.read(passcode=3, unblocking=0)
    assert isinstance(visit.view, vw.ChoicePage)


def test_a_working_card_is_unlocked_only_at_the_users_request(visit: Visit) -> None:
    visit.read(passcode=3)
    assert visit.asked_for(do.OpenUnlock) == []
    visit.hear(ev.Chosen(2))
    assert visit.asked_for(do.OpenUnlock) == [
        do.OpenUnlock(visit.number, "AB12-CD34", forgotten=True)
    ]


def test_a_card_whose_unblocking_key_is_spent_gets_help_and_no_unlock(visit: Visit) -> None:
    visit.read(passcode=0, unblocking=0)
    assert visit.state.page == pg.Helping(Trouble.CARD_SPENT)
    assert visit.asked_for(do.OpenUnlock) == []


def test_four_answers_are_given_together_in_their_order(visit: Visit) -> None:
    visit.open()
    given = tuple(visit.answer(word) for word in ("one", "two", "three", "four"))
    assert visit.asked_for(do.GiveAnswers) == [do.GiveAnswers(visit.number, given)]


@pytest.mark.parametrize("blank", range(4))
def test_one_answer_may_be_left_blank_and_not_two(visit: Visit, blank: int) -> None:
    visit.open()
    for index in range(4):
        if index == blank:
            assert Intent.SKIP in visit.buttons()
            visit.hear(ev.Pressed(Intent.SKIP))
        else:
            assert (Intent.SKIP in visit.buttons()) == (index < blank)
            if index > blank:
                visit.hear(ev.Pressed(Intent.SKIP))  # ignored
            visit.answer("word")
    (effect,) = visit.asked_for(do.GiveAnswers)
    assert isinstance(effect, do.GiveAnswers)
    assert [answer is None for answer in effect.answers] == [i == blank for i in range(4)]


def test_back_keeps_what_was_typed_and_lets_it_be_corrected(visit: Visit) -> None:
    visit.open()
    visit.answer("one")
    visit.answer("two")
    visit.hear(ev.Pressed(Intent.BACK))
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert (view.entry.field, view.entry.length) == ("answer-2", 3)
    assert visit.buttons()[Intent.CONTINUE]


def test_continue_needs_something_typed(visit: Visit) -> None:
    visit.open()
    assert not visit.buttons()[Intent.CONTINUE]
    visit.hear(ev.Pressed(Intent.CONTINUE, Secret(b""), "answer-1"))
    assert isinstance(visit.state.page, pg.AskingQuestion)
    assert visit.state.page.index == 0


def test_wrong_answers_are_asked_again_without_naming_one(visit: Visit) -> None:
    visit.open()
    for _ in range(4):
        visit.answer("guess")
    visit.hear(ev.AnswersRefused(visit.number))
    seen = []
    for number in range(1, 5):
        assert isinstance(visit.view, vw.EntryPage)
        seen.append(visit.view.problem is not None)
        assert visit.view.entry.length == 5
        visit.hear(ev.Pressed(Intent.CONTINUE, Secret(b"other"), f"answer-{number}"))
    assert seen == [True, False, False, False]  # on the first page: one remark about all of them
    assert len(visit.asked_for(do.GiveAnswers)) == 2


def test_answers_given_too_early_are_kept_and_the_wait_is_shown(visit: Visit) -> None:
    visit.open()
    for _ in range(4):
        visit.answer("guess")
    visit.hear(ev.UnlockRefused(visit.number, ev.Refusal.WAIT, 30))
    assert isinstance(visit.view, vw.EntryPage)
    assert visit.view.problem is not None
    assert dict(visit.view.problem.values)["count"] == 30
    assert visit.view.entry.length == 5


def test_two_passcodes_that_differ_are_chosen_again(visit: Visit) -> None:
    visit.open()
    for _ in range(4):
        visit.answer("word")
    visit.hear(ev.AnswersAccepted(visit.number))
    visit.choose("135790", "135791")
    assert visit.state.page == pg.ChoosingPasscode(differed=True)
    assert visit.asked_for(do.UnlockCard) == []
    assert visit.asked_for(do.ForgetTyped)
    visit.choose("135790", "135790")
    assert len(visit.asked_for(do.UnlockCard)) == 1


@pytest.mark.parametrize(
    "digits", ["", "12345", "123456789", "12345a", "\uff11\uff12\uff13\uff14\uff15\uff16"]
)
def test_a_passcode_of_the_wrong_form_is_not_sent(visit: Visit, digits: str) -> None:
    visit.open()
    for _ in range(4):
        visit.answer("word")
    visit.hear(ev.AnswersAccepted(visit.number))
    visit.hear(
        ev.Typed("new-passcode", len(digits), frozenset(Rule)),
        ev.Pressed(Intent.CONTINUE, Secret(digits.encode()), "new-passcode"),
    )
    assert isinstance(visit.state.page, pg.ChoosingPasscode)


def test_a_second_touch_on_continue_does_not_repeat_the_passcode(visit: Visit) -> None:
    visit.open()
    for _ in range(4):
        visit.answer("word")
    visit.hear(
        ev.AnswersAccepted(visit.number),
        ev.Typed("new-passcode", 6, frozenset(Rule)),
        ev.Pressed(Intent.CONTINUE, Secret(b"135790"), "new-passcode"),
        ev.Pressed(Intent.CONTINUE, Secret(b"135790"), "new-passcode"),
    )
    assert isinstance(visit.state.page, pg.RepeatingPasscode)
    assert visit.asked_for(do.UnlockCard) == []


def test_a_user_who_pulls_the_card_during_work_is_asked_to_insert_it_again(visit: Visit) -> None:
    visit.open()
    for _ in range(4):
        visit.answer("word")
    visit.hear(ev.AnswersAccepted(visit.number))
    visit.choose("135790", "135790")
    visit.hear(ev.CardTaken())
    assert visit.state.page == pg.Helping(Trouble.CARD_PULLED_AT_WORK)
    assert do.Forget() in visit.effects
    visit.hear(ev.CardInserted("EF56-AB78"))
    assert isinstance(visit.state.page, pg.ReadingCard)


def test_the_late_result_of_a_pulled_card_does_not_change_the_help(visit: Visit) -> None:
    visit.open()
    for _ in range(4):
        visit.answer("word")
    visit.hear(ev.AnswersAccepted(visit.number))
    visit.choose("135790", "135790")
    number = visit.number
    visit.hear(ev.CardTaken(), ev.CardFailed(number, ev.CardTrouble.REMOVED))
    assert visit.state.page == pg.Helping(Trouble.CARD_PULLED_AT_WORK)


def test_the_warning_counts_down_and_a_button_gives_more_time(visit: Visit) -> None:
    def seconds() -> int | None:
        countdown = visit.view.frame.countdown
        return countdown.seconds if countdown is not None else None

    visit.open()
    visit.hear(ev.TimeUp(ev.Timer.IDLE))
    assert seconds() == 20
    visit.hear(ev.TimeUp(ev.Timer.COUNTDOWN))
    visit.hear(ev.Touched(), ev.Pressed(Intent.CONTINUE, Secret(b"word"), "answer-1"))
    assert seconds() == 19  # only its own button counts
    visit.hear(ev.Pressed(Intent.MORE_TIME))
    assert seconds() is None
    assert isinstance(visit.state.page, pg.AskingQuestion)


def test_the_start_screen_asks_to_take_a_card_that_was_left(visit: Visit) -> None:
    def picture() -> vw.Picture | None:
        view = visit.view
        return view.picture if isinstance(view, vw.Welcome) else None

    visit.open()
    visit.hear(ev.Pressed(Intent.CLOSE))
    assert picture() is vw.Picture.REMOVE_CARD
    visit.hear(ev.CardTaken())
    assert picture() is vw.Picture.INSERT_CARD


@pytest.mark.parametrize("trouble", ReaderTrouble)
def test_a_missing_reader_is_shown_on_the_start_screen(trouble: ReaderTrouble) -> None:
    state, _ = flow.step(flow.State(), ev.ReaderFailed(trouble))
    view = flow.render(state)
    assert isinstance(view, vw.Notice), "there is nothing to put a smartcard into"
    assert len(view.paragraphs) == 2
    state, _ = flow.step(state, ev.ReaderReady())
    assert isinstance(flow.render(state), vw.Welcome)


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (ev.CentralSeen(reachable=True), []),
        (ev.CentralSeen(reachable=False), ["The central service cannot be reached."]),
    ],
)
def test_the_start_screen_shows_whether_central_answers(
    seen: ev.CentralSeen, said: list[str]
) -> None:
    state, _ = flow.step(flow.State(), seen)
    view = flow.render(state)
    assert isinstance(view, vw.Welcome)
    assert [each.message.partition(".")[0] + "." for each in view.troubles] == said


def test_a_kiosk_that_central_does_not_know_asks_for_no_card() -> None:
    state, _ = flow.step(flow.State(), ev.CentralSeen(reachable=True, admitted=False))
    view = flow.render(state)
    assert isinstance(view, vw.Notice)
    assert view.heading.message == "This kiosk is out of service"


def test_a_simulated_reader_is_shown_on_every_page(visit: Visit) -> None:
    visit.hear(ev.ReaderReady(simulated=True))
    assert visit.view.frame.banner is not None
    visit.open()
    assert visit.view.frame.banner is not None


def test_endless_touches_do_not_keep_a_visit_open(visit: Visit) -> None:
    visit.open()
    assert any(
        isinstance(effect, do.StartTimer) and effect.timer is ev.Timer.VISIT
        for effect in visit.effects
    )
    visit.hear(ev.Touched(), ev.TimeUp(ev.Timer.VISIT))
    for _ in range(visit.state.site.warning_seconds):
        visit.hear(ev.Touched(), ev.TimeUp(ev.Timer.COUNTDOWN))
    assert isinstance(visit.state.page, pg.Waiting)


def test_a_screen_failure_during_card_work_does_not_ask_for_the_card(visit: Visit) -> None:
    visit.open()
    for _ in range(4):
        visit.answer("word")
    visit.hear(ev.AnswersAccepted(visit.number))
    visit.choose("135790", "135790")
    visit.hear(ev.ScreenFailed())
    assert isinstance(visit.state.page, pg.Unlocking)


def test_a_kiosk_that_cannot_record_says_so_before_card_work(visit: Visit) -> None:
    visit.open()
    for _ in range(4):
        visit.answer("word")
    visit.hear(ev.AnswersAccepted(visit.number))
    visit.choose("135790", "135790")
    visit.hear(ev.CardFailed(visit.number, ev.CardTrouble.STORE))
    assert isinstance(visit.view, vw.Notice)
    assert visit.view.heading.message == "This kiosk cannot unlock smartcards just now"
