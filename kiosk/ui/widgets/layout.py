# SPDX-License-Identifier: Apache-2.0
"""Rows, columns and spaces: the code of a screen reads from top to bottom, as it is drawn."""

from __future__ import annotations

from typing import Any

from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget


def column(*children: Widget, spacing: float = 0, padding: Any = 0, **hints: Any) -> BoxLayout:
    """Return the children stacked, the first at the top."""
    return _box("vertical", children, spacing, padding, hints)


def row(*children: Widget, spacing: float = 0, padding: Any = 0, **hints: Any) -> BoxLayout:
    """Return the children side by side, the first at the left."""
    return _box("horizontal", children, spacing, padding, hints)


def as_high_as_its_content(box: BoxLayout) -> BoxLayout:
    """Give `box` the height that its children need, and return it."""
    box.size_hint_y = None
    box.height = box.minimum_height
    box.bind(minimum_height=box.setter("height"))
    return box


def space(height: float | None = None, width: float | None = None) -> Widget:
    """Return empty space of this height or width; without a value, it takes what is left."""
    hints: dict[str, Any] = {}
    if height is not None:
        hints |= {"size_hint_y": None, "height": height}
    if width is not None:
        hints |= {"size_hint_x": None, "width": width}
    return Widget(**hints)


def _box(
    orientation: str, children: tuple[Widget, ...], spacing: float, padding: Any, hints: Any
) -> BoxLayout:
    box = BoxLayout(orientation=orientation, spacing=spacing, padding=padding, **hints)
    for child in children:
        box.add_widget(child)
    return box
