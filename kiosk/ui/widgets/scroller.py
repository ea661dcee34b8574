# mypy: allow-subclassing-any
"""A list longer than its room: moved by finger, or page by page with two large arrows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

from kivy.graphics import Color
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk.ui.context import Context
from kiosk.ui.widgets.layout import as_high_as_its_content, column
from kiosk.ui.widgets.press import Pressable
from kiosk.ui.widgets.shape import CLEAR, Backdrop, stroke
from kiosk.ui.widgets.viewport import Viewport

ARROW = 60  # more than ten millimetres, for gloves
UP, DOWN = -1, 1


class Scroller(BoxLayout):
    """`parts` under one another; where they do not fit, a rail with arrows at the right.

    Turning a page down begins with the first part that was not seen whole.
    """

    def __init__(self, context: Context, parts: Sequence[Widget], spacing: float = 8) -> None:
        px = context.theme.px
        super().__init__(spacing=px(12))
        self._parts = parts
        self._wanted: int | None = None
        self.up = Arrow(context, UP, lambda: self.turn(UP))
        self.down = Arrow(context, DOWN, lambda: self.turn(DOWN))
        self._track = Track(context)
        self._rail = column(
            self.up, self._track, self.down, spacing=px(6), size_hint_x=None, width=px(ARROW)
        )
        self._gap = px(spacing)
        content = as_high_as_its_content(column(*parts, spacing=self._gap))
        self.viewport = Viewport(context, content, self._moved)
        self.add_widget(self.viewport)

    def turn(self, way: int) -> None:
        """One page `UP` or `DOWN`."""
        self._wanted = None
        view = self.viewport
        top, bottom = view.offset, view.offset + view.height
        spans = self._spans()
        if way == DOWN:
            cut = [first for first, last in spans if first > top and last > bottom + 1]
            view.move_to(min([*cut, bottom]))
        else:
            seen = [first for first, _ in spans if top - view.height - 1 <= first < top]
            view.move_to(min(seen, default=top - view.height))

    def reveal(self, number: int) -> None:
        """Keep part `number` on the screen, whatever changes its size, until somebody scrolls."""
        self._wanted = number
        self._show_wanted()

    def _show_wanted(self) -> None:
        if self._wanted is None or self.viewport.dragged:
            return
        view = self.viewport
        first, last = self._spans()[self._wanted]
        if first < view.offset or last > view.offset + view.height:
            view.move_to((first + last - view.height) / 2)

    def _spans(self) -> list[tuple[float, float]]:
        """From where to where each part is, in pixels below the content's top.

        Reckoned from their heights, because their places follow a frame after the content's.
        """
        lasts = accumulate(part.height + self._gap for part in self._parts)
        return [
            (last - self._gap - part.height, last - self._gap)
            for part, last in zip(self._parts, lasts, strict=True)
        ]

    def _moved(self) -> None:
        view = self.viewport
        if bool(view.beyond) != (self._rail.parent is not None):
            if view.beyond:
                self.add_widget(self._rail)
            else:
                self.remove_widget(self._rail)
        self.up.enable(view.offset > 0)
        self.down.enable(view.offset < view.beyond)
        self._track.draw(view.offset, view.height, view.content.height)
        self._show_wanted()


class Arrow(Pressable):
    """A large button with a chevron that points up or down."""

    def __init__(self, context: Context, way: int, follow: Callable[[], None]) -> None:
        theme = context.theme
        self._palette, self._way, self._follow = theme.palette, way, follow
        self._enabled = False
        super().__init__(size_hint_y=None, height=theme.px(ARROW))
        radius, line, drop = theme.px(6), theme.px(2), theme.px(3)
        self._thickness = 2 * line
        self._edge = Backdrop(self, CLEAR, radius, (0, 0, 0, drop))
        self._border = Backdrop(self, CLEAR, radius, (0, drop, 0, 0))
        self._face = Backdrop(self, CLEAR, radius - line, (line, line + drop, line, line))
        self.bind(pos=self._draw, size=self._draw)
        self.paint()

    @property
    def enabled(self) -> bool:
        """Whether there is more that way."""
        return self._enabled

    def enable(self, enabled: bool) -> None:
        """Say whether there is more that way."""
        if enabled != self._enabled:
            self._enabled = enabled
            self.paint()

    def pressed(self) -> None:
        """Turn the page."""
        self._follow()

    def paint(self) -> None:
        """Look as it is."""
        palette, grey = self._palette, self._palette.disabled
        self._edge.paint(palette.key_edge if self.enabled else grey)
        self._border.paint(palette.link if self.enabled else grey)
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
    """How much of all is seen, and where: a thumb that nobody has to hit."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        palette, self._wide = context.theme.palette, context.theme.px(8)
        self._least = 3 * self._wide  # a thumb that can be seen, however long the list
        self._seen = (0.0, 1.0)  # from where to where, as shares of the whole
        self._groove = Backdrop(self, palette.disabled, self._wide / 2)
        self._thumb = Backdrop(self, palette.faint, self._wide / 2)
        self.bind(pos=self._place, size=self._place)

    def draw(self, offset: float, seen: float, whole: float) -> None:
        """Show that of `whole` pixels `seen` are seen from `offset` on."""
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
