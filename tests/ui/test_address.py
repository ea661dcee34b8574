# SPDX-License-Identifier: Apache-2.0
"""The email address: its keys and endings, how it is prefilled, and what is sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.flow.events import Typed
from kiosk.flow.view import Button, EntryPage, Intent, Role
from kiosk.ui.sample import SAMPLES
from kiosk.ui.typed import TypedText
from tests.ui.conftest import Desk

EMPTY = SAMPLES["address-empty"]
FILLED = SAMPLES["address-filled"]


def submitted(desk: Desk) -> bytes:
    desk.finger.press(Intent.CONTINUE)
    typed = desk.pressed[-1].typed
    assert typed is not None
    return typed.reveal()


def enabled(view: object) -> EntryPage:
    assert isinstance(view, EntryPage)
    buttons = tuple(replace(button, enabled=True) for button in view.frame.buttons)
    return replace(view, frame=replace(view.frame, buttons=buttons))


def test_an_address_is_typed_with_its_signs_and_a_one_touch_ending(desk: Desk) -> None:
    desk.show(enabled(EMPTY))
    desk.finger.write("a.b-c_d9@x")
    desk.finger.key("@nhs.net")
    assert submitted(desk) == b"a.b-c_d9@nhs.net"
    lengths = [event.length for event in desk.typed]
    assert lengths == [*range(1, 11), len("a.b-c_d9@nhs.net")]
    assert {event.field for event in desk.typed} == {"address"}


def test_a_known_address_is_prefilled_and_reported_once(desk: Desk) -> None:
    desk.show(enabled(FILLED))
    desk.show(enabled(FILLED))
    assert desk.typed == [Typed("address", len("anna.smith@nhs.net"))]
    assert submitted(desk) == b"anna.smith@nhs.net"


def test_an_address_that_was_deleted_stays_deleted_until_it_is_forgotten(desk: Desk) -> None:
    desk.show(enabled(FILLED))
    desk.finger.delete(len("anna.smith@nhs.net"))
    desk.show(SAMPLES["working"])
    desk.show(enabled(FILLED))
    assert desk.typed[-1] == Typed("address", 0)
    desk.gallery.app.forget(("address",))
    desk.show(SAMPLES["working"])
    desk.show(enabled(FILLED))
    assert desk.typed[-1] == Typed("address", len("anna.smith@nhs.net"))


def test_a_known_address_does_not_replace_typed_text(desk: Desk) -> None:
    desk.show(enabled(EMPTY))
    desk.finger.write("bo")
    desk.show(enabled(FILLED))
    assert submitted(desk) == b"bo"


def test_confirm_sends_the_typed_text_like_continue(desk: Desk) -> None:
    view = enabled(FILLED)
    confirm = Button(Intent.CONFIRM, view.frame.buttons[-1].label, Role.PRIMARY)
    desk.show(replace(view, frame=replace(view.frame, buttons=(confirm,))))
    desk.finger.press(Intent.CONFIRM)
    (pressed,) = desk.pressed
    assert pressed.typed is not None
    assert pressed.typed.reveal() == b"anna.smith@nhs.net"
    assert pressed.field == "address"


def test_confirm_without_an_entry_sends_no_text(desk: Desk) -> None:
    confirm = Button(Intent.CONFIRM, FILLED.frame.title, Role.PRIMARY)
    notice = SAMPLES["information"]
    desk.show(replace(notice, frame=replace(notice.frame, buttons=(confirm,))))
    desk.finger.press(Intent.CONFIRM)
    assert [event.typed for event in desk.pressed] == [None]


@pytest.mark.parametrize("name", ["address-filled", "address-long"])
def test_the_whole_address_is_drawn_within_its_box(desk: Desk, name: str) -> None:
    from kivy.graphics import Rectangle  # noqa: PLC0415

    from kiosk.ui.widgets.entry_box import EntryBox  # noqa: PLC0415

    view = SAMPLES[name]
    assert isinstance(view, EntryPage)
    desk.show(view)
    box = next(one for one in desk.gallery.app.stage.walk() if isinstance(one, EntryBox))
    drawn = [one for one in box._content.children if isinstance(one, Rectangle)]
    *letters, caret = drawn
    assert len(letters) == len(view.entry.prefilled)
    assert all(one.pos[0] >= box.x and one.pos[0] + one.size[0] <= box.right for one in letters)
    assert caret.pos[0] + caret.size[0] <= box.right


# ---------------------------------------------------------------- endings


@pytest.mark.parametrize(
    ("typed", "ending", "wanted"),
    [
        ("anna", "@nhs.net", "anna@nhs.net"),
        ("anna@", "@nhs.net", "anna@nhs.net"),
        ("anna@barts.nhs.uk", "@nhs.net", "anna@nhs.net"),
        ("anna@nhs.net", "@nhs.net", "anna@nhs.net"),
        ("", "@nhs.net", "@nhs.net"),
        ("anna@barts", ".nhs.uk", "anna@barts.nhs.uk"),
        ("anna@barts.", ".nhs.uk", "anna@barts.nhs.uk"),
        ("anna@barts.nhs.uk", ".nhs.uk", "anna@barts.nhs.uk"),
        ("anna", ".nhs.uk", "anna.nhs.uk"),
        ("anna@mod.gov.uk", ".nhs.uk", "anna@mod.nhs.uk"),
        ("anna@nhs.net", ".nhs.uk", "anna@nhs.net"),
        ("a" * 13, "@nhs.net", "a" * 13),
    ],
)
def test_an_ending_is_added_once_and_as_a_whole(typed: str, ending: str, wanted: str) -> None:
    buffers = TypedText()
    for character in typed:
        buffers.add("address", character, 20)
    others = ("@nhs.net", ".nhs.uk", ".gov.uk")
    assert buffers.end("address", ending, 20, others) == (wanted.endswith(ending))
    assert "".join(buffers.characters("address")) == wanted
    assert buffers.copy("address").reveal() == wanted.encode()
