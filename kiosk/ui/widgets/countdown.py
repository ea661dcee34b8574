# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The warning before the time is up, above the page."""

from __future__ import annotations

from typing import Any

from kivy.graphics import Color, SmoothEllipse
from kivy.uix.anchorlayout import AnchorLayout

from kiosk.flow.view import Countdown
from kiosk.ui.context import Context
from kiosk.ui.theme import DESIGN_WIDTH, MARGIN, Size
from kiosk.ui.widgets.button import PageButton
from kiosk.ui.widgets.help_panel import Panel
from kiosk.ui.widgets.layout import space
from kiosk.ui.widgets.shape import Backdrop
from kiosk.ui.widgets.writing import Writing

WIDE, WIDEST = 460, DESIGN_WIDTH - 2 * MARGIN


class CountdownOverlay(AnchorLayout):
    """Covers the page, and takes all touches; only its own button reacts."""

    def __init__(self, context: Context, countdown: Countdown) -> None:
        super().__init__()
        theme = context.theme
        self.context = context
        Backdrop(self, theme.palette.scrim)
        wide = theme.px(WIDEST if theme.large else WIDE)
        panel = Panel(context, size_hint_x=None, width=wide, spacing=theme.px(12))
        panel.padding = (theme.px(32),) * 4
        self._seconds = _Numeral(context)
        self._heading = Writing(context, size=Size.LEAD, strong=True, align="center", balanced=True)
        self._button = PageButton(context, countdown.button, height=60)
        self._button.stretch()
        for part in (self._seconds, self._heading, space(height=theme.px(8)), self._button):
            panel.add_widget(part)
        self.add_widget(panel)
        self.draw(countdown)

    def draw(self, countdown: Countdown) -> None:
        """Show how many seconds are left."""
        self._seconds.text = str(countdown.seconds)
        self._heading.text = self.context.say(countdown.heading)
        self._button.draw(countdown.button)

    def on_touch_down(self, touch: Any) -> bool:
        """Keep the touch from the page below."""
        super().on_touch_down(touch)
        return True

    def on_touch_move(self, touch: Any) -> bool:
        """Keep the touch from the page below."""
        super().on_touch_move(touch)
        return True

    def on_touch_up(self, touch: Any) -> bool:
        """Keep the touch from the page below."""
        super().on_touch_up(touch)
        return True


class _Numeral(Writing):
    """A number on a blue disc, large enough to be read from a distance."""

    def __init__(self, context: Context) -> None:
        theme = context.theme
        super().__init__(
            context, size=40, strong=True, colour=theme.palette.surface, align="center"
        )
        self.height = round(2.1 * self.font_size)
        with self.canvas.before:
            Color(*theme.palette.link)
            self._disc = SmoothEllipse(segments=96)
        self.bind(pos=self._place, size=self._place)

    def _fit(self, *_: object) -> None:
        """Keep the height, which is the disc's, for every number."""

    def _place(self, *_: object) -> None:
        self._disc.pos = (self.center_x - self.height / 2, self.y)
        self._disc.size = (self.height, self.height)
