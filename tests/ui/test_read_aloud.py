# SPDX-License-Identifier: Apache-2.0
"""What is read aloud, by ear of a list: pages, what changes on them, the focus; never a secret."""

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
from tests.ui.test_keys_alone import at, keys, listening

pytestmark = pytest.mark.dealt


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
    from kiosk.ui.widgets.key_grid import KeyCap  # noqa: PLC0415

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
    from kiosk.ui.widgets.key_grid import KeyCap  # noqa: PLC0415

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
    from kiosk.ui.widgets.key_grid import KeyCap  # noqa: PLC0415

    stage.focus._be_at(next(one for one in stage.walk() if isinstance(one, KeyCap)))
    assert said[-1][0] in {"q", "1"}
