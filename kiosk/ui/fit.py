# SPDX-License-Identifier: Apache-2.0
"""Checks of the widget tree: everything has the room it needs and can be touched."""

from __future__ import annotations

from collections.abc import Iterator

from kivy.uix.label import Label
from kivy.uix.widget import Widget

from kiosk.flow.view import EntryPage
from kiosk.ui.focus import controls
from kiosk.ui.theme import FINGER_HIGH, FINGER_WIDE
from kiosk.ui.widgets.key_grid import KeyCap
from kiosk.ui.widgets.remark import Remark
from kiosk.ui.widgets.viewport import Viewport
from kiosk.ui.widgets.writing import Writing

SLACK = 1  # pixels, for rounding


def misfits(root: Widget) -> Iterator[str]:
    """Yield each text that is cut off or overlaps another, and each widget that leaves its place.

    Its place is the window; for a text also its parent.
    """
    labels = []
    for widget in root.walk(restrict=True):
        left, bottom, right, top = _seen(widget)
        if not (
            left >= -SLACK
            and bottom >= -SLACK
            and right <= root.width + SLACK
            and top <= root.height + SLACK
        ):
            yield f"{_name(widget)} leaves the window"
        if not isinstance(widget, Label) or not widget.text:
            continue
        yield from _cut(widget)
        if top > bottom:
            labels.append((widget, (left, bottom, right, top)))
    whole = {one.text for one, _ in labels if not one.is_shortened}
    for one, _ in labels:
        if one.is_shortened and one.text not in whole:
            yield f"{_name(one)} is shortened, and nothing else says it"
    for number, (one, here) in enumerate(labels):
        for other, there in labels[number + 1 :]:
            if _same_layer(one, other) and _overlap(here, there):
                yield f"{_name(one)} overlaps {_name(other)}"


def _cut(label: Label) -> Iterator[str]:
    wide, high = label.texture_size
    if wide > label.width + SLACK or high > label.height + SLACK:
        yield f"{_name(label)} is cut off"
    if isinstance(label, Writing) and label.breaks_a_word:
        yield f"{_name(label)} has a word that is wider than its line"
    if _leaves_parent(label):
        yield f"{_name(label)} leaves its {_name(label.parent)}"


def small_targets(root: Widget) -> Iterator[str]:
    """Yield each control that is smaller than a finger: ten millimetres on the smallest screen."""
    theme = root.context.theme
    wide, high = theme.px(FINGER_WIDE), theme.px(FINGER_HIGH)
    for control in _visible(root):
        reach = control.parent.reach(control) if isinstance(control, KeyCap) else control.size
        if reach[0] < wide - SLACK or reach[1] < high - SLACK:
            yield f"{type(control).__name__} is {reach[0] / wide:.2f} by {reach[1] / high:.2f}"


def out_of_reach(root: Widget) -> Iterator[str]:
    """Yield each control whose middle is in the upper half of the window."""
    for control in _visible(root):
        _, bottom, _, top = _seen(control)
        if (bottom + top) / 2 > root.height / 2:
            yield f"{type(control).__name__} {control.spoken!r} is out of low reach"


def unseen_problems(root: Widget) -> Iterator[str]:
    """Yield the problem with what was typed if it is not on the screen.

    A problem that is higher than the pane has to begin on the screen and may continue below.
    """
    view = root.view
    if not isinstance(view, EntryPage) or view.problem is None or root.covered:
        return
    words = root.context.say(view.problem)
    for remark in root.walk(restrict=True):
        if isinstance(remark, Remark) and remark.words.text == words:
            _, bottom, _, top = _seen(remark)
            _, first = remark.to_window(remark.x, remark.top)
            least = min(remark.height, root.screen.pane.viewport.height)
            if top - bottom >= least - SLACK and top >= first - SLACK:
                return
    yield f"{words!r} is not seen"


def _visible(root: Widget) -> Iterator[Widget]:
    for widget in controls(root):
        _, bottom, _, top = _seen(widget)
        if top - bottom >= SLACK:
            yield widget


def _seen(widget: Widget) -> tuple[float, float, float, float]:
    """Return the visible box of `widget` in the window: left, bottom, right, top."""
    left, bottom = widget.to_window(*widget.pos)
    right, top = widget.to_window(widget.right, widget.top)
    around = widget.parent
    while isinstance(around, Widget):
        if isinstance(around, Viewport):
            bottom, top = max(bottom, around.y), min(top, around.top)
            break
        around = around.parent
    return left, bottom, right, top


def _leaves_parent(widget: Widget) -> bool:
    parent = widget.parent
    return not (
        widget.x >= parent.x - SLACK
        and widget.y >= parent.y - SLACK
        and widget.right <= parent.right + SLACK
        and widget.top <= parent.top + SLACK
    )


def _overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    return (
        one[0] + SLACK < other[2]
        and other[0] + SLACK < one[2]
        and one[1] + SLACK < other[3]
        and other[1] + SLACK < one[3]
    )


def _same_layer(one: Widget, other: Widget) -> bool:
    return _layer(one) is _layer(other)


def _layer(widget: Widget) -> Widget:
    """Return the child of the root that holds `widget`: the screen, or the countdown over it."""
    while widget.parent.parent is not widget.get_parent_window():
        widget = widget.parent
    return widget


def _name(widget: Widget) -> str:
    kind = type(widget).__name__
    return f"{kind} {widget.text!r}" if isinstance(widget, Label) else kind
