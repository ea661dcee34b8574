# SPDX-License-Identifier: Apache-2.0
"""Fingers on the screen: typing, pressing, covered controls, and forgetting."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.flow.events import Typed
from kiosk.flow.view import EntryPage, Intent, View
from kiosk.ui.sample import COUNTDOWN, SAMPLES
from kiosk.values import PasscodeRules, Rule
from tests.ui.conftest import Desk

pytestmark = pytest.mark.dealt

QUESTION = SAMPLES["question-typed"]
PASSCODE = SAMPLES["passcode-good"]


def with_countdown(view: View) -> View:
    return replace(view, frame=replace(view.frame, countdown=COUNTDOWN))


def shown(view: View, *, yes: bool = True) -> EntryPage:
    assert isinstance(view, EntryPage)
    return replace(view, entry=replace(view.entry, shown=yes))


def test_only_the_number_of_letters_is_reported_until_continue(desk: Desk) -> None:
    desk.show(QUESTION)
    desk.finger.write("O'Brien-2 b")
    assert [event.length for event in desk.typed] == list(range(1, 12))
    assert {event.field for event in desk.typed} == {"answer-1"}

    desk.finger.press(Intent.CONTINUE)
    (pressed,) = desk.pressed
    assert pressed.intent is Intent.CONTINUE
    assert pressed.typed is not None
    assert pressed.typed.reveal() == b"O'Brien-2 b"


def test_only_continue_sends_the_typed_text(desk: Desk) -> None:
    desk.show(QUESTION)
    desk.finger.write("abc")
    for intent in (Intent.BACK, Intent.SKIP, Intent.SHOW, Intent.CLOSE):
        desk.finger.press(intent)
    assert [event.intent for event in desk.pressed] == ["back", "skip", "show", "close"]
    assert [event.typed for event in desk.pressed] == [None] * 4


def test_delete_removes_the_last_letter_if_there_is_one(desk: Desk) -> None:
    desk.show(QUESTION)
    desk.finger.write("ab")
    desk.finger.delete(3)
    assert [event.length for event in desk.typed] == [1, 2, 1, 0]


def test_a_passcode_reports_its_rules_as_they_are_met(desk: Desk) -> None:
    desk.show(PASSCODE)
    desk.finger.write("123456789")
    short, good = frozenset({Rule.SHORT_ENOUGH}), frozenset(Rule)
    assert [event.met for event in desk.typed] == [short] * 5 + [good] * 3
    assert [event.length for event in desk.typed] == list(range(1, 9)), "eight is the most"


def test_the_rules_come_from_the_view(desk: Desk) -> None:
    assert isinstance(PASSCODE, EntryPage)
    rules = PasscodeRules(4, 4)
    desk.show(replace(PASSCODE, entry=replace(PASSCODE.entry, rules=rules, maximum=4)))
    desk.finger.write("12345")
    assert desk.typed[-1] == Typed("passcode", 4, frozenset(Rule))


def test_a_new_view_while_typing_keeps_the_keyboard(desk: Desk) -> None:
    from kiosk.ui.widgets.key_grid import KeyPlate  # noqa: PLC0415

    def plates() -> list[KeyPlate]:
        stage = desk.gallery.app.stage
        return [one for one in stage.walk(restrict=True) if isinstance(one, KeyPlate)]

    assert isinstance(QUESTION, EntryPage)
    desk.show(QUESTION)
    before = plates()
    for length in range(1, 4):
        desk.finger.key("a")
        desk.show(replace(QUESTION, entry=replace(QUESTION.entry, length=length)))
    assert plates() == before
    desk.show(SAMPLES["question-shown"])
    assert plates() != before


def test_ten_overlapping_taps_of_two_thumbs_lose_no_key(desk: Desk) -> None:
    from kiosk.demo.finger import _middle  # noqa: PLC0415
    from kiosk.ui.widgets.key_grid import KeyCap  # noqa: PLC0415

    desk.show(QUESTION)
    places = {
        one.key: _middle(one)
        for one in desk.gallery.app.stage.walk(restrict=True)
        if isinstance(one, KeyCap)
    }
    word = "qpalzmtyg'"
    held = None
    for number, character in enumerate(word):
        touch = desk.finger.down(*places[character])
        if held is not None:
            desk.finger.up(held)
        held = touch
        if number % 3 == 0:
            desk.gallery.frames(1)
    desk.finger.up(touch)
    desk.finger.press(Intent.CONTINUE)
    assert desk.pressed[0].typed is not None
    assert desk.pressed[0].typed.reveal() == word.encode()


def test_a_touch_between_two_keys_types_the_nearer_one(desk: Desk) -> None:
    desk.show(QUESTION)
    desk.finger.tap(3, 260)  # left of the Q, in the margin: outside the plate
    assert desk.typed == []
    desk.finger.tap(85, 260)
    assert [event.length for event in desk.typed] == [1]


def test_shift_lasts_one_letter(desk: Desk) -> None:
    desk.show(QUESTION)
    desk.finger.write("Ab")
    desk.finger.press(Intent.CONTINUE)
    assert desk.pressed[0].typed is not None
    assert desk.pressed[0].typed.reveal() == b"Ab"


def test_the_countdown_blocks_touches_on_the_page(desk: Desk) -> None:
    desk.show(QUESTION)
    desk.finger.write("ab")
    desk.show(with_countdown(QUESTION))
    desk.finger.key("c")
    desk.finger.press(Intent.CONTINUE)
    desk.finger.press(Intent.CLOSE)
    assert len(desk.typed) == 2
    assert desk.pressed == []
    desk.finger.press(Intent.MORE_TIME)
    assert [event.intent for event in desk.pressed] == [Intent.MORE_TIME]
    desk.show(QUESTION)
    desk.finger.key("c")
    assert desk.typed[-1].length == 3, "what was typed before the countdown is still there"


def test_a_finger_down_when_the_countdown_appears_presses_nothing(desk: Desk) -> None:
    from kiosk.demo.finger import _middle  # noqa: PLC0415
    from kiosk.ui.widgets.button import PageButton  # noqa: PLC0415

    desk.show(QUESTION)
    stage = desk.gallery.app.stage
    back = next(
        one
        for one in stage.walk(restrict=True)
        if isinstance(one, PageButton) and one.intent is Intent.BACK
    )
    touch = desk.finger.down(*_middle(back))
    desk.show(with_countdown(QUESTION))
    desk.finger.up(touch)
    assert desk.pressed == []


def test_a_finger_down_when_the_page_changes_presses_nothing(desk: Desk) -> None:
    desk.show(SAMPLES["done"])
    touch = desk.finger.down(700, 440)
    desk.show(SAMPLES["problem"])
    desk.finger.up(touch)
    assert desk.pressed == []


def test_sliding_off_a_button_presses_nothing(desk: Desk) -> None:
    desk.show(SAMPLES["done"])
    touch = desk.finger.down(700, 440)
    touch.sx, touch.sy = 0.1, 0.9
    desk.finger.up(touch)
    assert desk.pressed == []
    assert desk.touched


def test_a_double_tap_presses_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.ui.stage.DEAF_SECONDS", 60.0)  # however busy this machine is
    desk.show(SAMPLES["done"])
    desk.finger.tap(700, 440)
    desk.finger.tap(700, 440)
    assert len(desk.pressed) == 1


def test_a_disabled_button_sends_nothing(desk: Desk) -> None:
    desk.show(SAMPLES["question-empty"])
    desk.finger.tap(720, 150)  # where Continue is
    assert desk.pressed == []


def test_touches_are_reported_but_not_too_often(desk: Desk) -> None:
    desk.show(SAMPLES["welcome"])
    for _ in range(20):
        desk.finger.tap(400, 300)
    assert len(desk.touched) == 1


def test_typed_text_survives_other_pages_until_it_is_forgotten(desk: Desk) -> None:
    desk.show(QUESTION)
    desk.finger.write("york")
    desk.show(SAMPLES["question-shown"])  # another field
    desk.finger.write("x")
    desk.show(QUESTION)
    desk.finger.key("s")
    assert desk.typed[-1] == Typed("answer-1", 5)
    desk.gallery.app.forget(("answer-1",))
    desk.gallery.frames(1)
    desk.finger.key("s")
    assert desk.typed[-1] == Typed("answer-1", 1)
    desk.show(SAMPLES["question-shown"])
    desk.finger.key("s")
    assert desk.typed[-1] == Typed("answer-2", 2), "only the named field was forgotten"


@pytest.mark.parametrize("visible", [False, True])
def test_forget_leaves_no_typed_text_in_memory(desk: Desk, visible: bool) -> None:
    characters = list("zq7xkj0vw3gyu4bq")
    random.shuffle(characters)  # so that the order is written nowhere but in what is typed
    desk.show(shown(QUESTION, yes=visible))
    desk.finger.write(characters)
    desk.finger.press(Intent.CONTINUE)
    given = desk.pressed[0].typed
    assert given is not None
    assert in_memory(characters), "it is there before"
    given.wipe()
    desk.gallery.app.forget()
    desk.gallery.frames(1)
    assert not in_memory(characters)


def in_memory(characters: list[str]) -> bool:
    """Return whether this process's memory holds these characters in a row; keep no copy."""
    wanted = [ord(character) for character in characters]
    start = re.compile(re.escape(bytes(wanted[:3])))
    buffer = bytearray(1 << 20)
    try:
        return any(
            all(buffer[match.start() + place] == one for place, one in enumerate(wanted))
            for length in _memory_by_parts(buffer, len(wanted))
            for match in start.finditer(buffer, 0, length - len(wanted))
        )
    finally:
        buffer[:] = bytes(len(buffer))


def _memory_by_parts(buffer: bytearray, overlap: int) -> Iterator[int]:
    """Read writable memory into `buffer`, part by part, and yield the length of each part."""
    process = Path("/proc/self")
    with (process / "mem").open("rb", buffering=0) as memory:
        for line in (process / "maps").read_text().splitlines():
            span, rights, *_ = line.split()
            start, end = (int(side, 16) for side in span.split("-"))
            while rights.startswith("rw") and end - start > overlap:
                try:
                    memory.seek(start)
                    yield memory.readinto(memoryview(buffer)[: end - start])
                except OSError:  # a device's memory
                    break
                start += len(buffer) - overlap


def test_a_finger_held_on_the_title_asks_for_the_technicians_page(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.ui.widgets.titlebar.HOLD_SECONDS", 0.05)

    def held(x: float, *, slide: bool = False) -> list[Intent]:
        desk.sent.clear()
        touch = desk.finger.down(x, 28)
        if slide:
            touch.move({"sx": 0.1, "sy": 0.2})
            EventLoop.post_dispatch_input("update", touch)
        time.sleep(0.06)
        desk.gallery.frames(2)
        desk.finger.up(touch)
        return [event.intent for event in desk.pressed]

    from kivy.base import EventLoop  # noqa: PLC0415

    desk.show(SAMPLES["welcome"])
    assert held(60) == [Intent.TECHNICIAN]
    assert held(60, slide=True) == []
    desk.finger.tap(60, 28)
    time.sleep(0.06)
    desk.gallery.frames(2)
    assert Intent.TECHNICIAN not in [event.intent for event in desk.pressed]
