# SPDX-License-Identifier: Apache-2.0
"""Language and accessibility settings: one touch away on every page, and reset after the visit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk import flow
from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import view as vw
from kiosk.flow.preferences import Access, Language, Menu, TextSize
from kiosk.flow.registration_draft import Draft
from kiosk.flow.state import Site, State
from kiosk.flow.text import Verbatim
from kiosk.flow.timers import idle_seconds
from kiosk.flow.trouble import Trouble
from kiosk.flow.view import Intent
from tests.flow.asked import FOUR
from tests.flow.holder import PROFILE
from tests.flow.test_properties import _states

LANGUAGES = ev.Pressed(Intent.LANGUAGE)
ACCESS = ev.Pressed(Intent.ACCESS)
CLOSE = ev.Pressed(Intent.CLOSE)
WELSH: list[ev.Event] = [LANGUAGES, ev.Chosen(1)]
CARD_READ: list[ev.Event] = [ev.CardInserted("AB12-CD34")]


def after(*events: ev.Event, state: State | None = None) -> State:
    state = state or State()
    for event in events:
        state, _ = flow.step(state, event)
    return state


def choices(state: State) -> tuple[vw.Choice, ...]:
    view = flow.render(state)
    assert isinstance(view, vw.ChoicePage)
    return view.choices


@given(_states)
def test_both_menus_open_with_one_touch_from_every_page_and_return_to_it(
    state: State,
) -> None:
    # A dark screen has no menus: the first touch only wakes it.
    state = replace(state, countdown=None, resting=None)
    assert [tool.intent for tool in flow.render(state).frame.tools] == ["language", "access"]
    for opened, menu in ((LANGUAGES, Menu.LANGUAGES), (ACCESS, Menu.ACCESS)):
        there = after(opened, state=replace(state, menu=None))
        assert there.menu is menu
        assert after(ev.Pressed(Intent.BACK), state=there).page == state.page
        assert after(opened, state=there).menu is None


def test_a_language_applies_at_once_and_the_screen_names_it() -> None:
    state = after(*WELSH)
    assert state.language is Language.WELSH
    assert state.menu is None
    frame = flow.render(state).frame
    assert frame.language is Language.WELSH
    assert frame.tools[0].label == Verbatim("Cymraeg")
    assert [one.ticked for one in choices(after(LANGUAGES, state=state))] == [
        False, True, False, False,
    ]  # fmt: skip


def test_every_setting_can_be_turned_on_and_off() -> None:
    state = after(ACCESS, ev.SpeechSeen(present=True))
    before = state.access
    for number in range(3, 8):
        on = after(ev.Chosen(number), state=state)
        assert on.access != before
        assert choices(on)[number].ticked
        assert after(ev.Chosen(number), state=on).access == before
    assert after(ev.Chosen(2), state=state).access.text_size is TextSize.LARGEST
    assert after(ev.Chosen(2), ev.Chosen(0), state=state).access == before


@pytest.mark.parametrize("number", [-1, 8, 99])
def test_choosing_a_missing_entry_changes_nothing(number: int) -> None:
    for opened in (ACCESS, LANGUAGES):
        state = after(opened)
        assert after(ev.Chosen(number), state=state) == state


def test_a_setting_without_its_hardware_is_shown_and_disabled() -> None:
    state = after(ACCESS)
    speech = choices(state)[5]
    assert not speech.enabled
    assert speech.detail is not None
    assert after(ev.Chosen(5), state=state).access.speech is False
    assert choices(after(ev.SpeechSeen(present=True), state=state))[5].enabled


def test_one_key_starts_reading_every_page_aloud_and_stops_it() -> None:
    spoken = ev.Pressed(Intent.SPEECH)
    assert not after(spoken).access.speech, "not where there is no voice"
    for events in ([], CARD_READ, [ACCESS], [LANGUAGES]):
        there = after(ev.SpeechSeen(present=True), *events)
        reading = after(spoken, state=there)
        assert reading == replace(there, access=Access(speech=True))
        assert after(spoken, state=reading).access == Access()
    warned = replace(after(ev.SpeechSeen(present=True), *CARD_READ), countdown=20)
    assert after(spoken, state=warned).access.speech


def test_reading_aloud_is_offered_if_the_kiosk_has_a_voice_and_keys() -> None:
    state = after(ev.SpeechSeen(present=True), state=State.at(Site(keys=True)))
    assert flow.render(state).frame.offer is not None
    assert flow.render(after(ev.Pressed(Intent.SPEECH), state=state)).frame.offer is None
    assert flow.render(after(ev.SpeechSeen(present=False), state=state)).frame.offer is None
    assert flow.render(after(ev.SpeechSeen(present=True))).frame.offer is None, "no keys"


def test_a_language_chosen_on_the_start_screen_lasts_the_visit() -> None:
    state = after(*WELSH, *CARD_READ)
    assert isinstance(state.page, pg.ReadingCard)
    assert state.language is Language.WELSH


def test_settings_are_reset_when_the_card_is_taken() -> None:
    state = after(*CARD_READ, *WELSH, ACCESS, ev.Chosen(1), ev.Chosen(3))
    assert state.access == Access(TextSize.LARGER, high_contrast=True)
    state = after(ev.CardFailed(state.visit, ev.CardTrouble.MUTE), state=state)
    assert state.language is Language.WELSH, "the user still has to read the help"
    closed = after(ev.Pressed(Intent.CLOSE), state=state)
    assert closed.language is Language.WELSH, "the user still has to read that the card is in"
    gone = after(ev.CardTaken(), state=closed)
    assert gone == replace(State(), visit=gone.visit)


@given(_states)
def test_leaving_resets_language_and_settings(state: State) -> None:
    state = replace(state, language=Language.POLISH, access=Access(TextSize.LARGEST), menu=None)
    state = after(ev.CardTaken(), state=replace(state, countdown=None))
    if isinstance(state.page, pg.Helping):
        state = after(ev.Pressed(Intent.CLOSE), state=state)
    assert isinstance(state.page, pg.Waiting)
    assert (state.language, state.access) == (Language.ENGLISH, Access())


@given(st.sampled_from([WELSH, [ACCESS], [ACCESS, ev.Chosen(2)]]))
def test_walking_away_from_the_start_screen_resets_its_settings(
    said: list[ev.Event],
) -> None:
    *before, last = said
    state, effects = flow.step(after(*before), last)
    assert any(isinstance(one, do.StartTimer) for one in effects) or before
    state = after(ev.TimeUp(ev.Timer.IDLE), state=state)
    assert state.countdown == 20, "with the warning that everybody gets"
    state = after(*[ev.TimeUp(ev.Timer.COUNTDOWN)] * 20, state=state)
    assert state == replace(State(), visit=state.visit)


def test_the_more_time_setting_triples_the_time() -> None:
    site = Site(idle_seconds=10.0)
    state, _ = flow.step(State.at(site), ACCESS)
    state, effects = flow.step(state, ev.Chosen(7))
    state, effects = flow.step(state, ev.Touched())
    assert do.StartTimer(ev.Timer.IDLE, 30.0) in effects


@pytest.mark.parametrize(("settings", "seconds"), [([], 7.0), ([ACCESS, ev.Chosen(7)], 21.0)])
def test_help_stays_as_long_as_the_user_asks_for_more_time(
    settings: list[ev.Event], seconds: float
) -> None:
    state = after(*settings, *CARD_READ, state=State.at(Site(help_seconds=7.0)))
    state, effects = flow.step(state, ev.CardTaken())
    assert state.page == pg.Helping(Trouble.CARD_PULLED)
    assert do.StartTimer(ev.Timer.IDLE, seconds) in effects
    state = after(ev.TimeUp(ev.Timer.IDLE), state=state)
    assert state.countdown == 20, "with the warning that everybody gets"
    state, effects = flow.step(state, ev.Pressed(Intent.MORE_TIME))
    assert isinstance(state.page, pg.Helping)
    assert do.StartTimer(ev.Timer.IDLE, seconds) in effects
    state = after(ev.TimeUp(ev.Timer.IDLE), state=state)
    state = after(*[ev.TimeUp(ev.Timer.COUNTDOWN)] * 20, state=state)
    assert isinstance(state.page, pg.Waiting)


def test_a_visit_whose_time_ends_during_work_ends_after_it() -> None:
    state = after(*CARD_READ)
    state, effects = flow.step(state, ev.TimeUp(ev.Timer.VISIT))
    assert isinstance(state.page, pg.ReadingCard)
    assert [each.timer for each in effects if isinstance(each, do.StartTimer)] == [ev.Timer.VISIT]
    idle, effects = flow.step(State(), ev.TimeUp(ev.Timer.VISIT))
    assert (idle, effects) == (State(), ())


def test_each_visit_begins_with_the_settings_of_the_site() -> None:
    site = Site(language=Language.WELSH, access=Access(scrambled=True))
    state = State.at(site)
    assert not state.changed
    assert flow.render(state).frame.access.scrambled
    assert (
        after(*CARD_READ, LANGUAGES, ev.Chosen(0), ev.CardTaken(), CLOSE, state=state).language
        == "cy"
    )


def test_a_menu_that_is_open_when_work_ends_stays_open() -> None:
    state = after(*CARD_READ, ACCESS)
    state = after(ev.CentralSeen(reachable=False), state=state)
    assert state.menu is Menu.ACCESS
    assert after(ev.CardFailed(state.visit, ev.CardTrouble.MUTE), state=state).menu is None


def test_help_is_available_when_nothing_is_wrong() -> None:
    state = after(ev.Pressed(Intent.HELP))
    view = flow.render(state)
    assert isinstance(view, vw.Notice)
    assert view.tone is vw.Tone.INFORMATION
    assert view.picture is vw.Picture.CHIP_FIRST
    assert isinstance(after(ev.Pressed(Intent.CLOSE), state=state).page, pg.Waiting)


def test_back_from_a_menu_keeps_every_answer() -> None:
    from tests.flow.holder import Visit  # noqa: PLC0415

    visit = Visit()
    visit.open_registration()
    visit.answer(2, "answer 2")
    visit.hear(ev.Chosen(4), ev.Typed("own-answer-5", 4), ev.Pressed(Intent.BACK))
    visit.hear(ev.Chosen(1), ev.Typed("own-answer-2", 7), ev.Pressed(Intent.BACK))
    visit.hear(ev.Chosen(4))
    assert isinstance(visit.page, pg.AnsweringQuestion)
    assert visit.page.length == 4
    visit.hear(ev.Pressed(Intent.BACK), ev.Pressed(Intent.BACK))
    assert visit.page.question == 2
    assert visit.page.length == 8


@pytest.mark.parametrize("menu", Menu)
def test_no_menu_covers_the_request_to_take_the_card(menu: Menu) -> None:
    state = State(page=pg.Unlocking(), menu=menu, card_present=True)
    advanced, _ = flow.step(state, ev.UnlockAdvanced(state.visit, ev.UnlockStep.CHECK))
    assert advanced.menu is menu
    done, _ = flow.step(advanced, ev.CardUnlocked(state.visit))
    assert (done.page, done.menu) == (pg.Finished(), None)
    pulled, _ = flow.step(advanced, ev.CardTaken())
    assert isinstance(pulled.page, pg.Helping)
    assert pulled.menu is None


def test_more_time_extends_the_visit_too() -> None:
    reading = after(ev.ReaderReady(), *CARD_READ)
    before = reading.minutes
    state, effects = flow.step(after(ACCESS, state=reading), ev.Chosen(7))
    assert state.access.more_time
    assert state.minutes == 3 * before
    assert do.StartTimer(ev.Timer.VISIT, 3 * state.site.visit_seconds) in effects


def test_the_idle_timer_allows_for_a_required_wait() -> None:
    blank = (None,) * 4
    asking = pg.AskingQuestion(FOUR, 3, blank, (3,) * 4, refused=True, wait_seconds=300)
    assert idle_seconds(State(page=asking)) == Site().idle_seconds + 300


_ASKED = pg.AskingQuestion(FOUR, 3, (None,) * 4, (3,) * 4)
_DRAFT = Draft(PROFILE, PROFILE.trusts[0])


@pytest.mark.parametrize(
    "page", [pg.AskingCode(_ASKED, "n…@nhs.net"), pg.EnteringCode(_DRAFT)], ids=["unlock", "own"]
)
def test_the_user_has_five_minutes_to_fetch_an_emailed_code(page: pg.Page) -> None:
    state = State(page=page)
    assert idle_seconds(state) == 300
    quick = State(Site(idle_seconds=15.0), page=page)
    assert idle_seconds(quick) == 75, "as everything that a site makes quicker"
    slow = replace(state, access=Access(more_time=True))
    assert idle_seconds(slow) == 900
    warned = after(ev.TimeUp(ev.Timer.IDLE), state=state)
    assert warned.countdown == 20, "with the warning that everybody gets"


def test_a_pause_before_the_code_is_given_does_not_shorten_that() -> None:
    assert idle_seconds(State(page=pg.EnteringCode(_DRAFT, wait_seconds=60))) == 360


def test_the_time_starts_when_a_page_has_been_read_to_its_end() -> None:
    reading, idle = after(*CARD_READ, state=State(page=pg.Waiting())), ev.TimeUp(ev.Timer.IDLE)
    page = replace(reading, page=pg.CardWorks())
    listening = after(ev.Speaking(going=True), state=page)
    held, effects = flow.step(listening, idle)
    assert held.countdown is None
    assert [each.timer for each in effects if isinstance(each, do.StartTimer)] == [ev.Timer.IDLE]
    for state in (listening, held):
        silent, effects = flow.step(state, ev.Speaking(going=False))
        assert do.StartTimer(ev.Timer.IDLE, idle_seconds(state)) in effects
        assert after(idle, state=silent).countdown == 20
    assert after(idle, state=held).countdown == 20, "speech that never ends keeps nobody's page"


def test_reading_the_warning_aloud_does_not_delay_the_end() -> None:
    warned = State(page=pg.CardWorks(), visit=1, countdown=20)
    for going in (True, False):
        warned, effects = flow.step(warned, ev.Speaking(going))
        assert warned.countdown == 20
        assert effects == ()
