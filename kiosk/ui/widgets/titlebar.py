# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The head of each page: the title or the user, the progress and the tools; the banner below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kivy.clock import Clock, ClockEvent
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk.flow.text import Text
from kiosk.flow.view import Frame, Intent
from kiosk.ui.context import Context
from kiosk.ui.theme import FINGER_HIGH, MARGIN, Size
from kiosk.ui.widgets.corner import TIME, Corner
from kiosk.ui.widgets.layout import as_high_as_its_content, space
from kiosk.ui.widgets.shape import Backdrop
from kiosk.ui.widgets.writing import OneLine, Writing

HEIGHT, LOW = FINGER_HIGH, 50  # a bar without controls may be lower
LINE = 2


HOLD_SECONDS = 3.0


class TitleBar(BoxLayout):
    """A dark bar as wide as the window; the box with the user gets the room that is left.

    A finger held beside the buttons for `HOLD_SECONDS` opens the technician's page.
    """

    def __init__(
        self, context: Context, frame: Frame, progress: Text | None, tools: Sequence[Widget]
    ) -> None:
        theme = context.theme
        self.context = context
        self._holding: ClockEvent | None = None
        margin = theme.px(MARGIN)
        least = HEIGHT if tools or frame.corner else LOW
        high = max([theme.px(least), *(tool.height for tool in tools)])
        super().__init__(
            size_hint_y=None, height=high, padding=(margin, 0, margin, 0), spacing=theme.px(10)
        )
        light = theme.palette.on_title
        Backdrop(self, theme.palette.title_line)
        Backdrop(self, theme.palette.title, 0, (0, theme.px(LINE), 0, 0))
        self._corner: Corner | None = None
        self._place: _Place | None = None
        if frame.corner and not theme.large:
            beside = frame.remaining if progress is None else None
            self._corner = Corner(context, frame.corner, beside)
            self._add(self._corner)
        elif not theme.large:
            # The progress tells the user more than the title does.
            place = context.say(frame.title if progress is None else progress)
            self._add(OneLine(context, place, size=Size.LEAD, strong=True, colour=light))
        self.add_widget(space())
        if progress is not None and frame.corner and not theme.large:
            self._place = _Place(context, progress, frame.remaining)
            self._add(self._place)
        for tool in tools:
            tool.bind(width=self._share)
            self._add(tool)
        self.bind(width=self._share)

    def show_remaining(self, remaining: Text | None) -> None:
        """Show how much time the logged-in user has left."""
        shown = self._place or self._corner
        if shown is not None and remaining is not None:
            shown.show_remaining(remaining)
            self._share()

    def on_touch_down(self, touch: Any) -> bool:
        """Pass the touch to a tool, or start to time a held finger."""
        if super().on_touch_down(touch):
            return True
        if not self.collide_point(*touch.pos):
            return False
        self._stop_timing()
        self._holding = Clock.schedule_once(self._held, HOLD_SECONDS)
        touch.grab(self)
        return True

    def on_touch_move(self, touch: Any) -> bool:
        """Stop timing if the finger leaves the bar."""
        if touch.grab_current is self and not self.collide_point(*touch.pos):
            self._stop_timing()
        return bool(super().on_touch_move(touch))

    def on_touch_up(self, touch: Any) -> bool:
        """Stop timing."""
        if touch.grab_current is not self:
            return bool(super().on_touch_up(touch))
        touch.ungrab(self)
        self._stop_timing()
        return True

    def _held(self, _: float) -> None:
        if self.get_root_window() is not None:  # the page may have gone meanwhile
            self.context.press(Intent.TECHNICIAN)

    def _stop_timing(self) -> None:
        if self._holding is not None:
            self._holding.cancel()
            self._holding = None

    def _add(self, part: Widget) -> None:
        part.pos_hint = {"center_y": 0.5}
        self.add_widget(part)

    def _share(self, *_: object) -> None:
        corner = self._corner
        if corner is not None:
            left, _, right, _ = self.padding
            taken = sum(one.width for one in self.children if one.size_hint_x is None)
            room = self.width - left - right - self.spacing * (len(self.children) - 1)
            corner.fit_to(room - taken + corner.width)


class _Place(BoxLayout):
    """The user's progress, and below it the remaining time."""

    def __init__(self, context: Context, progress: Text, remaining: Text | None) -> None:
        super().__init__(orientation="vertical", size_hint=(None, None))
        self.context = context
        light = context.theme.palette.on_title
        self._time = OneLine(context, size=TIME, strong=True, colour=light)
        for line in (OneLine(context, context.say(progress), size=18, colour=light), self._time):
            line.pos_hint = {"right": 1}
            self.add_widget(line)
        if remaining is not None:
            self.show_remaining(remaining)
        self._fit()

    def show_remaining(self, remaining: Text) -> None:
        """Show how much time is left."""
        self._time.text = self.context.say(remaining)
        self._time.texture_update()
        self._fit()

    def _fit(self) -> None:
        self.width = max(line.width for line in self.children)
        self.height = sum(line.height for line in self.children)


class Banner(BoxLayout):
    """The list of simulated parts, in dark letters on yellow, on every page."""

    def __init__(self, context: Context, words: Text) -> None:
        theme = context.theme
        margin = theme.px(MARGIN)
        super().__init__(size_hint_y=None, padding=(margin, theme.px(4)))
        Backdrop(self, theme.palette.banner)
        colour = theme.palette.on_banner
        self.add_widget(Writing(context, context.say(words), size=15, strong=True, colour=colour))
        as_high_as_its_content(self)
