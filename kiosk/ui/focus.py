# SPDX-License-Identifier: Apache-2.0
"""Everything by keys alone: which control they are at, a ring around it, and what a key does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

from kivy.graphics import Color, InstructionGroup, SmoothLine
from kivy.uix.widget import Widget

from kiosk.flow.text import text
from kiosk.flow.view import EntryKind, EntryPage, Intent, Role
from kiosk.ui.screens.entry import EntryScreen
from kiosk.ui.widgets.button import IntentButton
from kiosk.ui.widgets.choice_row import ChoiceRow
from kiosk.ui.widgets.key_grid import DELETE, HOLD_SECONDS, KeyCap, KeyPlate
from kiosk.ui.widgets.press import Pressable
from kiosk.ui.widgets.scroller import Scroller

WAYS = {"left": (-1, 0), "right": (1, 0), "up": (0, 1), "down": (0, -1)}
_DIGITS = {"4": "left", "6": "right", "8": "up", "2": "down", "5": "press"}
_ASIDE, _WITHIN = 4, 0.2  # so much more than what lies along the way counts what lies beside it


class Focus:
    """The control that keys are at. `stage` is what it is on; `say` hears what a control is called.

    A key is a character, or a name: the four ways, "next", "previous", "press", "back", "erase",
    "language", "access", "speech", "technician"; and "held", again and again, while a key that
    presses is held down. Without a control in focus, "press" is the page's own way on.
    """

    def __init__(self, stage: Any, say: Callable[[str], None]) -> None:
        self._stage, self._say = stage, say
        self._ring = InstructionGroup()
        self._at: Widget | None = None
        self._pressed_at = float("inf")
        stage.canvas.after.add(self._ring)

    @property
    def at(self) -> Widget | None:
        """The control in focus, where it is on the screen still."""
        if self._at is not None and self._at.get_root_window() is None:
            self.leave()
        return self._at

    @property
    def part(self) -> object:
        """What the control in focus is to its page, however that is drawn; None without one."""
        return None if self.at is None else _part(self.at)

    def return_to(self, part: object) -> str:
        """Be at the control that is this to a page which was drawn anew; what it is called.

        Empty where there is none.
        """
        for one in controls(self._stage.front):
            if part is not None and _part(one) == part:
                self._settle(one)
                return self._called(one)
        return ""

    def leave(self) -> None:
        """Be at no control: there is a finger, or another page."""
        if self._at is not None:
            self._at.unbind(pos=self._draw, size=self._draw)
        self._at = None
        self._draw()

    def key(self, key: str) -> None:
        """A key was pressed."""
        screen = self._stage.screen
        typing = isinstance(screen, EntryScreen) and not self._stage.covered
        if len(key) == 1 and not (typing and self._types_digits()):
            key = _DIGITS.get(key, key)
        if key in WAYS:
            self._go(WAYS[key])
        elif key in {"next", "previous"}:
            self._step(1 if key == "next" else -1)
        elif key == "press":
            self._press()
        elif key == "held":
            self._hold()
        elif key in {"back", "language", "access"}:
            self._mean(key)
        elif key in {"technician", "speech"}:
            self._stage.context.press(Intent(key))
        elif typing and (key == "erase" or _types(key, screen.plate)):
            self._wave_off(screen.plate)
            screen.strike(DELETE if key == "erase" else key)

    def _wave_off(self, plate: KeyPlate) -> None:
        """Have no accents offered any more, which would take the place of what comes now."""
        if plate.accents:
            at_one = self.at in plate.accents
            plate.go()
            if at_one:
                self._settle(plate.at_hand)

    def _types_digits(self) -> bool:
        """Whether digits are typed, where something can be: they lead about among letters alone.

        Where digits are asked for, one that led elsewhere would be missing in a passcode unheard.
        """
        return self._stage.view.entry.kind.of_digits or not isinstance(self.at, KeyCap)

    # ------------------------------------------------------------ going about

    def _step(self, by: int) -> None:
        """To the next control, in reading order; the keys of a keyboard are one stop."""
        stops = [one for one in controls(self._stage.front) if not isinstance(one, KeyCap)]
        plates = [one for one in self._stage.front.walk() if isinstance(one, KeyPlate)]
        stops += [(plate.accents or plate.caps)[0] for plate in plates]
        if not stops:
            return
        at = self.at
        if isinstance(at, KeyCap):
            at = stops[-1]
        place = stops.index(at) if at in stops else (-1 if by > 0 else 0)
        self._be_at(stops[(place + by) % len(stops)])

    def _go(self, way: tuple[int, int]) -> None:
        """To the nearest control that way."""
        at, there = self.at, list(controls(self._stage.front))
        if at is None:
            self._step(1)
            return
        x, y = at.to_window(*at.center)
        reckoned = []
        for one in there:
            left, up = one.to_window(*one.center)
            along = (left - x) * way[0] + (up - y) * way[1]
            aside = abs((left - x) * way[1]) + abs((up - y) * way[0])
            thick = (one.width + at.width) * abs(way[1]) + (one.height + at.height) * abs(way[0])
            if one is not at and along > 1:
                reckoned.append((along + (_ASIDE if 2 * aside > thick else _WITHIN) * aside, one))
        if reckoned:
            self._be_at(min(reckoned, key=lambda each: each[0])[1])

    def _be_at(self, control: Widget) -> None:
        at = self.at
        if isinstance(at, KeyCap) and at in at.parent.accents and control not in at.parent.accents:
            at.parent.go()
        self._settle(control)
        self._say(self._called(control))

    def _settle(self, control: Widget) -> None:
        self.leave()
        self._at = control
        control.bind(pos=self._draw, size=self._draw)
        for around in _around(control):
            if isinstance(around, Scroller):
                around.reveal_widget(control)
        self._draw()

    def _called(self, control: Widget) -> str:
        """What it is called: letters, too, which one finds by ear; going there types nothing.

        The digits of a passcode are not said; whoever has keys types them without looking for them.
        """
        view = self._stage.view
        if isinstance(control, KeyCap) and isinstance(view, EntryPage):
            silent = view.entry.kind is EntryKind.PASSCODE and control.cap.words is None
            if not silent and control.parent.accents_of(control):
                more = text("{letter}, hold for more", letter=control.spoken)
                return str(self._stage.context.say(more))
            return "" if silent else control.spoken
        return str(control.spoken)

    # ------------------------------------------------------------ doing

    def _hold(self) -> None:
        """Stay on a letter: its accents come, and the keys are at the first of them."""
        at = self.at
        if isinstance(at, KeyCap) and monotonic() - self._pressed_at >= HOLD_SECONDS:
            plate = at.parent
            plate.stay(at)
            for first in plate.accents[:1]:
                if at not in plate.accents:
                    self._be_at(first)

    def _press(self) -> None:
        at = self.at
        self._pressed_at = monotonic()
        if isinstance(at, KeyCap):
            plate = at.parent
            plate.strike(at)
            plate.let_go()
            if self.at is None:  # the key led to others, or was an accent
                self._be_at(plate.at_hand)
        elif isinstance(at, Pressable):
            if at.enabled:
                at.pressed()
        else:
            buttons = [one for one in controls(self._stage.front) if isinstance(one, IntentButton)]
            first = [one for one in buttons if one.role is Role.PRIMARY]
            for button in first[:1]:
                button.pressed()

    def _mean(self, key: str) -> None:
        """Press the button that means this; where there is no Back, Close."""
        wanted = [Intent.BACK, Intent.CLOSE] if key == "back" else [Intent(key)]
        buttons = [one for one in controls(self._stage.front) if isinstance(one, IntentButton)]
        meant = [one for intent in wanted for one in buttons if one.intent is intent]
        for button in meant[:1]:
            button.pressed()

    # ------------------------------------------------------------ the ring

    def _draw(self, *_: object) -> None:
        self._ring.clear()
        at = self.at
        if at is None:
            return
        theme = self._stage.context.theme
        x, y = at.to_window(at.x, at.y)
        gap, radius = theme.px(1), theme.px(7)
        box = (x - gap, y - gap, at.width + 2 * gap, at.height + 2 * gap, radius)
        # Light on dark and dark on light: it is seen on whatever it lies.
        for width, colour in ((4.5, theme.palette.focus_line), (2.5, theme.palette.focus)):
            self._ring.add(Color(*colour))
            self._ring.add(SmoothLine(rounded_rectangle=box, width=theme.px(width)))


def controls(root: Widget) -> Iterator[Widget]:
    """Everything that does something when it is touched, in the order in which it is read."""
    # The tree's own order, and not by places: those change while a list is scrolled.
    for one in root.walk(restrict=True):
        if (isinstance(one, KeyCap) and one.opacity) or (
            isinstance(one, Pressable) and one.enabled
        ):
            yield one


def _part(control: Widget) -> object:
    match control:
        case IntentButton():
            return control.intent
        case ChoiceRow():
            return control.number
        case KeyCap():
            return control.key
    return type(control)


def _around(widget: Widget) -> Iterator[Widget]:
    parent = widget.parent
    while isinstance(parent, Widget) and parent is not parent.parent:
        yield parent
        parent = parent.parent


def _types(key: str, plate: KeyPlate) -> bool:
    """Whether a key of a keyboard is one that the screen offers, too."""
    return len(key) == 1 and plate.offers(key)
