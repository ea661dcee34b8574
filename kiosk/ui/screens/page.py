# mypy: allow-subclassing-any
"""What every screen has: a head, room for its body, and buttons at its foot."""

from __future__ import annotations

from dataclasses import replace

from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk.flow.text import Text
from kiosk.flow.view import Button, Frame, Intent, Role
from kiosk.ui.context import Context
from kiosk.ui.theme import MARGIN
from kiosk.ui.widgets.button import ButtonRow
from kiosk.ui.widgets.press import let_go
from kiosk.ui.widgets.stepbar import StepBar
from kiosk.ui.widgets.titlebar import Banner, TitleBar


def on_title_bar(button: Button) -> bool:
    """Close is at the same place on every page, unless it is the main thing there."""
    return button.intent is Intent.CLOSE and button.role is not Role.PRIMARY


def foot_buttons(frame: Frame) -> list[Button]:
    """The buttons at the foot of the page."""
    return [button for button in frame.buttons if not on_title_bar(button)]


def still(frame: Frame) -> object:
    """What of `frame` cannot be changed in place: all but the countdown and buttons' states."""
    buttons = tuple((one.intent, one.role) for one in frame.buttons)
    return replace(frame, countdown=None, buttons=()), buttons


class Page(BoxLayout):
    """The whole window: title bar, banner, steps, body."""

    def __init__(self, context: Context, frame: Frame, progress: Text | None = None) -> None:
        super().__init__(orientation="vertical")
        self.context = context
        close = next((button for button in frame.buttons if on_title_bar(button)), None)
        self.add_widget(TitleBar(context, frame, progress, close))
        if frame.banner is not None:
            self.add_widget(Banner(context, frame.banner))
        if frame.steps:
            self.add_widget(StepBar(context, frame.steps))

    def foot(self, frame: Frame) -> ButtonRow:
        """The row of the page's buttons."""
        return ButtonRow(self.context, foot_buttons(frame))

    def let_go(self) -> None:
        """Forget every finger that is down on something to press."""
        let_go(self)

    def fill(self, *parts: Widget, spacing: float = 0, ends: float = MARGIN) -> None:
        """Put `parts` under one another into the body, with room `ends` above and below."""
        px = self.context.theme.px
        body = BoxLayout(
            orientation="vertical", padding=(px(MARGIN), px(ends)), spacing=px(spacing)
        )
        for part in parts:
            body.add_widget(part)
        self.add_widget(body)
