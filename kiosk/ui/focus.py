# SPDX-License-Identifier: Apache-2.0
"""Operation by keys alone: the control in focus, the ring around it, and what each key does."""

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
# The weight of a sideways pixel against one in the direction of the key: beside the control's own
# width or height, and within it.
_ASIDE, _WITHIN = 4, 0.2


class Focus:
    """The control in focus on `stage`; `say` is called with its name when the focus moves.

    A key is a character or a name: the four directions, "next", "previous", "press", "back",
    "erase", "language", "access", "speech", "technician", or "held". "held" comes repeatedly while
    a key that presses is held down. If no control is in focus, "press" presses the primary button
    of the page.
    """

    def __init__(self, stage: Any, say: Callable[[str], None]) -> None:
        self._stage, self._say = stage, say
        self._ring = InstructionGroup()
        self._at: Widget | None = None
        self._pressed_at = float("inf")
        stage.canvas.after.add(self._ring)

    @property
    def at(self) -> Widget | None:
        """The control in focus, or None. A control that has left the screen loses the focus."""
        if self._at is not None and self._at.get_root_window() is None:
            self.leave()
        return self._at

    @property
    def part(self) -> object:
        """The identifier of the control in focus, or None; a rebuilt page has the same ones."""
        return None if self.at is None else _part(self.at)

    def return_to(self, part: object) -> str:
        """Restore the focus to the control with this identifier after the page was rebuilt.

        Returns the control's name, or "" if there is no such control.
        """
        for one in controls(self._stage.front):
            if part is not None and _part(one) == part:
                self._settle(one)
                return self._spoken_name(one)
        return ""

    def leave(self) -> None:
        """Remove the focus: a finger touched the screen, or the page changed."""
        if self._at is not None:
            self._at.unbind(pos=self._draw, size=self._draw)
        self._at = None
        self._draw()

    def key(self, key: str) -> None:
        """Do what `key` does."""
        screen = self._stage.screen
        typing = isinstance(screen, EntryScreen) and not self._stage.covered
        if len(key) == 1 and not (typing and self._types_digits()):
            key = _DIGITS.get(key, key)
        if key in WAYS:
            self._move(WAYS[key])
        elif key in {"next", "previous"}:
            self._step(1 if key == "next" else -1)
        elif key == "press":
            self._press()
        elif key == "held":
            self._hold()
        elif key in {"back", "language", "access"}:
            self._press_intent(key)
        elif key in {"technician", "speech"}:
            self._stage.context.press(Intent(key))
        elif typing and (key == "erase" or _types(key, screen.plate)):
            self._dismiss_accents(screen.plate)
            screen.strike(DELETE if key == "erase" else key)

    def _dismiss_accents(self, plate: KeyPlate) -> None:
        """Take away the offered accents: the next one would replace what is typed now."""
        if plate.accents:
            on_accent = self.at in plate.accents
            plate.dismiss_accents()
            if on_accent:
                self._settle(plate.resume_key)

    def _types_digits(self) -> bool:
        """Return whether digits are typed; otherwise they move the focus.

        Among the letters of a keyboard, digits move the focus. If the entry asks for digits, they
        are always typed: a digit that moved the focus would be missing in the passcode, and nobody
        would hear it.
        """
        return self._stage.view.entry.kind.of_digits or not isinstance(self.at, KeyCap)

    # ------------------------------------------------------------ moving

    def _step(self, by: int) -> None:
        """Move to the next control in reading order; all keys of a keyboard count as one stop."""
        stops = [one for one in controls(self._stage.front) if not isinstance(one, KeyCap)]
        plates = [one for one in self._stage.front.walk() if isinstance(one, KeyPlate)]
        stops += [(plate.accents or plate.caps)[0] for plate in plates]
        if not stops:
            return
        current = self.at
        if isinstance(current, KeyCap):
            current = stops[-1]
        place = stops.index(current) if current in stops else (-1 if by > 0 else 0)
        self._enter(stops[(place + by) % len(stops)])

    def _move(self, way: tuple[int, int]) -> None:
        """Move to the nearest control in this direction."""
        current, candidates = self.at, list(controls(self._stage.front))
        if current is None:
            self._step(1)
            return
        x, y = current.to_window(*current.center)
        distances = []
        for one in candidates:
            left, up = one.to_window(*one.center)
            along = (left - x) * way[0] + (up - y) * way[1]
            aside = abs((left - x) * way[1]) + abs((up - y) * way[0])
            wide, high = one.width + current.width, one.height + current.height
            thick = wide * abs(way[1]) + high * abs(way[0])
            if one is not current and along > 1:
                distances.append((along + (_ASIDE if 2 * aside > thick else _WITHIN) * aside, one))
        if distances:
            self._enter(min(distances, key=lambda each: each[0])[1])

    def _enter(self, control: Widget) -> None:
        """Move the focus to `control`, and say its name."""
        current = self.at
        if isinstance(current, KeyCap):
            accents = current.parent.accents
            if current in accents and control not in accents:
                current.parent.dismiss_accents()
        self._settle(control)
        self._say(self._spoken_name(control))

    def _settle(self, control: Widget) -> None:
        """Give `control` the focus: draw the ring, and scroll to the control."""
        self.leave()
        self._at = control
        control.bind(pos=self._draw, size=self._draw)
        for around in _ancestors(control):
            if isinstance(around, Scroller):
                around.reveal_widget(control)
        self._draw()

    def _spoken_name(self, control: Widget) -> str:
        """Return the spoken name of `control`, also of a letter: users find letters by ear.

        Moving to a letter types nothing. The digits of a passcode are not spoken: a user with keys
        types them without searching.
        """
        view = self._stage.view
        if isinstance(control, KeyCap) and isinstance(view, EntryPage):
            silent = view.entry.kind is EntryKind.PASSCODE and control.cap.words is None
            if not silent and control.parent.accents_of(control):
                more = text("{letter}, hold for more", letter=control.spoken)
                return str(self._stage.context.say(more))
            return "" if silent else control.spoken
        return str(control.spoken)

    # ------------------------------------------------------------ pressing

    def _hold(self) -> None:
        """Offer the accents of the letter in focus, and move to the first of them."""
        current = self.at
        if isinstance(current, KeyCap) and monotonic() - self._pressed_at >= HOLD_SECONDS:
            plate = current.parent
            plate.offer_accents(current)
            for first in plate.accents[:1]:
                if current not in plate.accents:
                    self._enter(first)

    def _press(self) -> None:
        current = self.at
        self._pressed_at = monotonic()
        if isinstance(current, KeyCap):
            plate = current.parent
            plate.strike(current)
            plate.cancel_hold()
            if self.at is None:  # the key changed the layer, or was an accent
                self._enter(plate.resume_key)
        elif isinstance(current, Pressable):
            if current.enabled:
                current.pressed()
        else:
            buttons = [one for one in controls(self._stage.front) if isinstance(one, IntentButton)]
            first = [one for one in buttons if one.role is Role.PRIMARY]
            for button in first[:1]:
                button.pressed()

    def _press_intent(self, key: str) -> None:
        """Press the button with this meaning; if the page has no Back, "back" presses Close."""
        wanted = [Intent.BACK, Intent.CLOSE] if key == "back" else [Intent(key)]
        buttons = [one for one in controls(self._stage.front) if isinstance(one, IntentButton)]
        matching = [one for intent in wanted for one in buttons if one.intent is intent]
        for button in matching[:1]:
            button.pressed()

    # ------------------------------------------------------------ the ring

    def _draw(self, *_: object) -> None:
        self._ring.clear()
        current = self.at
        if current is None:
            return
        theme = self._stage.context.theme
        x, y = current.to_window(current.x, current.y)
        gap, radius = theme.px(1), theme.px(7)
        box = (x - gap, y - gap, current.width + 2 * gap, current.height + 2 * gap, radius)
        # A dark line around a light one: the ring is seen on any background.
        for width, colour in ((4.5, theme.palette.focus_line), (2.5, theme.palette.focus)):
            self._ring.add(Color(*colour))
            self._ring.add(SmoothLine(rounded_rectangle=box, width=theme.px(width)))


def controls(root: Widget) -> Iterator[Widget]:
    """Yield all controls that react to a touch, in reading order."""
    # In the order of the tree, not by position: positions change while a list scrolls.
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


def _ancestors(widget: Widget) -> Iterator[Widget]:
    parent = widget.parent
    while isinstance(parent, Widget) and parent is not parent.parent:
        yield parent
        parent = parent.parent


def _types(key: str, plate: KeyPlate) -> bool:
    """Return whether `key` is a character that the screen's keyboard offers, too."""
    return len(key) == 1 and plate.offers(key)
