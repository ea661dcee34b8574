"""What is read aloud of every page: its words, and none that are a secret."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from kiosk.flow import State, render
from kiosk.flow import view as vw
from kiosk.flow.aloud import aloud
from kiosk.flow.text import Text, Verbatim, in_english
from kiosk.ui.sample import SAMPLES
from tests.flow.test_properties import _states, secrets_in


@given(_states)
def test_every_page_has_something_to_say_and_never_a_secret(state: State) -> None:
    said = aloud(render(state))
    assert said
    assert all(isinstance(each, Text | Verbatim) for each in said)
    for secret in secrets_in(state):
        if len(secret) >= 6:
            assert secret.reveal().decode() not in repr(said)


def test_what_is_known_is_read_and_what_is_typed_changes_nothing_of_it() -> None:
    page = SAMPLES["address-filled"]
    assert isinstance(page, vw.EntryPage)
    assert f"Filled in already: {page.entry.prefilled}" in [
        in_english(each) for each in aloud(page)
    ]
    longer = replace(page, entry=replace(page.entry, length=page.entry.length + 1))
    assert aloud(longer) == aloud(page)


def test_a_page_is_read_from_its_place_to_its_buttons() -> None:
    said = [
        getattr(each, "message", getattr(each, "content", ""))
        for each in aloud(SAMPLES["question-within"])
    ]
    assert said[0] == "Security Questions"
    assert said[1:3] == [
        "Question {number} of {total}",
        "What was the name of the street where you lived when you were ten?",
    ]
    assert said[-2:] == ["Close", "Back"], "Continue cannot be pressed yet"


def test_a_reference_is_read_sign_by_sign_after_whom_to_call() -> None:
    said = [in_english(each) for each in aloud(SAMPLES["problem"])]
    place = said.index("Your reference")
    assert "020 7946 0150" in said[:place]
    assert said[place + 1] == "K 7 Q 4 - 2 0 M X"


def test_what_can_be_chosen_is_read_and_what_cannot_is_not() -> None:
    page = SAMPLES["menu"]
    assert isinstance(page, vw.ChoicePage)
    assert {each.enabled for each in page.choices} == {True, False}
    said = aloud(page)
    for each in page.choices:
        assert (each.label in said) is each.enabled


@pytest.mark.parametrize("name", SAMPLES)
def test_the_countdown_is_said_once_and_not_with_each_second(name: str) -> None:
    counting = [
        replace(
            SAMPLES[name],
            frame=replace(
                SAMPLES[name].frame,
                countdown=vw.Countdown(
                    seconds,
                    Text("{count}", (("count", seconds),)),
                    vw.Button(vw.Intent.MORE_TIME, Text("More")),
                ),
            ),
        )
        for seconds in (20, 19)
    ]
    assert aloud(counting[0]) == aloud(counting[1])
    assert len(aloud(counting[0])) == 2
