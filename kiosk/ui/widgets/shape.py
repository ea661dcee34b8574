# SPDX-License-Identifier: Apache-2.0
"""Shapes with smooth edges, drawn without multisampling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from kivy.graphics import (
    Color,
    PopMatrix,
    PushMatrix,
    Rectangle,
    Rotate,
    SmoothEllipse,
    SmoothRoundedRectangle,
)
from kivy.uix.widget import Widget

from kiosk.ui.palette import Colour

Point = tuple[float, float]


class Backdrop:
    """A rectangle, rounded by `radius`, behind a widget; it follows its position and size.

    `inset` (left, bottom, right, top) keeps it away from the widget's edges.
    """

    def __init__(
        self,
        widget: Widget,
        colour: Colour,
        radius: float = 0,
        inset: Sequence[float] = (0, 0, 0, 0),
    ) -> None:
        self._inset = inset
        with widget.canvas.before:
            self._colour = Color(*colour)
            # A smoothed edge at the edge of the window would look like a thin dark frame.
            self._shape = (
                SmoothRoundedRectangle(radius=[radius], segments=12) if radius else Rectangle()
            )
        # fbind, because bind holds this object weakly, and nothing else may hold it.
        widget.fbind("pos", self._place)
        widget.fbind("size", self._place)
        self._place(widget)

    def paint(self, colour: Colour) -> None:
        """Change the colour."""
        self._colour.rgba = colour

    def inset(self, widget: Widget, inset: Sequence[float]) -> None:
        """Change the distances from the widget's edges."""
        self._inset = inset
        self._place(widget)

    def _place(self, widget: Widget, *_: object) -> None:
        left, bottom, right, top = self._inset
        self._shape.pos = (widget.x + left, widget.y + bottom)
        self._shape.size = (
            max(0, widget.width - left - right),
            max(0, widget.height - bottom - top),
        )


def disc(centre: Point, radius: float) -> Any:
    """Draw a filled circle on the current canvas."""
    x, y = centre
    return SmoothEllipse(pos=(x - radius, y - radius), size=(2 * radius, 2 * radius), segments=48)


def box(x: float, y: float, width: float, height: float, radius: float = 0) -> Any:
    """Draw a filled rectangle with round corners on the current canvas."""
    return SmoothRoundedRectangle(pos=(x, y), size=(width, height), radius=[radius], segments=12)


def stroke(start: Point, end: Point, thickness: float) -> None:
    """Draw a straight line with round ends on the current canvas."""
    (x1, y1), (x2, y2) = start, end
    PushMatrix()
    Rotate(angle=math.degrees(math.atan2(y2 - y1, x2 - x1)), origin=start)
    box(
        x1 - thickness / 2,
        y1 - thickness / 2,
        math.dist(start, end) + thickness,
        thickness,
        thickness / 2,
    )
    PopMatrix()
