# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The common part of all pages: a head, texts to read, and below them all controls.

If texts are larger than usual, all texts are one column that scrolls. Within low reach, all
controls are in the lower half of the screen, also the arrows that scroll.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk.flow.text import Text, text
from kiosk.flow.view import Button, Frame, Intent, Role, StepState
from kiosk.ui.context import Context
from kiosk.ui.theme import DESIGN_WIDTH, MARGIN, Size
from kiosk.ui.widgets.button import ButtonRow
from kiosk.ui.widgets.layout import as_high_as_its_content, column, row, space
from kiosk.ui.widgets.press import release_all
from kiosk.ui.widgets.scroller import Arrows, Scroller
from kiosk.ui.widgets.stepbar import StepBar
from kiosk.ui.widgets.titlebar import Banner, TitleBar
from kiosk.ui.widgets.tool import ToolButton
from kiosk.ui.widgets.writing import Writing

GAP, ENDS = 10, 12
LIST_GAP = 6  # between the choices of a list
INNER = DESIGN_WIDTH - 2 * MARGIN


def on_title_bar(button: Button) -> bool:
    """Return whether `button` is on the title bar: Close is, unless it is the primary button.

    So Close has the same place on every page.
    """
    return button.intent is Intent.CLOSE and button.role is not Role.PRIMARY


def foot_buttons(frame: Frame) -> list[Button]:
    """Return the buttons at the foot of the page."""
    return [button for button in frame.buttons if not on_title_bar(button)]


def timeless(frame: Frame) -> Frame:
    """Return `frame` without the parts that change with time alone."""
    return replace(frame, countdown=None, remaining=None)


def fixed_parts(frame: Frame) -> object:
    """Return the parts of `frame` that need a new page when they change.

    These are all parts but the times and the states of buttons.
    """
    buttons = tuple((one.intent, one.role) for one in frame.buttons)
    return replace(timeless(frame), buttons=()), buttons


class PageScreen(BoxLayout):
    """A page that fills the window; `arrange` adds the texts and controls of its kind."""

    def __init__(
        self,
        context: Context,
        frame: Frame,
        progress: Text | None = None,
        *,
        low: bool | None = None,
    ) -> None:
        super().__init__(orientation="vertical")
        self.context, self._frame, self._progress = context, frame, progress
        theme = context.theme
        self.low = theme.low_reach if low is None else low
        self.foot = ButtonRow(context, foot_buttons(frame))
        tools = [*frame.tools, *(one for one in frame.buttons if on_title_bar(one))]
        low = self.low
        # The user's name needs the room more than the name of the language does.
        signs = {Intent.ACCESS, Intent.LANGUAGE} if frame.corner else {Intent.ACCESS}
        self.tools = [
            ToolButton(context, one, labelled=not low and one.intent not in signs, dark=not low)
            for one in tools
        ]
        self._bar: TitleBar | None = None
        self._remaining: Writing | None = None
        if not (low and theme.large):
            self._bar = TitleBar(context, frame, progress, () if low else self.tools)
            self.add_widget(self._bar)
        if frame.banner is not None:
            self.add_widget(Banner(context, frame.banner))
        if frame.steps and not theme.large:
            self.add_widget(StepBar(context, frame.steps))

    def release_all(self) -> None:
        """Release all controls that a finger is down on."""
        release_all(self)

    def show_remaining(self, remaining: Text | None) -> None:
        """Show how much time the logged-in user has left."""
        if self._bar is not None:
            self._bar.show_remaining(remaining)
        if self._remaining is not None and remaining is not None:
            self._remaining.text = self.context.say(remaining)

    # ------------------------------------------------------------ arranging

    def arrange(
        self, *reading: Widget, spacing: float = GAP, rows: Sequence[Widget] | None = None
    ) -> None:
        """Arrange the texts in `reading`, then the `rows` to choose from, then the buttons."""
        px, theme = self.context.theme.px, self.context.theme
        self.listing: Scroller | None = None
        if rows is not None and (self.low or not theme.large):
            self.listing = Scroller(self.context, rows, LIST_GAP, rail=not self.low)
        elif rows is not None:
            reading = (*reading, *rows)
        if self.low:
            self._arrange_low((*reading, space()) if self.listing else reading, spacing)
            return
        body = BoxLayout(
            orientation="vertical", padding=(px(MARGIN), px(ENDS)), spacing=px(max(spacing, GAP))
        )
        if self.listing is None:
            self.pane = self._pane(reading, spacing)
            body.add_widget(self.pane)
        else:
            body.add_widget(as_high_as_its_content(column(*reading, spacing=px(spacing))))
            body.add_widget(self.listing)
        if foot_buttons(self._frame):
            body.add_widget(self.foot)
        self.add_widget(body)

    def _pane(self, reading: Sequence[Widget], spacing: float) -> Scroller:
        """Return a scrolling column of all texts, also those that the head has no room for."""
        parts = (*self._before(), *reading, *self._after())
        return Scroller(self.context, parts, spacing, rail=not self.low, fills=True)

    def _arrange_low(self, reading: Sequence[Widget], spacing: float) -> None:
        px = self.context.theme.px
        self.pane = self._pane(reading, spacing)
        lists = [self.pane, *([self.listing] if self.listing else [])]
        deck = column(*([self.listing] if self.listing else []), *self._low_rows(lists))
        deck.spacing, deck.padding = px(8), (px(MARGIN), px(8))
        if self.listing is not None:
            deck.size_hint_y = None
            self.bind(height=lambda _, high: deck.setter("height")(deck, high // 2))
            deck.height = self.height // 2
        else:
            as_high_as_its_content(deck)
        self.add_widget(row(self.pane, padding=(px(MARGIN), px(ENDS), px(MARGIN), 0)))
        self.add_widget(deck)

    def _low_rows(self, lists: Sequence[Scroller], wide: float = INNER) -> list[Widget]:
        """Return tools, arrows and buttons in one row, or the buttons above if they do not fit."""
        px = self.context.theme.px
        tools = self.low_tools(lists)
        line = row(*tools, spacing=px(8), size_hint_y=None, height=px(60))
        room = px(wide) - len(tools) * px(8) - sum(one.width for one in tools)
        if self.foot.natural <= room:
            self.foot.pos_hint = {"center_y": 0.5}
            line.add_widget(self.foot)
            return [line]
        line.add_widget(space())
        return [self.foot, line]

    def low_tools(self, lists: Sequence[Scroller]) -> list[Widget]:
        """Return the tools and the arrows, each as wide as it needs."""
        arrows = Arrows(self.context, lists)
        for arrow in (arrows.up, arrows.down):
            arrow.size_hint_x, arrow.width = None, self.context.theme.px(60)
        return [*self.tools, arrows.up, arrows.down]

    # ------------------------------------------------------------ large texts

    def _before(self) -> list[Widget]:
        """Return the step and the progress for the top of the texts, if the head has no room."""
        if not self.context.theme.large:
            return []
        say, lines = self.context.say, []
        if self._frame.steps:
            labels = [one.label for one in self._frame.steps if one.state is StepState.DOING]
            number = 1 + sum(one.state is StepState.DONE for one in self._frame.steps)
            place = text("Step {number} of {total}", number=number, total=len(self._frame.steps))
            lines.append(" ".join(map(say, (place, *labels))))
        if self._progress is not None:
            lines.append(say(self._progress))
        return [self._aside(line, strong=True) for line in lines]

    def _after(self) -> list[Widget]:
        """Return the user's name, role and organisation, and the title, below all other texts."""
        theme = self.context.theme
        if not theme.large:
            return []
        say, who, remaining = self.context.say, self._frame.corner, self._frame.remaining
        lines = [self._aside(say(line)) for line in (*who, self._frame.title)]
        if remaining is not None:
            self._remaining = self._aside(say(remaining))
            lines.insert(len(who), self._remaining)
        return [space(), *lines]

    def _aside(self, words: str, *, strong: bool = False) -> Writing:
        faint = self.context.theme.palette.faint
        return Writing(self.context, words, size=Size.SMALL, colour=faint, strong=strong)
