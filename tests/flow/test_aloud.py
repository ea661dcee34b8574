# SPDX-License-Identifier: Apache-2.0
"""What is read aloud of every page: its words, and none that are a secret."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from kiosk.flow import State, render
from kiosk.flow import view as vw
from kiosk.flow.drawing.aloud import aloud, warning
from kiosk.flow.preferences import Access, Menu
from kiosk.flow.text import Text, Verbatim, in_english
from kiosk.ui.sample import SAMPLES
from tests.flow.test_properties import _states, secrets_in


def words(view: vw.View, before: vw.View | None = None) -> list[str]:
    """The lines that are said of `view` to somebody who has heard `before`, in English."""
    heard = None if before is None else aloud(before)
    return [", ".join(map(in_english, line)) for line in aloud(view).after(heard)]


@given(_states)
def test_every_page_has_something_to_say_and_never_a_secret(state: State) -> None:
    said = [each for line in aloud(render(state)).after(None) for each in line]
    assert said
    assert all(isinstance(each, Text | Verbatim) for each in said)
    for secret in secrets_in(state):
        if len(secret) >= 6:
            assert secret.reveal().decode() not in repr(said)


def test_what_is_known_is_read_and_what_is_typed_changes_nothing_of_it() -> None:
    page = SAMPLES["address-filled"]
    assert isinstance(page, vw.EntryPage)
    heard = aloud(page, "anna@nhs.net")
    assert (Text("Filled in: {address}", (("address", "anna@nhs.net"),)),) in heard.after(None)
    longer = replace(page, entry=replace(page.entry, length=page.entry.length + 1))
    assert aloud(longer, "anna@nhs.ne").after(heard) == ()


def test_a_page_is_read_from_its_place_to_its_buttons() -> None:
    said = words(SAMPLES["question-within"])
    place = said.index("Security Questions")
    assert said[place + 1 : place + 3] == [
        "Question 2 of 4",
        "What was the name of the street where you lived when you were ten?",
    ]
    assert said[-3:-1] == ["Close", "Back"], "Continue cannot be pressed yet"
    assert said[-1].endswith("min left")


def test_of_the_same_page_only_what_is_new_is_read() -> None:
    empty = SAMPLES["question-within"]
    assert isinstance(empty, vw.EntryPage)
    enabled = tuple(replace(each, enabled=True) for each in empty.frame.buttons)
    typed = replace(empty, frame=replace(empty.frame, buttons=enabled))
    assert words(typed, empty) == ["Continue"]
    wrong = replace(typed, problem=Text("Too short."))
    assert words(wrong, typed) == ["Too short."]
    later = replace(typed, frame=replace(typed.frame, remaining=Text("2 min left")))
    assert words(later, typed) == [], "not with each minute"


def test_a_rule_that_is_met_is_said_to_be() -> None:
    page = SAMPLES["passcode-good"]
    assert isinstance(page, vw.EntryPage)
    unmet = tuple(replace(line, met=False) for line in page.rule_lines)
    said = words(page, replace(page, rule_lines=unmet))
    assert said
    assert all(line.endswith(", done") for line in said)


def test_who_is_logged_in_is_read_once_and_again_where_it_is_somebody_else() -> None:
    page = SAMPLES["profile"]
    corner = (Verbatim("Nora Nurse"), Verbatim("Nurse"))
    hers = replace(page, frame=replace(page.frame, corner=corner))
    assert words(hers)[0] == "Nora Nurse, Nurse"
    other = replace(SAMPLES["menu"], frame=replace(SAMPLES["menu"].frame, corner=corner))
    assert "Nora Nurse, Nurse" not in words(other, hers)
    assert "Nora Nurse, Nurse" in words(hers, page)


def test_a_demonstration_says_that_it_is_one() -> None:
    simulated = render(State(simulated=True))
    assert words(simulated)[0] == "Demonstration: simulated card reader"
    assert "Demonstration: simulated card reader" not in words(render(State()))


def test_a_reference_is_read_sign_by_sign_after_whom_to_call() -> None:
    said = words(SAMPLES["problem"])
    place = said.index("Your reference, K 7 Q 4 - 2 0 M X")
    assert any("020 7946 0150" in line for line in said[:place])


def test_what_can_be_chosen_is_read_and_what_cannot_is_not() -> None:
    page = SAMPLES["menu"]
    assert isinstance(page, vw.ChoicePage)
    assert {each.enabled for each in page.choices} == {True, False}
    said = [line[0] for line in aloud(page).after(None)]
    for each in page.choices:
        assert (each.label in said) is each.enabled


def test_what_is_chosen_is_said_to_be() -> None:
    page = SAMPLES["menu"]
    assert isinstance(page, vw.ChoicePage)
    number = next(place for place, one in enumerate(page.choices) if one.enabled)
    (line,) = words(replace(page, chosen=number), page)
    assert line.startswith(in_english(page.choices[number].label))
    assert line.endswith(", chosen")


def test_what_is_turned_on_is_said_to_be() -> None:
    menu = render(State(menu=Menu.ACCESS))
    turned = render(State(menu=Menu.ACCESS, access=Access(high_contrast=True)))
    assert "High contrast, not chosen" in words(menu)
    assert words(turned, menu) == ["High contrast, chosen"]


def test_the_warning_is_the_same_with_each_second() -> None:
    more = vw.Button(vw.Intent.MORE_TIME, Text("More"))
    warned = [
        warning(vw.Countdown(seconds, Text("{count}", (("count", seconds),)), more))
        for seconds in (20, 19)
    ]
    assert warned[0] == warned[1]
    assert warned[0][-1] == (more.label,)
