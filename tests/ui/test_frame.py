# SPDX-License-Identifier: Apache-2.0
"""The frame of every page: the steps of a journey, and the logged-in user."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.flow import State, render
from kiosk.flow.preferences import Access, Menu, TextSize
from kiosk.flow.text import Verbatim, text
from kiosk.flow.view import EntryPage, Frame, StepState, View
from kiosk.ui.sample import BANNER, CORNER, REMAINING, SAMPLES
from tests.ui.conftest import Desk

pytestmark = pytest.mark.dealt

STEPS = SAMPLES["choices-many"].frame.steps
KINDS = [
    "welcome",
    "question-empty",
    "address-filled",
    "passcode-short",
    "choices-many",
    "menu",
    "profile",
    "working",
    "reading",
    "instructions",
]


def framed(name: str, **changes: object) -> Frame:
    about = {"banner": BANNER, "steps": STEPS, "corner": CORNER, "remaining": REMAINING}
    return replace(SAMPLES[name].frame, **{**about, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_page_has_room_for_steps_and_corner(desk: Desk, name: str) -> None:
    from kivy.uix.label import Label  # noqa: PLC0415

    from kiosk.ui.fit import misfits  # noqa: PLC0415
    from kiosk.ui.widgets.viewport import Viewport  # noqa: PLC0415

    desk.show(replace(SAMPLES[name], frame=framed(name)))
    stage = desk.gallery.app.stage
    assert list(misfits(stage)) == []
    texts = [one.text for one in stage.walk() if isinstance(one, Label)]
    for words in (*CORNER, *(step.label for step in STEPS)):
        assert stage.context.say(words) in texts
    if not isinstance(SAMPLES[name], EntryPage):
        heights = [one.height for one in stage.walk() if isinstance(one, Viewport)]
        assert heights == [] or min(heights) >= 160


def test_an_icon_without_a_label_is_centred_in_its_button(desk: Desk) -> None:
    from kiosk.ui.widgets.tool import ToolButton  # noqa: PLC0415

    frame = replace(framed("question-empty"), access=Access(low_reach=True))
    desk.show(replace(SAMPLES["question-empty"], frame=frame))
    tools = [one for one in desk.gallery.app.stage.walk() if isinstance(one, ToolButton)]
    assert len(tools) >= 4
    for tool in tools:
        assert abs(tool._icon.center_x - tool.center_x) <= 1, tool.intent


def test_the_primary_button_is_at_the_right_whatever_its_intent(desk: Desk) -> None:
    from kiosk.ui.widgets.button import PageButton  # noqa: PLC0415

    desk.show(render(State(menu=Menu.ACCESS)))
    (done,) = (one for one in desk.gallery.app.stage.walk() if isinstance(one, PageButton))
    assert done.x > desk.gallery.app.stage.width / 2


def test_done_steps_are_ticked_and_the_present_one_is_strong(desk: Desk) -> None:
    from kivy.uix.label import Label  # noqa: PLC0415

    from kiosk.ui.widgets.sign import Mark, Sign  # noqa: PLC0415
    from kiosk.ui.widgets.stepbar import StepBar  # noqa: PLC0415

    def bar() -> tuple[list[Mark], list[str]]:
        shown = next(one for one in desk.gallery.app.stage.walk() if isinstance(one, StepBar))
        strong = desk.gallery.app.stage.context.theme.strong
        marks = [one._mark for one in shown.walk(restrict=True) if isinstance(one, Sign)]
        names = [
            one for one in shown.walk(restrict=True) if isinstance(one, Label) and len(one.text) > 1
        ]
        return marks, [one.text for one in names if one.font_name == strong]

    desk.show(replace(SAMPLES["working"], frame=framed("working")))
    assert bar() == ([Mark.TICK], ["Security Questions"])
    states = (StepState.DONE, StepState.DONE, StepState.DOING, StepState.WAITING)
    moved = tuple(replace(one, state=state) for one, state in zip(STEPS, states, strict=True))
    frame = replace(framed("working"), steps=moved)
    desk.show(replace(SAMPLES["working"], frame=frame))
    assert bar() == ([Mark.TICK, Mark.TICK], ["Email"])


@pytest.mark.parametrize("lines", [1, 2, 3])
def test_long_names_end_in_dots_and_leave_room_for_close(desk: Desk, lines: int) -> None:
    from kiosk.ui.fit import misfits  # noqa: PLC0415
    from kiosk.ui.widgets.corner import Corner  # noqa: PLC0415

    corner = tuple(Verbatim("Wolfeschlegelsteinhausen" * 4) for _ in range(lines))
    desk.show(
        replace(SAMPLES["question-typed"], frame=replace(framed("question-typed"), corner=corner))
    )
    faults = list(misfits(desk.gallery.app.stage))
    assert [one for one in faults if "is shortened" not in one] == []
    assert len(faults) == lines, "each shortened line is reported"
    shown = next(one for one in desk.gallery.app.stage.walk() if isinstance(one, Corner))
    assert shown.width >= 100
    assert all(line.is_shortened for line in shown._lines)


def test_another_user_in_the_corner_needs_a_new_screen(desk: Desk) -> None:
    from kiosk.ui.widgets.corner import Corner  # noqa: PLC0415

    def names() -> list[str]:
        stage = desk.gallery.app.stage
        return [line.text for one in stage.walk() if isinstance(one, Corner) for line in one._lines]

    desk.show(replace(SAMPLES["question-typed"], frame=framed("question-typed")))
    assert len(names()) == 3
    frame = replace(framed("question-typed"), corner=(Verbatim("Bo"),))
    desk.show(replace(SAMPLES["question-typed"], frame=frame))
    assert names() == ["Bo"]


@pytest.mark.parametrize("size", TextSize)
def test_the_remaining_time_is_updated_and_nothing_else_changes(desk: Desk, size: TextSize) -> None:
    from kivy.uix.label import Label  # noqa: PLC0415 - only after the desk is open

    def widgets() -> list[Label]:
        stage = desk.gallery.app.stage
        return [one for one in stage.walk(restrict=True) if isinstance(one, Label) and one.text]

    def at(minutes: int) -> View:
        remaining = text("{minutes} min left", minutes=minutes)
        frame = framed("question-typed", remaining=remaining, access=Access(size))
        return replace(SAMPLES["question-typed"], frame=frame)

    desk.show(at(12))
    before = widgets()
    assert "12 min left" in [one.text for one in before]
    desk.show(at(2))
    assert widgets() == before, "the keyboard stays under the fingers"
    assert "2 min left" in [one.text for one in before]
