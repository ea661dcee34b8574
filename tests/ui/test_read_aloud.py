# SPDX-License-Identifier: Apache-2.0
"""Reading aloud, as a list of spoken texts: pages, their changes, the focus; never a secret."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kiosk.flow import Site, State, render
from kiosk.flow import pages as pg
from kiosk.flow.events import UnlockStep
from kiosk.flow.preferences import Language, Menu
from kiosk.flow.text import Text
from kiosk.flow.view import Button, ChoicePage, Countdown, EntryPage, Intent
from kiosk.ui.sample import SAMPLES
from tests.ui.conftest import Desk
from tests.ui.test_keys_alone import focused, keys, listening

pytestmark = pytest.mark.dealt


@pytest.fixture
def spoken() -> list[tuple[str, Language]]:
    return []


@pytest.fixture
def speaking_desk(make_desk: Callable[..., Desk], spoken: list[tuple[str, Language]]) -> Desk:
    desk = make_desk()

    def speak(words: str, language: Language, *, politely: bool = False) -> None:
        spoken.append((f"({words})" if politely else words, language))

    desk.gallery.app.stage._speak = speak
    return desk


def test_a_page_is_read_when_shown_and_silenced_when_it_ends(
    speaking_desk: Desk, spoken: list[tuple[str, Language]]
) -> None:
    speaking_desk.show(listening(SAMPLES["done"]))
    assert spoken[-1][0].startswith("Your smartcard is unlocked. Your new passcode works")
    speaking_desk.show(listening(SAMPLES["done"]))
    assert len(spoken) == 1, "not again while nothing changes"
    speaking_desk.show(listening(SAMPLES["problem"], speech=False))
    assert spoken[-1][0] == ""
    assert len(spoken) == 2


def test_reading_aloud_is_offered_at_a_key_and_at_a_card(
    speaking_desk: Desk, spoken: list[tuple[str, Language]]
) -> None:
    state = State(Site(keys=True), language=Language.WELSH, speech_present=True)
    offer = render(state).frame.offer
    assert offer is not None
    stage = speaking_desk.gallery.app.stage
    speaking_desk.show(render(state))
    assert spoken == []
    keys(speaking_desk, "next", "next")
    announcement = (stage.context.say(offer), Language.WELSH)
    assert spoken == [announcement], "once"
    speaking_desk.gallery.app.forget()
    speaking_desk.show(render(replace(state, page=pg.ReadingCard(), card_present=True)))
    speaking_desk.show(render(replace(state, page=pg.CardWorks(), card_present=True)))
    assert spoken == [announcement, announcement]
    keys(speaking_desk, "speech")
    assert speaking_desk.pressed[-1].intent is Intent.SPEECH
    assert len(spoken) == 2


def test_the_focus_is_read_and_typing_says_only_the_number(
    speaking_desk: Desk, spoken: list[tuple[str, Language]]
) -> None:
    view = SAMPLES["question-typed"]
    speaking_desk.show(listening(view))
    spoken.clear()
    keys(speaking_desk, *"zebu", "erase")
    assert [words for words, _ in spoken] == ["1", "2", "3", "4", "3"]
    spoken.clear()
    keys(speaking_desk, "next")
    assert spoken[-1][0] == focused(speaking_desk)


def test_the_digits_of_a_passcode_are_not_spoken_at_the_focus_either(
    speaking_desk: Desk, spoken: list[tuple[str, Language]]
) -> None:
    from kiosk.ui.widgets.key_grid import KeyCap  # noqa: PLC0415

    speaking_desk.show(listening(SAMPLES["passcode-good"]))
    stage = speaking_desk.gallery.app.stage
    caps = [one for one in stage.walk(restrict=True) if isinstance(one, KeyCap)]
    spoken.clear()
    for cap in caps:
        stage.focus._enter(cap)
    assert {words for words, _ in spoken} == {"Delete"}


def test_letters_are_found_by_ear_and_typed_ones_are_not_spoken(
    speaking_desk: Desk, spoken: list[tuple[str, Language]]
) -> None:
    from kiosk.ui.widgets.key_grid import KeyCap  # noqa: PLC0415

    speaking_desk.show(listening(SAMPLES["question-typed"]))
    stage = speaking_desk.gallery.app.stage
    while not isinstance(stage.focus.at, KeyCap):
        keys(speaking_desk, "next")
    ways = {"l": ["down", *["right"] * 8], "e": ["right"] * 2, "o": ["right"] * 8}
    for number, (letter, way) in enumerate(ways.items(), 1):
        keys(speaking_desk, "previous", "next", *way)  # from the first key on
        assert spoken[-1][0] == f"{letter}, hold for more"
        before = len(spoken)
        keys(speaking_desk, "press")
        assert [words for words, _ in spoken[before:]] == [str(number)]
    keys(speaking_desk, "previous", "next", "down", "down", "down")
    assert spoken[-1][0] == "Digits and signs"
    keys(speaking_desk, "press")
    assert spoken[-1][0] == "1", "the focus is among the keys that came"
    keys(speaking_desk, "right", "right", "right")
    assert spoken[-1][0] == "4"
    keys(speaking_desk, "press")
    while not spoken[-1][0].startswith("Continue"):
        keys(speaking_desk, "next")
    keys(speaking_desk, "press")
    assert speaking_desk.pressed[-1].typed is not None
    assert speaking_desk.pressed[-1].typed.reveal() == b"leo4"


def test_changes_by_typing_are_spoken_after_the_number(
    speaking_desk: Desk, spoken: list[tuple[str, Language]]
) -> None:
    empty = SAMPLES["question-typed"]
    assert isinstance(empty, EntryPage)
    speaking_desk.show(listening(empty))
    spoken.clear()
    keys(speaking_desk, "z")
    speaking_desk.show(listening(replace(empty, problem=Text("Too short."))))
    assert [words for words, _ in spoken] == ["1", "1. Too short"]


def test_changes_without_user_action_wait_and_others_do_not(
    speaking_desk: Desk, spoken: list[tuple[str, Language]]
) -> None:
    state = State(page=pg.Unlocking(), visit=1)
    speaking_desk.show(listening(render(state)))
    state = replace(state, page=pg.Unlocking(UnlockStep.UNLOCK))
    speaking_desk.show(listening(render(state)))
    assert [words for words, _ in spoken] == [
        "Unlocking. Do not remove your smartcard. Getting permission",
        "(Unlocking your smartcard)",
    ]
    page = SAMPLES["menu"]
    assert isinstance(page, ChoicePage)
    speaking_desk.show(listening(page))
    keys(speaking_desk, "next", "press")
    spoken.clear()
    speaking_desk.show(listening(replace(page, chosen=0)))
    assert [words.endswith(", chosen") for words, _ in spoken] == [True]


def test_turning_speech_on_by_key_reads_the_page_and_the_focus(
    speaking_desk: Desk, spoken: list[tuple[str, Language]]
) -> None:
    without_speech, with_speech = (listening(SAMPLES["done"], speech=on) for on in (False, True))
    speaking_desk.show(without_speech)
    keys(speaking_desk, "next")
    name = focused(speaking_desk)
    speaking_desk.show(with_speech)
    assert [words for words, _ in spoken] == [spoken[0][0]]
    assert spoken[0][0].startswith("Your smartcard is unlocked. Your new passcode works")
    assert spoken[0][0].endswith(f". {name}")
    assert focused(speaking_desk) == name


def test_turning_speech_on_during_the_warning_reads_it(
    speaking_desk: Desk, spoken: list[tuple[str, Language]]
) -> None:
    page = SAMPLES["done"]
    more = Button(Intent.MORE_TIME, Text("I need more time"))
    for speech, seconds in ((False, 20), (True, 19), (True, 18)):
        countdown = Countdown(seconds, Text("{count}", (("count", seconds),)), more)
        warned = replace(page, frame=replace(page.frame, countdown=countdown))
        speaking_desk.show(listening(warned, speech=speech))
    assert [words for words, _ in spoken] == ["The time is nearly up. I need more time"]


def test_choosing_a_language_by_keys_moves_the_focus_to_no_other_choice(desk: Desk) -> None:
    state = State(page=pg.CardWorks(), visit=1, card_present=True)
    desk.show(render(replace(state, menu=Menu.LANGUAGES)))
    keys(desk, "next", "next", "next", "next")
    assert focused(desk)
    desk.show(render(replace(state, language=Language.POLISH)))
    assert focused(desk) == ""


def test_the_address_in_the_box_is_read_with_its_page(
    speaking_desk: Desk, spoken: list[tuple[str, Language]]
) -> None:
    page = SAMPLES["address-filled"]
    assert isinstance(page, EntryPage)
    speaking_desk.show(listening(page))
    assert f"Filled in: {page.entry.prefilled}" in spoken[-1][0]
    assert not spoken[-1][0].startswith(str(len(page.entry.prefilled)))
    keys(speaking_desk, "erase")
    speaking_desk.show(listening(SAMPLES["menu"]))
    speaking_desk.show(listening(page))
    assert f"Filled in: {page.entry.prefilled[:-1]}" in spoken[-1][0].split(". ")


def test_the_warning_is_spoken_once_and_then_the_page(
    speaking_desk: Desk, spoken: list[tuple[str, Language]]
) -> None:
    page = SAMPLES["done"]
    speaking_desk.show(listening(page))
    more = Button(Intent.MORE_TIME, Text("I need more time"))
    for seconds in (20, 19):
        countdown = Countdown(seconds, Text("{count}", (("count", seconds),)), more)
        speaking_desk.show(listening(replace(page, frame=replace(page.frame, countdown=countdown))))
    speaking_desk.show(listening(page))
    assert [words for words, _ in spoken[1:]] == [
        "The time is nearly up. I need more time",
        "Your smartcard is unlocked",
    ]


@pytest.mark.parametrize("name", ["address-empty", "code-within"])
def test_the_keys_of_an_address_and_of_a_code_are_spoken(
    speaking_desk: Desk, spoken: list[tuple[str, Language]], name: str
) -> None:
    view = SAMPLES[name]
    assert isinstance(view, EntryPage)
    speaking_desk.show(listening(view))
    stage = speaking_desk.gallery.app.stage
    from kiosk.ui.widgets.key_grid import KeyCap  # noqa: PLC0415

    stage.focus._enter(next(one for one in stage.walk() if isinstance(one, KeyCap)))
    assert spoken[-1][0] in {"q", "1"}
