# SPDX-License-Identifier: Apache-2.0
"""The spoken text of every page: all its words, and no secret."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from kiosk.flow import State, render
from kiosk.flow import view as vw
from kiosk.flow.drawing.aloud import aloud, warning
from kiosk.flow.preferences import Access, Menu
from kiosk.flow.text import Text, Verbatim, Words, in_english
from kiosk.ui.sample import SAMPLES
from tests.flow.test_properties import _states, secrets_in


def words(view: vw.View, before: vw.View | None = None) -> list[str]:
    """Return the lines spoken for `view` to a user who has heard `before`, in English."""
    heard = None if before is None else aloud(before)
    return [", ".join(map(in_english, line)) for line in aloud(view).after(heard)]


@given(_states)
def test_every_page_is_read_and_no_secret_is(state: State) -> None:
    said = [each for line in aloud(render(state)).after(None) for each in line]
    assert said
    assert all(isinstance(each, Words) for each in said)
    for secret in secrets_in(state):
        if len(secret) >= 6:
            assert secret.reveal().decode() not in repr(said)


def test_known_data_is_read_and_typing_does_not_change_it() -> None:
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


def test_only_the_news_of_the_same_page_is_read() -> None:
    empty = SAMPLES["question-within"]
    assert isinstance(empty, vw.EntryPage)
    enabled = tuple(replace(each, enabled=True) for each in empty.frame.buttons)
    typed = replace(empty, frame=replace(empty.frame, buttons=enabled))
    assert words(typed, empty) == ["Continue"]
    wrong = replace(typed, problem=Text("Too short."))
    assert words(wrong, typed) == ["Too short."]
    later = replace(typed, frame=replace(typed.frame, remaining=Text("2 min left")))
    assert words(later, typed) == [], "not with each minute"


def test_a_met_rule_is_read_as_met() -> None:
    page = SAMPLES["passcode-good"]
    assert isinstance(page, vw.EntryPage)
    unmet = tuple(replace(line, met=False) for line in page.rule_lines)
    said = words(page, replace(page, rule_lines=unmet))
    assert said
    assert all(line.endswith(", done") for line in said)


def test_the_users_name_is_read_once_and_again_for_another_user() -> None:
    page = SAMPLES["profile"]
    corner = (Verbatim("Nora Nurse"), Verbatim("Nurse"))
    nurse_view = replace(page, frame=replace(page.frame, corner=corner))
    assert words(nurse_view)[0] == "Nora Nurse, Nurse"
    other = replace(SAMPLES["menu"], frame=replace(SAMPLES["menu"].frame, corner=corner))
    assert "Nora Nurse, Nurse" not in words(other, nurse_view)
    assert "Nora Nurse, Nurse" in words(nurse_view, page)


def test_the_banner_of_a_demonstration_is_read() -> None:
    simulated = render(State(simulated=True))
    assert words(simulated)[0] == "Demonstration: simulated card reader"
    assert "Demonstration: simulated card reader" not in words(render(State()))


def test_a_reference_is_spelled_out_after_the_contacts() -> None:
    said = words(SAMPLES["problem"])
    place = said.index("Your reference, K 7 Q 4 - 2 0 M X")
    assert any("020 7946 0150" in line for line in said[:place])


def test_only_enabled_choices_are_read() -> None:
    page = SAMPLES["menu"]
    assert isinstance(page, vw.ChoicePage)
    assert {each.enabled for each in page.choices} == {True, False}
    said = [line[0] for line in aloud(page).after(None)]
    for each in page.choices:
        assert (each.label in said) is each.enabled


def test_the_chosen_row_is_read_as_chosen() -> None:
    page = SAMPLES["menu"]
    assert isinstance(page, vw.ChoicePage)
    number = next(place for place, one in enumerate(page.choices) if one.enabled)
    (line,) = words(replace(page, chosen=number), page)
    assert line.startswith(in_english(page.choices[number].label))
    assert line.endswith(", chosen")


def test_a_setting_that_is_on_is_read_as_on() -> None:
    menu = render(State(menu=Menu.ACCESS))
    turned = render(State(menu=Menu.ACCESS, access=Access(high_contrast=True)))
    assert "High contrast, not chosen" in words(menu)
    assert words(turned, menu) == ["High contrast, chosen"]


def test_the_spoken_warning_does_not_change_each_second() -> None:
    more = vw.Button(vw.Intent.MORE_TIME, Text("More"))
    warned = [
        warning(vw.Countdown(seconds, Text("{count}", (("count", seconds),)), more))
        for seconds in (20, 19)
    ]
    assert warned[0] == warned[1]
    assert warned[0][-1] == (more.label,)
