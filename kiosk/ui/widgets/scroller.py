# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""A list that scrolls if it does not fit: by finger, or page by page with two large arrows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

from kivy.graphics import Color
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk.flow.text import text
from kiosk.ui.context import Context
from kiosk.ui.palette import CLEAR
from kiosk.ui.widgets.layout import column
from kiosk.ui.widgets.press import Pressable
from kiosk.ui.widgets.shape import Backdrop, stroke
from kiosk.ui.widgets.viewport import Viewport

ARROW = 60  # more than ten millimetres, for gloves
UP, DOWN = -1, 1


class Scroller(BoxLayout):
    """`parts` stacked in a viewport; if they do not fit, a rail with arrows at the right.

    A page down begins with the first part that was not fully visible. Without `rail`, the arrows
    stand elsewhere (see `Arrows`). With `fills`, content that is smaller than the room fills it.
    """

    def __init__(
        self,
        context: Context,
        parts: Sequence[Widget],
        spacing: float = 8,
        *,
        rail: bool = True,
        fills: bool = False,
    ) -> None:
        px = context.theme.px
        super().__init__(spacing=px(12))
        self.context = context
        self._parts = parts
        self._wanted: int | None = None
        self._with_rail, self._fills = rail, fills
        self._watchers: list[Callable[[], None]] = []
        self._arrows = Arrows(context, [self])
        self._track = Track(context)
        self._rail = BoxLayout(orientation="vertical", spacing=px(6), size_hint_x=None)
        self._gap = px(spacing)
        self._content = column(*parts, spacing=self._gap)
        self._content.bind(minimum_height=self._grow)
        self.viewport = Viewport(context, self._content, self._moved)
        self.viewport.bind(height=self._grow)
        self.add_widget(self.viewport)
        self._grow()

    @property
    def up(self) -> Arrow:
        """The arrow of the rail that leads up."""
        return self._arrows.up

    @property
    def down(self) -> Arrow:
        """The arrow of the rail that leads down."""
        return self._arrows.down

    def watch(self, moved: Callable[[], None]) -> None:
        """Call `moved` after each scroll."""
        self._watchers.append(moved)

    def can_scroll(self, way: int) -> bool:
        """Return whether there is more in this direction."""
        view = self.viewport
        return view.offset > 0 if way == UP else view.offset < view.beyond

    def turn(self, way: int) -> None:
        """Scroll one page `UP` or `DOWN`."""
        self._wanted = None
        view = self.viewport
        top, bottom = view.offset, view.offset + view.height
        spans = self._spans()
        if way == DOWN:
            cut = [first for first, last in spans if first > top and last > bottom + 1]
            target = min([*cut, bottom])
            # A part that is higher than the viewport scrolls by the viewport's height.
            view.move_to(min(target, top + view.height))
        else:
            seen = [first for first, _ in spans if top - view.height - 1 <= first < top]
            view.move_to(max(min(seen, default=0), top - view.height))

    def reveal(self, number: int) -> None:
        """Keep part `number` visible, even if sizes change, until the user scrolls."""
        self._wanted = number
        self._show_wanted()

    def reveal_widget(self, widget: Widget) -> None:
        """Scroll to the part that holds `widget`."""
        for number, part in enumerate(self._parts):
            if any(one is widget for one in part.walk(restrict=True)):
                self.reveal(number)

    def _grow(self, *_: object) -> None:
        least = self.viewport.height if self._fills else 0
        self._content.height = max(self._content.minimum_height, least)

    def _show_wanted(self) -> None:
        if self._wanted is None or self.viewport.dragged:
            return
        view = self.viewport
        first, last = self._spans()[self._wanted]
        if first < view.offset or last > view.offset + view.height:
            # In the middle; a part that is higher than the viewport, from its beginning.
            view.move_to(min(first, (first + last - view.height) / 2))

    def _spans(self) -> list[tuple[float, float]]:
        """Return the start and end of each part, in pixels below the content's top.

        They are computed from heights, because Kivy updates positions a frame later.
        """
        lasts = accumulate(part.height + self._gap for part in self._parts)
        return [
            (last - self._gap - part.height, last - self._gap)
            for part, last in zip(self._parts, lasts, strict=True)
        ]

    def _moved(self) -> None:
        view = self.viewport
        if view.height <= 0 or view.width <= 0:
            return  # not laid out yet
        wanted = self._with_rail and bool(view.beyond)
        if wanted != (self._rail.parent is not None):
            if wanted:
                self.add_widget(self._rail)
            else:
                self.remove_widget(self._rail)
        if wanted:
            self._lay_rail()
        for moved in self._watchers:
            moved()
        self._track.draw(view.offset, view.height, view.content.height)
        self._show_wanted()

    def _lay_rail(self) -> None:
        """Stack the arrows and the track; if there is little room, leave the track out."""
        px = self.context.theme.px
        high = self.viewport.height >= 2 * px(ARROW) + 2 * px(6) + px(20)
        parts = [self.up, self._track, self.down] if high else [self.up, self.down]
        if self._rail.children[::-1] != parts:
            self._rail.clear_widgets()
            self._rail.orientation = "vertical" if high else "horizontal"
            self._rail.width = px(ARROW) if high else 2 * px(ARROW) + px(6)
            for part in parts:
                self._rail.add_widget(part)


class Arrows:
    """Arrows for one list, or for several lists read one after another: two, or one `around`."""

    def __init__(self, context: Context, scrollers: Sequence[Scroller]) -> None:
        self._scrollers = scrollers
        self.up = Arrow(context, UP, lambda: self._turn(UP))
        self.down = Arrow(context, DOWN, lambda: self._turn(DOWN))
        self.around = Arrow(context, DOWN, self._turn_around)
        for scroller in scrollers:
            scroller.watch(self.refresh)

    def refresh(self) -> None:
        """Show whether there is more, up and down."""
        self.up.enable(any(one.can_scroll(UP) for one in self._scrollers))
        self.down.enable(any(one.can_scroll(DOWN) for one in self._scrollers))
        self.around.enable(self.up.enabled or self.down.enabled)

    def _turn_around(self) -> None:
        """Scroll down, and from the end to the beginning: for pages with room for one arrow."""
        if any(one.can_scroll(DOWN) for one in self._scrollers):
            self._turn(DOWN)
        else:
            for scroller in self._scrollers:
                scroller.viewport.move_to(0)

    def _turn(self, way: int) -> None:
        order = self._scrollers if way == DOWN else self._scrollers[::-1]
        for scroller in order:
            if scroller.can_scroll(way):
                scroller.turn(way)
                return


class Arrow(Pressable):
    """A large button with a chevron that points up or down."""

    def __init__(self, context: Context, way: int, follow: Callable[[], None]) -> None:
        theme = context.theme
        self.context = context
        self._palette, self._way, self._follow = theme.palette, way, follow
        self._enabled = False
        self._name = context.say(text("Further up") if way == UP else text("Further down"))
        super().__init__(size_hint_y=None, height=theme.px(ARROW))
        radius, line, drop = theme.px(6), theme.px(2), theme.px(3)
        self._thickness = 2 * line
        self._edge = Backdrop(self, CLEAR, radius, (0, 0, 0, drop))
        self._border = Backdrop(self, CLEAR, radius, (0, drop, 0, 0))
        self._face = Backdrop(self, CLEAR, radius - line, (line, line + drop, line, line))
        self.bind(pos=self._draw, size=self._draw)
        self.paint()

    @property
    def way(self) -> int:
        """The direction: `UP` or `DOWN`."""
        return self._way

    @property
    def spoken(self) -> str:
        """The name that is read aloud."""
        return self._name

    @property
    def enabled(self) -> bool:
        """Whether there is more in this direction."""
        return self._enabled

    def enable(self, enabled: bool) -> None:
        """Set whether there is more in this direction."""
        if enabled != self._enabled:
            self._enabled = enabled
            self.paint()

    def pressed(self) -> None:
        """Scroll by a page."""
        self._follow()

    def paint(self) -> None:
        """Draw the present state."""
        palette, grey = self._palette, self._palette.disabled
        self._edge.paint(palette.edge if self.enabled else grey)
        self._border.paint(palette.link if self.enabled else palette.line)
        face = palette.tint if self.down else palette.surface
        self._face.paint(face if self.enabled else grey)
        self._draw()

    def _draw(self, *_: object) -> None:
        x, y = self.x + self.width / 2, self.y + self.height / 2 + self._thickness / 3
        wide, high = self.height * 0.2, self.height * 0.1 * self._way
        self.canvas.clear()
        with self.canvas:
            Color(*(self._palette.link if self.enabled else self._palette.line))
            stroke((x - wide, y + high), (x, y - high), self._thickness)
            stroke((x, y - high), (x + wide, y + high), self._thickness)


class Track(Widget):
    """A thumb that shows the visible part of the list; it is not a control."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        palette, self._wide = context.theme.palette, context.theme.px(8)
        self._least = 3 * self._wide  # the thumb stays visible, however long the list is
        self._seen = (0.0, 1.0)  # the visible part, as shares of the whole
        self._groove = Backdrop(self, palette.disabled, self._wide / 2)
        self._thumb = Backdrop(self, palette.faint, self._wide / 2)
        self.bind(pos=self._place, size=self._place)

    def draw(self, offset: float, seen: float, whole: float) -> None:
        """Show that `seen` pixels of `whole` are visible, beginning at `offset`."""
        whole = max(whole, 1)
        self._seen = (offset / whole, min(1.0, (offset + seen) / whole))
        self._place()

    def _place(self, *_: object) -> None:
        side = (self.width - self._wide) / 2
        first, last = self._seen
        longer = max(0, self._least - (last - first) * self.height)
        above, below = self.height * first, self.height * (1 - last)
        scale = 1 - longer / max(above + below, 1)
        self._groove.inset(self, (side, 0, side, 0))
        self._thumb.inset(self, (side, below * scale, side, above * scale))
