# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""A window onto something higher than itself, moved by a finger.

It stands still as soon as the finger is lifted, so that nothing is touched by mistake.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kivy.graphics import Color, Rectangle
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.stencilview import StencilView

from kiosk.ui.context import Context
from kiosk.ui.widgets.press import let_go

SLOP = 12  # so far a finger may tremble before its touch is a drag
STRIPS = (0.16, 0.10, 0.05)  # a shadow, fading inwards


class Viewport(StencilView):
    """What is seen of `content`: all of its width, from `offset` pixels below its top on.

    `moved` is called whenever that, or a size, has changed. A shadow lies along an edge beyond
    which there is more.
    """

    def __init__(self, context: Context, content: BoxLayout, moved: Callable[[], None]) -> None:
        super().__init__()
        self._moved = moved
        self._slop = context.theme.px(SLOP)
        self._offset: int = 0
        self._touch: Any = None
        self._grip = 0.0  # what added to the finger's height is the offset
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
        """How far the content's top is above the viewport's."""
        return self._offset

    @property
    def beyond(self) -> int:
        """How much higher the content is than the viewport."""
        higher: float = self.content.height - self.height
        return max(0, round(higher))

    def move_to(self, offset: float) -> None:
        """Show the content from `offset` on, or as far as it goes."""
        whole = min(max(0, round(offset)), self.beyond)
        if whole != self._offset:
            self._offset = whole
            self._place()

    def on_touch_down(self, touch: Any) -> bool:
        """A finger comes down: perhaps to press what is in there, perhaps to drag."""
        if not self.collide_point(*touch.pos):
            return False
        if self._touch is None:
            self._touch, self._dragging = touch, False
            self._grip = self._offset - touch.y
            touch.grab(self)
        super().on_touch_down(touch)
        return True

    def on_touch_move(self, touch: Any) -> bool:
        """A finger moves: where that is a drag, what it was about to press is let go."""
        if touch.grab_current is not self or touch is not self._touch:
            return False
        offset = self._grip + touch.y
        if not self._dragging and self.beyond and abs(offset - self._offset) > self._slop:
            self._dragging = self.dragged = True
            let_go(self.content)
        if self._dragging:
            self.move_to(offset)
        return True

    def on_touch_up(self, touch: Any) -> bool:
        """A finger goes up."""
        if touch.grab_current is not self or touch is not self._touch:
            return False
        touch.ungrab(self)
        self._touch = None
        return True

    def _place(self, *_: object) -> None:
        self._offset = min(self._offset, self.beyond)
        content = self.content
        content.width = self.width
        # Not by `top`: Kivy's cached sum may be older than the height that brought us here.
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
        """Lie at the height `edge` and fade `inwards`, up (1) or down (-1)."""
        depth = self._depth
        for number, (colour, strip) in enumerate(self._strips):
            colour.a = STRIPS[number] if visible else 0
            strip.pos = (
                viewport.x,
                edge + inwards * number * depth - (depth if inwards < 0 else 0),
            )
            strip.size = (viewport.width, depth)
