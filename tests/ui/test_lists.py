# SPDX-License-Identifier: Apache-2.0
"""Lists: choosing, dragging and scrolling by finger, and which rows are visible."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from kiosk.flow.events import Chosen
from kiosk.flow.text import Verbatim
from kiosk.flow.view import Button, Choice, ChoicePage, Intent, ProfilePage
from kiosk.ui.sample import COUNTDOWN, SAMPLES
from tests.ui.conftest import Desk

pytestmark = pytest.mark.dealt

if TYPE_CHECKING:
    from kivy.uix.widget import Widget

    from kiosk.ui.widgets.choice_row import ChoiceRow
    from kiosk.ui.widgets.scroller import Scroller

MENU = SAMPLES["menu"]
FEW = SAMPLES["choices-three"]
MANY = SAMPLES["choices-many"]
PROFILE = SAMPLES["profile"]


def chosen(desk: Desk) -> list[int]:
    return [event.number for event in desk.sent if isinstance(event, Chosen)]


def scroller(desk: Desk) -> Scroller:
    from kiosk.ui.widgets.scroller import Scroller  # noqa: PLC0415

    return next(one for one in desk.gallery.app.stage.walk() if isinstance(one, Scroller))


def rows(desk: Desk) -> list[ChoiceRow]:
    from kiosk.ui.widgets.choice_row import ChoiceRow  # noqa: PLC0415

    return [one for one in desk.gallery.app.stage.walk() if isinstance(one, ChoiceRow)]


def fully_visible(desk: Desk) -> list[int]:
    """Return the numbers of the choices that are visible from top to bottom."""
    view = scroller(desk).viewport
    return [
        number
        for number, one in enumerate(rows(desk))
        if one.y >= view.y - 1 and one.y + one.height <= view.y + view.height + 1
    ]


def middle(widget: Widget) -> tuple[float, float]:
    from kiosk.demo.finger import _middle  # noqa: PLC0415

    return _middle(widget)


def tap(desk: Desk, widget: Widget) -> None:
    desk.finger.tap(*middle(widget))
    desk.gallery.frames(3)


def drag(desk: Desk, start: tuple[float, float], *steps: float) -> None:
    """Touch at `start`, move by each of `steps` pixels down the screen, and lift."""
    from kivy.base import EventLoop  # noqa: PLC0415

    touch = desk.finger.down(*start)
    for step in steps:
        touch.move({"sx": touch.sx, "sy": touch.sy - step / 479})
        EventLoop.post_dispatch_input("update", touch)
        desk.gallery.frames(2)
    desk.finger.up(touch)
    desk.gallery.frames(2)


# ---------------------------------------------------------------- choosing


def test_a_touched_choice_is_sent_by_its_number(desk: Desk) -> None:
    desk.show(MENU)
    desk.finger.choose("My smartcard and my profile")
    assert chosen(desk) == [2]
    desk.finger.choose("Unlock my smartcard")
    assert chosen(desk) == [2, 0]


def test_a_disabled_choice_sends_nothing(desk: Desk) -> None:
    desk.show(MENU)
    tap(desk, rows(desk)[3])
    assert chosen(desk) == []


def test_a_double_tap_chooses_once_and_presses_nothing_of_the_next_page(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.ui.stage.DEAF_SECONDS", 60.0)  # however busy this machine is
    desk.show(MENU)
    desk.finger.tap(*middle(rows(desk)[1]))
    desk.finger.tap(*middle(rows(desk)[1]))
    assert chosen(desk) == [1]
    desk.show(SAMPLES["done"])
    desk.finger.tap(700, 440)
    assert desk.pressed == []


def test_the_choice_is_shown_in_place_and_not_by_colour_alone(desk: Desk) -> None:
    from kiosk.ui.widgets.sign import Mark, Sign  # noqa: PLC0415

    def marks() -> list[Mark]:
        return [sign._mark for sign in desk.gallery.app.stage.walk() if isinstance(sign, Sign)]

    assert isinstance(FEW, ChoicePage)
    desk.show(FEW)
    before = rows(desk)
    assert marks() == [Mark.WAITING, Mark.WAITING], "the third one cannot be chosen"
    desk.show(replace(FEW, chosen=1))
    assert rows(desk) == before
    assert marks() == [Mark.WAITING, Mark.DOING]


def test_choosing_enables_continue_in_place(desk: Desk) -> None:
    assert isinstance(FEW, ChoicePage)
    desk.show(FEW)
    buttons = tuple(replace(button, enabled=True) for button in FEW.frame.buttons)
    desk.show(replace(FEW, chosen=0, frame=replace(FEW.frame, buttons=buttons)))
    desk.finger.press(Intent.CONTINUE)
    assert [event.intent for event in desk.pressed] == [Intent.CONTINUE]


def test_another_list_needs_a_new_screen(desk: Desk) -> None:
    assert isinstance(FEW, ChoicePage)
    desk.show(FEW)
    before = rows(desk)
    desk.show(replace(FEW, choices=(*FEW.choices, Choice(Verbatim("None of these")))))
    assert rows(desk) != before
    assert len(rows(desk)) == 4


def test_the_countdown_covers_the_list(desk: Desk) -> None:
    desk.show(MENU)
    places = [middle(row) for row in rows(desk)]
    touch = desk.finger.down(*places[0])
    desk.show(replace(MENU, frame=replace(MENU.frame, countdown=COUNTDOWN)))
    desk.finger.up(touch)
    desk.finger.tap(*places[1])
    assert chosen(desk) == []


@pytest.mark.parametrize("name", ["menu", "menu-two", "choices-three"])
def test_few_choices_are_large_and_need_no_arrows(desk: Desk, name: str) -> None:
    desk.show(SAMPLES[name])
    assert all(row.height >= 72 for row in rows(desk))
    assert scroller(desk)._rail.parent is None


# ---------------------------------------------------------------- scrolling


def test_the_arrows_scroll_past_every_choice_and_back(desk: Desk) -> None:
    desk.show(MANY)
    seen = [fully_visible(desk)]
    assert not scroller(desk).up.enabled
    while scroller(desk).down.enabled:
        before = scroller(desk).viewport.offset
        tap(desk, scroller(desk).down)
        assert scroller(desk).viewport.offset > before
        seen.append(fully_visible(desk))
    assert {number for page in seen for number in page} == set(range(40))
    for page, following in pairwise(seen):
        assert following[0] <= page[-1] + 1, "a choice was never seen whole"
    while scroller(desk).up.enabled:
        before = scroller(desk).viewport.offset
        tap(desk, scroller(desk).up)
        assert scroller(desk).viewport.offset < before
    assert fully_visible(desk) == seen[0]
    assert chosen(desk) == []
    assert desk.pressed == []


def test_a_touch_after_scrolling_hits_the_choice_under_the_finger(desk: Desk) -> None:
    desk.show(MANY)
    for _ in range(4):
        tap(desk, scroller(desk).down)
    number = fully_visible(desk)[1]
    assert number > 8
    tap(desk, rows(desk)[number])
    assert chosen(desk) == [number]


def test_a_finger_drags_the_list_and_chooses_nothing(desk: Desk) -> None:
    desk.show(MANY)
    start = middle(rows(desk)[1])
    drag(desk, start, -30, -50)
    assert scroller(desk).viewport.offset == pytest.approx(80, abs=2)
    assert not rows(desk)[1].down
    drag(desk, start, 300)
    assert scroller(desk).viewport.offset == 0, "no further than the top"
    for _ in range(2):
        drag(desk, start, *[-400] * 12)
        assert scroller(desk).viewport.offset == scroller(desk).viewport.beyond, "nor the end"
    assert chosen(desk) == []


def test_a_trembling_finger_still_chooses(desk: Desk) -> None:
    desk.show(MANY)
    drag(desk, middle(rows(desk)[1]), -4, 7, -5)
    assert chosen(desk) == [1]
    assert scroller(desk).viewport.offset == 0


def test_a_choice_scrolled_out_of_view_cannot_be_touched(desk: Desk) -> None:
    """A choice hidden below the buttons at the foot is not chosen by a touch there."""
    desk.show(MANY)
    view = scroller(desk).viewport
    hidden = next(row for row in rows(desk) if row.y + row.height < view.y)
    desk.finger.tap(*middle(hidden))
    assert chosen(desk) == []


def test_a_list_opens_with_the_chosen_row_visible(desk: Desk) -> None:
    desk.show(SAMPLES["choices-many-chosen"])
    assert 21 in fully_visible(desk)


def test_choosing_does_not_move_the_list(desk: Desk) -> None:
    assert isinstance(MANY, ChoicePage)
    desk.show(MANY)
    tap(desk, scroller(desk).down)
    before = scroller(desk).viewport.offset
    desk.show(replace(MANY, chosen=fully_visible(desk)[0]))
    assert scroller(desk).viewport.offset == before


def test_the_arrow_scrolls_a_profile_to_its_end(desk: Desk) -> None:
    assert isinstance(PROFILE, ProfilePage)
    desk.show(PROFILE)
    last = "1 September 2023"
    assert last not in seen_texts(desk)
    while scroller(desk).down.enabled:
        tap(desk, scroller(desk).down)
    assert last in seen_texts(desk)


def seen_texts(desk: Desk) -> list[str]:
    return [text for text, (bottom, top) in _texts(desk) if top > bottom]


def _texts(desk: Desk) -> Iterator[tuple[str, tuple[float, float]]]:
    from kivy.uix.label import Label  # noqa: PLC0415

    view = scroller(desk).viewport
    for widget in view.walk(restrict=True):
        if isinstance(widget, Label):
            low, high = view.y, view.y + view.height
            yield widget.text, (max(widget.y, low), min(widget.y + widget.height, high))


def test_a_new_button_state_does_not_scroll_a_profile(desk: Desk) -> None:
    assert isinstance(PROFILE, ProfilePage)
    desk.show(PROFILE)
    tap(desk, scroller(desk).down)
    before = scroller(desk).viewport.offset
    assert before > 0
    close, register = PROFILE.frame.buttons
    waiting: tuple[Button, ...] = (close, replace(register, enabled=False))
    desk.show(replace(PROFILE, frame=replace(PROFILE.frame, buttons=waiting)))
    assert scroller(desk).viewport.offset == before
    desk.finger.tap(*middle(_button(desk, Intent.REGISTER)))
    assert desk.pressed == []


def _button(desk: Desk, intent: Intent) -> Widget:
    from kiosk.ui.widgets.button import PageButton  # noqa: PLC0415

    return next(
        one
        for one in desk.gallery.app.stage.walk()
        if isinstance(one, PageButton) and one.intent is intent
    )
