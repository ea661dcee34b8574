# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""A viewport onto content that is higher than itself; a finger moves the content.

The content stops as soon as the finger is lifted, so that the next touch hits what the user sees.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kivy.graphics import Color, Rectangle
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.stencilview import StencilView

from kiosk.ui.context import Context
from kiosk.ui.widgets.press import release_all

SLOP = 12  # design pixels that a finger may move before its touch is a drag
STRIPS = (0.16, 0.10, 0.05)  # a shadow, fading inwards


class Viewport(StencilView):
    """Shows the full width of `content`, beginning `offset` pixels below its top.

    `moved` is called after each change of the offset or a size. An edge has a shadow if there is
    more beyond it.
    """

    def __init__(self, context: Context, content: BoxLayout, moved: Callable[[], None]) -> None:
        super().__init__()
        self._moved = moved
        self._slop = context.theme.px(SLOP)
        self._offset: int = 0
        self._touch: Any = None
        self._grip = 0.0  # the offset minus the finger's height
        self.dragged = False
        self.content = content
        content.size_hint = (None, None)
        self.add_widget(content)
        self._shade_above = _Shade(self, context)
        self._shade_below = _Shade(self, context)
        content.bind(height=self._place)
        self.bind(pos=self._place, size=self._place)

    @property
    def offset(self) -> int:
        """The distance from the content's top to the viewport's top, in pixels."""
        return self._offset

    @property
    def beyond(self) -> int:
        """The number of pixels by which the content is higher than the viewport."""
        higher: float = self.content.height - self.height
        return max(0, round(higher))

    def move_to(self, offset: float) -> None:
        """Scroll to `offset`, or as near as the content allows."""
        whole = min(max(0, round(offset)), self.beyond)
        if whole != self._offset:
            self._offset = whole
            self._place()

    def on_touch_down(self, touch: Any) -> bool:
        """Pass the touch to the content, and be ready for a drag."""
        if not self.collide_point(*touch.pos):
            return False
        if self._touch is None:
            self._touch, self._dragging = touch, False
            self._grip = self._offset - touch.y
            touch.grab(self)
        super().on_touch_down(touch)
        return True

    def on_touch_move(self, touch: Any) -> bool:
        """Scroll with the finger; a drag releases the control that the finger came down on."""
        if touch.grab_current is not self or touch is not self._touch:
            return False
        offset = self._grip + touch.y
        if not self._dragging and self.beyond and abs(offset - self._offset) > self._slop:
            self._dragging = self.dragged = True
            release_all(self.content)
        if self._dragging:
            self.move_to(offset)
        return True

    def on_touch_up(self, touch: Any) -> bool:
        """End the drag."""
        if touch.grab_current is not self or touch is not self._touch:
            return False
        touch.ungrab(self)
        self._touch = None
        return True

    def _place(self, *_: object) -> None:
        self._offset = min(self._offset, self.beyond)
        content = self.content
        content.width = self.width
        # Not by `top`: Kivy may have cached it before the height changed.
        content.pos = (self.x, round(self.y + self.height - content.height + self._offset))
        self._shade_above.place(self, self.y + self.height, -1, visible=self._offset > 0)
        self._shade_below.place(self, self.y, 1, visible=self._offset < self.beyond)
        self._moved()


class _Shade:
    """A shadow along an edge of a viewport."""

    def __init__(self, viewport: Viewport, context: Context) -> None:
        self._depth = context.theme.px(2)
        with viewport.canvas.after:
            self._strips = [(Color(*context.theme.palette.text), Rectangle()) for _ in STRIPS]

    def place(self, viewport: Viewport, edge: float, inwards: int, *, visible: bool) -> None:
        """Draw at the height `edge`, fading `inwards`: up (1) or down (-1)."""
        depth = self._depth
        for number, (colour, strip) in enumerate(self._strips):
            colour.a = STRIPS[number] if visible else 0
            strip.pos = (
                viewport.x,
                edge + inwards * number * depth - (depth if inwards < 0 else 0),
            )
            strip.size = (viewport.width, depth)
