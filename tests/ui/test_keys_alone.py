"""Everything by keys alone, with a focus that is seen and read aloud; and what is never said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kiosk.flow import Site, State, render
from kiosk.flow import pages as pg
from kiosk.flow.access import Access, Language, Menu
from kiosk.flow.events import Chosen, UnlockStep
from kiosk.flow.text import Text
from kiosk.flow.view import Button, ChoicePage, Countdown, EntryPage, Intent, View
from kiosk.ui.keyboard import meaning
from kiosk.ui.sample import COUNTDOWN, SAMPLES
from tests.ui.conftest import Desk

pytestmark = pytest.mark.dealt


def keys(desk: Desk, *names: str) -> None:
    for name in names:
        desk.gallery.app.stage._pressed_at = float("-inf")
        desk.gallery.app.key(name)
        desk.gallery.frames(2)


def at(desk: Desk) -> str:
    control = desk.gallery.app.stage.focus.at
    return str(control.spoken) if control is not None else ""


def listening(view: View, *, speech: bool = True) -> View:
    return replace(view, frame=replace(view.frame, access=Access(speech=speech)))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_control_of_every_page_can_be_reached_by_one_key(desk: Desk, name: str) -> None:
    from kiosk.ui.focus import controls  # noqa: PLC0415 - the gallery is open
    from kiosk.ui.widgets.keys import KeyCap  # noqa: PLC0415
    from kiosk.ui.widgets.scroller import Arrow  # noqa: PLC0415

    desk.show(SAMPLES[name])
    stage = desk.gallery.app.stage
    # A list follows the focus, and so needs no arrows.
    wanted = {one for one in controls(stage.front) if not isinstance(one, KeyCap | Arrow)}
    reached = set()
    for _ in range(len(wanted) + 6):
        keys(desk, "next")
        reached.add(stage.focus.at)
    assert wanted <= reached
    first = stage.focus.at
    keys(desk, "next", "previous")
    assert stage.focus.at is first


def test_the_focus_is_seen_and_a_finger_takes_it_away(desk: Desk) -> None:
    desk.show(SAMPLES["menu"])
    ring = desk.gallery.app.stage.focus._ring
    assert not ring.children
    keys(desk, "next")
    assert ring.children
    desk.finger.tap(400, 470)
    assert not ring.children


def test_a_choice_is_made_by_keys(desk: Desk) -> None:
    desk.show(SAMPLES["menu"])
    keys(desk, "next")
    while not at(desk).startswith("Change my passcode"):
        keys(desk, "down")
    keys(desk, "press")
    assert [each for each in desk.sent if isinstance(each, Chosen)] == [Chosen(1)]


def test_a_keypad_without_arrows_has_them_on_its_digits(desk: Desk) -> None:
    desk.show(SAMPLES["menu"])
    keys(desk, "next")
    while not at(desk).startswith("My smartcard"):
        keys(desk, "2")
    keys(desk, "8", "5")
    assert [each for each in desk.sent if isinstance(each, Chosen)] == [Chosen(1)]


def test_the_focus_is_where_it_was_when_a_setting_draws_the_page_anew(desk: Desk) -> None:
    state = State(menu=Menu.ACCESS)
    desk.show(render(state))
    while not at(desk).startswith("High contrast"):
        keys(desk, "next")
    assert at(desk).endswith("not chosen")
    desk.show(render(replace(state, access=Access(high_contrast=True))))
    assert at(desk) == "High contrast, chosen"
    assert desk.gallery.app.stage.focus._ring.children
    desk.show(SAMPLES["menu"])
    assert at(desk) == "", "another page is read from its beginning"


def test_a_list_follows_the_focus(desk: Desk) -> None:
    desk.show(SAMPLES["choices-many"])
    stage = desk.gallery.app.stage
    for _ in range(20):
        keys(desk, "next")
    from kiosk.ui.fit import _seen  # noqa: PLC0415

    _, bottom, _, top = _seen(stage.focus.at)
    assert top - bottom > 40


def test_a_passcode_is_typed_on_a_keypad_and_given_with_enter(desk: Desk) -> None:
    desk.show(SAMPLES["passcode-good"])
    keys(desk, *"4711089", "erase", "press")
    assert desk.typed[-1].length == 6
    (pressed,) = desk.pressed
    assert pressed.intent is Intent.CONTINUE
    assert pressed.typed is not None
    assert pressed.typed.reveal() == b"471108"


@pytest.mark.parametrize("name", ["passcode-empty", "code-within"])
def test_digits_are_typed_where_digits_are_asked_for_though_the_focus_is_on_a_key(
    desk: Desk, name: str
) -> None:
    from kiosk.ui.widgets.keys import KeyCap  # noqa: PLC0415 - the gallery is open

    view = SAMPLES[name]
    assert isinstance(view, EntryPage)
    desk.show(view)
    stage = desk.gallery.app.stage
    keys(desk, "previous")
    assert isinstance(stage.focus.at, KeyCap)
    keys(desk, *"975310")
    assert stage.context.typed.copy(view.entry.field).reveal() == b"975310"


def test_an_answer_is_typed_on_a_keyboard(desk: Desk) -> None:
    desk.show(SAMPLES["question-typed"])
    keys(desk, *"O'Brien 2", "§", "press")
    assert desk.pressed[0].typed is not None
    assert desk.pressed[0].typed.reveal() == b"O'Brien 2"


def test_an_answer_is_typed_with_four_ways_and_one_key(desk: Desk) -> None:
    from kiosk.ui.widgets.keys import KeyCap  # noqa: PLC0415

    desk.show(SAMPLES["question-typed"])
    keys(desk, "next", "previous", "previous")
    while not isinstance(desk.gallery.app.stage.focus.at, KeyCap):
        keys(desk, "next")
    assert at(desk) == "q"
    keys(desk, "press", "right", "press", "down", "press", "6", "5")
    keys(desk, "up", "up", "up")
    assert at(desk) not in {"q", "w"}
    desk.gallery.app.stage.focus.leave()
    keys(desk, "press")
    assert desk.pressed[-1].typed is not None
    assert len(desk.pressed[-1].typed) == 4
    assert desk.pressed[-1].typed.reveal().startswith(b"qw")


def find(desk: Desk, key: str) -> None:
    """Go about the keyboard, row by row, until the focus is at `key`."""
    stage = desk.gallery.app.stage
    keys(desk, "previous", "next")
    for row in range(4):
        keys(desk, "previous", "next", *["down"] * row)
        for _ in range(12):
            if at(desk) == key:
                return
            keys(desk, "right")
    raise AssertionError((key, stage.focus.at))


def accents(desk: Desk) -> list[str]:
    """Those that are offered."""
    screen = desk.gallery.app.stage.screen
    assert screen is not None
    return [one.key for one in screen.plate.accents]


def hold(desk: Desk, key: str = "press") -> None:
    """Press, and stay for as long as it takes."""
    keys(desk, key, "held")
    desk.gallery.app.stage.focus._pressed_at = float("-inf")
    keys(desk, "held", "held", "held")


@pytest.mark.parametrize(
    ("language", "letter", "ways", "accent"),
    [
        (Language.UKRAINIAN, "г", [], "ґ"),
        (Language.WELSH, "w", [], "ŵ"),
        (Language.POLISH, "l", [], "ł"),
        (Language.POLISH, "z", ["right"], "ż"),
    ],
)
def test_accents_come_by_keys_alone(
    desk: Desk, language: Language, letter: str, ways: list[str], accent: str
) -> None:
    from kiosk.ui.widgets.keys import KeyCap  # noqa: PLC0415 - the gallery is open

    view = SAMPLES["question-typed"]
    desk.show(replace(view, frame=replace(view.frame, language=language)))
    stage = desk.gallery.app.stage
    while not isinstance(stage.focus.at, KeyCap):
        keys(desk, "next")
    find(desk, letter)
    hold(desk)
    keys(desk, *ways)
    assert at(desk) == accent
    keys(desk, "press")
    assert at(desk) == letter, "from where she goes on"
    keys(desk, "press")
    hold(desk, "5")
    keys(desk, "down")
    assert not accents(desk), "she wants none of them"
    stage.focus.leave()
    keys(desk, "press")
    assert desk.pressed[-1].typed is not None
    assert desk.pressed[-1].typed.reveal().decode() == accent + letter + letter


@pytest.mark.parametrize("key", ["erase", "a"])
def test_what_is_typed_meanwhile_waves_the_accents_off(desk: Desk, key: str) -> None:
    from kiosk.ui.widgets.keys import KeyCap  # noqa: PLC0415 - the gallery is open

    view = SAMPLES["question-typed"]
    assert isinstance(view, EntryPage)
    desk.show(view)
    keys(desk, "e")
    while not isinstance(desk.gallery.app.stage.focus.at, KeyCap):
        keys(desk, "next")
    find(desk, "w")
    hold(desk)
    assert accents(desk)
    keys(desk, key)
    assert accents(desk) == []
    assert at(desk).startswith("w"), "not on an accent that would take the place of a letter"
    typed = desk.gallery.app.stage.context.typed.copy(view.entry.field).reveal()
    assert typed == (b"e" if key == "erase" else b"ewa")


def test_a_capital_has_capital_accents_by_keys_and_a_short_press_has_none(desk: Desk) -> None:
    from kiosk.ui.widgets.keys import KeyCap  # noqa: PLC0415 - the gallery is open

    desk.show(SAMPLES["question-typed"])
    stage = desk.gallery.app.stage
    while not isinstance(stage.focus.at, KeyCap):
        keys(desk, "next")
    find(desk, "Shift")
    keys(desk, "press")
    find(desk, "L")
    keys(desk, "press", "held")
    assert not accents(desk)
    stage.focus._pressed_at = float("-inf")
    keys(desk, "held")
    assert at(desk) == "Ł"
    keys(desk, "press")
    assert at(desk) == "l"
    stage.focus.leave()
    keys(desk, "press")
    assert desk.pressed[-1].typed is not None
    assert desk.pressed[-1].typed.reveal().decode() == "Ł"


def test_back_language_and_settings_have_keys_of_their_own(desk: Desk) -> None:
    desk.show(SAMPLES["question-typed"])
    keys(desk, "back", "language", "access")
    assert [each.intent for each in desk.pressed] == ["back", "language", "access"]
    desk.show(SAMPLES["profile"])
    keys(desk, "back")
    assert desk.pressed[-1].intent is Intent.CLOSE


def test_the_countdown_has_the_keys(desk: Desk) -> None:
    view = SAMPLES["question-typed"]
    desk.show(replace(view, frame=replace(view.frame, countdown=COUNTDOWN)))
    keys(desk, "a", "back", "language")
    assert desk.pressed == []
    assert desk.typed == []
    keys(desk, "press")
    assert [each.intent for each in desk.pressed] == [Intent.MORE_TIME]


def test_the_focus_is_where_it_was_before_the_countdown(desk: Desk) -> None:
    view = SAMPLES["menu"]
    desk.show(view)
    while not at(desk).startswith("Change my passcode"):
        keys(desk, "next")
    desk.show(replace(view, frame=replace(view.frame, countdown=COUNTDOWN)))
    assert at(desk) == ""
    desk.show(view)
    assert at(desk).startswith("Change my passcode")


@pytest.mark.parametrize(
    ("code", "text", "shifted", "means"),
    [
        (9, None, False, "next"), (9, None, True, "previous"), (13, "\r", False, "press"),
        (271, "", False, "press"), (258, "2", False, "2"), (97, "a", True, "A"),
        (97, "a", False, "a"), (283, None, False, "speech"), (282, None, False, ""),
        (27, None, False, "back"),
    ],
)  # fmt: skip
def test_what_the_keys_of_a_keyboard_mean(
    code: int, text: str | None, shifted: bool, means: str
) -> None:
    assert meaning(code, text, shifted=shifted) == means


# ---------------------------------------------------------------- aloud


@pytest.fixture
def said() -> list[tuple[str, Language]]:
    return []


@pytest.fixture
def hearing(make_desk: Callable[..., Desk], said: list[tuple[str, Language]]) -> Desk:
    desk = make_desk()

    def speak(words: str, language: Language, *, politely: bool = False) -> None:
        said.append((f"({words})" if politely else words, language))

    desk.gallery.app.stage._speak = speak
    return desk


def test_a_page_is_read_when_it_comes_and_silence_follows_when_it_goes(
    hearing: Desk, said: list[tuple[str, Language]]
) -> None:
    hearing.show(listening(SAMPLES["done"]))
    assert said[-1][0].startswith("Your smartcard is unlocked. Your new passcode works")
    hearing.show(listening(SAMPLES["done"]))
    assert len(said) == 1, "not again while nothing changes"
    hearing.show(listening(SAMPLES["problem"], speech=False))
    assert said[-1][0] == ""
    assert len(said) == 2


def test_whoever_comes_by_keys_or_with_a_card_is_told_how_to_have_it_read(
    hearing: Desk, said: list[tuple[str, Language]]
) -> None:
    state = State(Site(keys=True), language=Language.WELSH, speech_present=True)
    offer = render(state).frame.offer
    assert offer is not None
    stage = hearing.gallery.app.stage
    hearing.show(render(state))
    assert said == []
    keys(hearing, "next", "next")
    told = (stage.context.say(offer), Language.WELSH)
    assert said == [told], "once"
    hearing.gallery.app.forget()
    hearing.show(render(replace(state, page=pg.ReadingCard(), card_present=True)))
    hearing.show(render(replace(state, page=pg.CardWorks(), card_present=True)))
    assert said == [told, told]
    keys(hearing, "speech")
    assert hearing.pressed[-1].intent is Intent.SPEECH
    assert len(said) == 2


def test_the_focus_is_read_and_typing_says_how_much_and_not_what(
    hearing: Desk, said: list[tuple[str, Language]]
) -> None:
    view = SAMPLES["question-typed"]
    hearing.show(listening(view))
    said.clear()
    keys(hearing, *"zebu", "erase")
    assert [words for words, _ in said] == ["1", "2", "3", "4", "3"]
    said.clear()
    keys(hearing, "next")
    assert said[-1][0] == at(hearing)


def test_the_digits_of_a_passcode_are_not_even_said_where_the_focus_is(
    hearing: Desk, said: list[tuple[str, Language]]
) -> None:
    from kiosk.ui.widgets.keys import KeyCap  # noqa: PLC0415

    hearing.show(listening(SAMPLES["passcode-good"]))
    stage = hearing.gallery.app.stage
    caps = [one for one in stage.walk(restrict=True) if isinstance(one, KeyCap)]
    said.clear()
    for cap in caps:
        stage.focus._be_at(cap)
    assert {words for words, _ in said} == {"Delete"}


def test_an_answer_is_found_by_ear_and_what_is_typed_is_not_said(
    hearing: Desk, said: list[tuple[str, Language]]
) -> None:
    from kiosk.ui.widgets.keys import KeyCap  # noqa: PLC0415

    hearing.show(listening(SAMPLES["question-typed"]))
    stage = hearing.gallery.app.stage
    while not isinstance(stage.focus.at, KeyCap):
        keys(hearing, "next")
    ways = {"l": ["down", *["right"] * 8], "e": ["right"] * 2, "o": ["right"] * 8}
    for number, (letter, way) in enumerate(ways.items(), 1):
        keys(hearing, "previous", "next", *way)  # from the first key on
        assert said[-1][0] == f"{letter}, hold for more"
        before = len(said)
        keys(hearing, "press")
        assert [words for words, _ in said[before:]] == [str(number)]
    keys(hearing, "previous", "next", "down", "down", "down")
    assert said[-1][0] == "Digits and signs"
    keys(hearing, "press")
    assert said[-1][0] == "1", "the focus is among the keys that came"
    keys(hearing, "right", "right", "right")
    assert said[-1][0] == "4"
    keys(hearing, "press")
    while not said[-1][0].startswith("Continue"):
        keys(hearing, "next")
    keys(hearing, "press")
    assert hearing.pressed[-1].typed is not None
    assert hearing.pressed[-1].typed.reveal() == b"leo4"


def test_what_typing_changes_is_said_after_how_much_is_typed(
    hearing: Desk, said: list[tuple[str, Language]]
) -> None:
    empty = SAMPLES["question-typed"]
    assert isinstance(empty, EntryPage)
    hearing.show(listening(empty))
    said.clear()
    keys(hearing, "z")
    hearing.show(listening(replace(empty, problem=Text("Too short."))))
    assert [words for words, _ in said] == ["1", "1. Too short"]


def test_what_changes_by_itself_waits_and_what_is_pressed_does_not(
    hearing: Desk, said: list[tuple[str, Language]]
) -> None:
    state = State(page=pg.Unlocking(), visit=1)
    hearing.show(listening(render(state)))
    state = replace(state, page=pg.Unlocking(UnlockStep.UNLOCK))
    hearing.show(listening(render(state)))
    assert [words for words, _ in said] == [
        "Unlocking. Do not remove your smartcard. Getting permission",
        "(Unlocking your smartcard)",
    ]
    page = SAMPLES["menu"]
    assert isinstance(page, ChoicePage)
    hearing.show(listening(page))
    keys(hearing, "next", "press")
    said.clear()
    hearing.show(listening(replace(page, chosen=0)))
    assert [words.endswith(", chosen") for words, _ in said] == [True]


def test_whoever_turns_speech_on_by_key_hears_the_page_and_where_she_is(
    hearing: Desk, said: list[tuple[str, Language]]
) -> None:
    silent, heard = (listening(SAMPLES["done"], speech=on) for on in (False, True))
    hearing.show(silent)
    keys(hearing, "next")
    focused = at(hearing)
    hearing.show(heard)
    assert [words for words, _ in said] == [said[0][0]]
    assert said[0][0].startswith("Your smartcard is unlocked. Your new passcode works")
    assert said[0][0].endswith(f". {focused}")
    assert at(hearing) == focused


def test_whoever_turns_speech_on_under_the_warning_hears_it(
    hearing: Desk, said: list[tuple[str, Language]]
) -> None:
    page = SAMPLES["done"]
    more = Button(Intent.MORE_TIME, Text("I need more time"))
    for speech, seconds in ((False, 20), (True, 19), (True, 18)):
        countdown = Countdown(seconds, Text("{count}", (("count", seconds),)), more)
        warned = replace(page, frame=replace(page.frame, countdown=countdown))
        hearing.show(listening(warned, speech=speech))
    assert [words for words, _ in said] == ["The time is nearly up. I need more time"]


def test_a_language_that_is_chosen_by_keys_leaves_the_focus_on_no_other_choice(desk: Desk) -> None:
    state = State(page=pg.CardWorks(), visit=1, card_present=True)
    desk.show(render(replace(state, menu=Menu.LANGUAGES)))
    keys(desk, "next", "next", "next", "next")
    assert at(desk)
    desk.show(render(replace(state, language=Language.POLISH)))
    assert at(desk) == ""


def test_what_is_in_the_box_of_an_address_is_read_with_its_page(
    hearing: Desk, said: list[tuple[str, Language]]
) -> None:
    page = SAMPLES["address-filled"]
    assert isinstance(page, EntryPage)
    hearing.show(listening(page))
    assert f"Filled in: {page.entry.prefilled}" in said[-1][0]
    assert not said[-1][0].startswith(str(len(page.entry.prefilled)))
    keys(hearing, "erase")
    hearing.show(listening(SAMPLES["menu"]))
    hearing.show(listening(page))
    assert f"Filled in: {page.entry.prefilled[:-1]}" in said[-1][0].split(". ")


def test_the_warning_is_said_once_and_then_where_one_is(
    hearing: Desk, said: list[tuple[str, Language]]
) -> None:
    page = SAMPLES["done"]
    hearing.show(listening(page))
    more = Button(Intent.MORE_TIME, Text("I need more time"))
    for seconds in (20, 19):
        countdown = Countdown(seconds, Text("{count}", (("count", seconds),)), more)
        hearing.show(listening(replace(page, frame=replace(page.frame, countdown=countdown))))
    hearing.show(listening(page))
    assert [words for words, _ in said[1:]] == [
        "The time is nearly up. I need more time",
        "Your smartcard is unlocked",
    ]


@pytest.mark.parametrize("name", ["address-empty", "code-within"])
def test_the_keys_of_an_address_and_of_a_code_are_said(
    hearing: Desk, said: list[tuple[str, Language]], name: str
) -> None:
    view = SAMPLES[name]
    assert isinstance(view, EntryPage)
    hearing.show(listening(view))
    stage = hearing.gallery.app.stage
    from kiosk.ui.widgets.keys import KeyCap  # noqa: PLC0415

    stage.focus._be_at(next(one for one in stage.walk() if isinstance(one, KeyCap)))
    assert said[-1][0] in {"q", "1"}
