# SPDX-License-Identifier: Apache-2.0
"""Operation by keys alone, with a visible focus."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.flow import State, render
from kiosk.flow.events import Chosen
from kiosk.flow.preferences import Access, Language, Menu
from kiosk.flow.view import EntryPage, Intent, View
from kiosk.ui.keyboard import meaning
from kiosk.ui.sample import COUNTDOWN, SAMPLES
from tests.ui.conftest import Desk

pytestmark = pytest.mark.dealt

ENTER, FIVE = 13, 53  # as SDL names them


def keys(desk: Desk, *names: str) -> None:
    for name in names:
        desk.gallery.app.stage._pressed_at = float("-inf")
        desk.gallery.app.key(name)
        desk.gallery.frames(1)


def focused(desk: Desk) -> str:
    control = desk.gallery.app.stage.focus.at
    return str(control.spoken) if control is not None else ""


def listening(view: View, *, speech: bool = True) -> View:
    return replace(view, frame=replace(view.frame, access=Access(speech=speech)))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_control_of_every_page_can_be_reached_by_one_key(desk: Desk, name: str) -> None:
    from kiosk.ui.focus import controls  # noqa: PLC0415 - the gallery is open
    from kiosk.ui.widgets.key_grid import KeyCap  # noqa: PLC0415
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


def test_the_focus_is_visible_and_a_touch_removes_it(desk: Desk) -> None:
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
    while not focused(desk).startswith("Change my passcode"):
        keys(desk, "down")
    keys(desk, "press")
    assert [each for each in desk.sent if isinstance(each, Chosen)] == [Chosen(1)]


def test_the_digits_of_a_keypad_act_as_arrows(desk: Desk) -> None:
    desk.show(SAMPLES["menu"])
    keys(desk, "next")
    while not focused(desk).startswith("My smartcard"):
        keys(desk, "2")
    keys(desk, "8", "5")
    assert [each for each in desk.sent if isinstance(each, Chosen)] == [Chosen(1)]


def test_the_focus_is_restored_when_a_setting_rebuilds_the_page(desk: Desk) -> None:
    state = State(menu=Menu.ACCESS)
    desk.show(render(state))
    while not focused(desk).startswith("High contrast"):
        keys(desk, "next")
    assert focused(desk).endswith("not chosen")
    desk.show(render(replace(state, access=Access(high_contrast=True))))
    assert focused(desk) == "High contrast, chosen"
    assert desk.gallery.app.stage.focus._ring.children
    desk.show(SAMPLES["menu"])
    assert focused(desk) == "", "another page is read from its beginning"


def test_a_list_follows_the_focus(desk: Desk) -> None:
    desk.show(SAMPLES["choices-many"])
    stage = desk.gallery.app.stage
    for _ in range(20):
        keys(desk, "next")
    from kiosk.ui.fit import _seen  # noqa: PLC0415

    _, bottom, _, top = _seen(stage.focus.at)
    assert top - bottom > 40


def test_a_passcode_is_typed_on_a_keypad_and_submitted_with_enter(desk: Desk) -> None:
    desk.show(SAMPLES["passcode-good"])
    keys(desk, *"4711089", "erase", "press")
    assert desk.typed[-1].length == 6
    (pressed,) = desk.pressed
    assert pressed.intent is Intent.CONTINUE
    assert pressed.typed is not None
    assert pressed.typed.reveal() == b"471108"


@pytest.mark.parametrize("name", ["passcode-empty", "code-within"])
def test_an_entry_of_digits_types_them_even_with_the_focus_on_a_key(desk: Desk, name: str) -> None:
    from kiosk.ui.widgets.key_grid import KeyCap  # noqa: PLC0415 - the gallery is open

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


def test_an_answer_is_typed_with_four_arrows_and_one_key(desk: Desk) -> None:
    from kiosk.ui.widgets.key_grid import KeyCap  # noqa: PLC0415

    desk.show(SAMPLES["question-typed"])
    keys(desk, "next", "previous", "previous")
    while not isinstance(desk.gallery.app.stage.focus.at, KeyCap):
        keys(desk, "next")
    assert focused(desk) == "q"
    keys(desk, "press", "right", "press", "down", "press", "6", "5")
    keys(desk, "up", "up", "up")
    assert focused(desk) not in {"q", "w"}
    desk.gallery.app.stage.focus.leave()
    keys(desk, "press")
    assert desk.pressed[-1].typed is not None
    assert len(desk.pressed[-1].typed) == 4
    assert desk.pressed[-1].typed.reveal().startswith(b"qw")


def find(desk: Desk, key: str) -> None:
    """Move over the keyboard, row by row, until the focus is at `key`."""
    stage = desk.gallery.app.stage
    keys(desk, "previous", "next")
    for row in range(4):
        keys(desk, "previous", "next", *["down"] * row)
        for _ in range(12):
            if focused(desk) == key:
                return
            keys(desk, "right")
    raise AssertionError((key, stage.focus.at))


def accents(desk: Desk) -> list[str]:
    """Return the accents that are offered."""
    screen = desk.gallery.app.stage.screen
    assert screen is not None
    return [one.key for one in screen.plate.accents]


def hold(desk: Desk, key: str = "press") -> None:
    """Press a key, and hold it for long enough."""
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
    from kiosk.ui.widgets.key_grid import KeyCap  # noqa: PLC0415 - the gallery is open

    view = SAMPLES["question-typed"]
    desk.show(replace(view, frame=replace(view.frame, language=language)))
    stage = desk.gallery.app.stage
    while not isinstance(stage.focus.at, KeyCap):
        keys(desk, "next")
    find(desk, letter)
    hold(desk)
    keys(desk, *ways)
    assert focused(desk) == accent
    keys(desk, "press")
    assert focused(desk) == letter, "the focus is back at the letter"
    keys(desk, "press")
    hold(desk, "5")
    keys(desk, "down")
    assert not accents(desk), "moving on removes the accents"
    stage.focus.leave()
    keys(desk, "press")
    assert desk.pressed[-1].typed is not None
    assert desk.pressed[-1].typed.reveal().decode() == accent + letter + letter


@pytest.mark.parametrize("key", ["erase", "a"])
def test_typing_removes_the_offered_accents(desk: Desk, key: str) -> None:
    from kiosk.ui.widgets.key_grid import KeyCap  # noqa: PLC0415 - the gallery is open

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
    assert focused(desk).startswith("w"), "not on an accent that would take the place of a letter"
    typed = desk.gallery.app.stage.context.typed.copy(view.entry.field).reveal()
    assert typed == (b"e" if key == "erase" else b"ewa")


def test_a_capital_has_capital_accents_by_keys_and_a_short_press_has_none(desk: Desk) -> None:
    from kiosk.ui.widgets.key_grid import KeyCap  # noqa: PLC0415 - the gallery is open

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
    assert focused(desk) == "Ł"
    keys(desk, "press")
    assert focused(desk) == "l"
    stage.focus.leave()
    keys(desk, "press")
    assert desk.pressed[-1].typed is not None
    assert desk.pressed[-1].typed.reveal().decode() == "Ł"


@pytest.mark.parametrize("code", [ENTER, FIVE])
def test_a_held_key_of_a_keyboard_does_not_repeat_and_offers_accents(desk: Desk, code: int) -> None:
    from kivy.core.window import Window  # noqa: PLC0415 - the gallery is open

    from kiosk.ui.widgets.key_grid import KeyCap  # noqa: PLC0415

    view = SAMPLES["question-typed"]
    assert isinstance(view, EntryPage)
    desk.show(view)
    app, stage = desk.gallery.app, desk.gallery.app.stage
    app.hear_keyboards()

    def down() -> None:
        Window.dispatch("on_key_down", code, 0, chr(code), [])
        desk.gallery.frames(2)

    while not isinstance(stage.focus.at, KeyCap):
        keys(desk, "next")
    find(desk, "e")
    try:
        for _ in range(2):  # as often as it is pressed, and no more
            stage._pressed_at = float("-inf")
            for _ in range(4):  # as a keyboard says that it is still down
                down()
            Window.dispatch("on_key_up", code, 0)
        assert not accents(desk), "nobody stays so short"
        down()
        down()
        stage.focus._pressed_at = float("-inf")
        down()
        assert accents(desk)
    finally:
        Window.unbind(on_key_down=app._key_down, on_key_up=app._key_up)
    stage.focus.leave()
    assert stage.context.typed.copy(view.entry.field).reveal() == b"eee"


def test_back_language_and_settings_have_keys_of_their_own(desk: Desk) -> None:
    desk.show(SAMPLES["question-typed"])
    keys(desk, "back", "language", "access")
    assert [each.intent for each in desk.pressed] == ["back", "language", "access"]
    desk.show(SAMPLES["profile"])
    keys(desk, "back")
    assert desk.pressed[-1].intent is Intent.CLOSE


def test_keys_act_on_the_countdown(desk: Desk) -> None:
    view = SAMPLES["question-typed"]
    desk.show(replace(view, frame=replace(view.frame, countdown=COUNTDOWN)))
    keys(desk, "a", "back", "language")
    assert desk.pressed == []
    assert desk.typed == []
    keys(desk, "press")
    assert [each.intent for each in desk.pressed] == [Intent.MORE_TIME]


def test_the_focus_is_restored_after_the_countdown(desk: Desk) -> None:
    view = SAMPLES["menu"]
    desk.show(view)
    while not focused(desk).startswith("Change my passcode"):
        keys(desk, "next")
    desk.show(replace(view, frame=replace(view.frame, countdown=COUNTDOWN)))
    assert focused(desk) == ""
    desk.show(view)
    assert focused(desk).startswith("Change my passcode")


@pytest.mark.parametrize(
    ("code", "text", "shifted", "means"),
    [
        (9, None, False, "next"), (9, None, True, "previous"), (13, "\r", False, "press"),
        (271, "", False, "press"), (258, "2", False, "2"), (97, "a", True, "A"),
        (97, "a", False, "a"), (283, None, False, "speech"), (282, None, False, ""),
        (27, None, False, "back"),
    ],
)  # fmt: skip
def test_the_meaning_of_a_keyboards_keys(
    code: int, text: str | None, shifted: bool, means: str
) -> None:
    assert meaning(code, text, shifted=shifted) == means
