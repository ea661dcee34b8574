# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""A finger and an eye for the kiosk's screen: they touch pixels, and read the texts on it.

A touch takes the way of a real one, through the window and down its widgets, so a covered button
cannot be pressed. Import this after the screen was opened, because it imports Kivy.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import fields, is_dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from kivy.base import EventLoop
from kivy.core.window import Window
from kivy.input import MotionEvent
from kivy.uix.label import Label
from kivy.uix.widget import Widget

from kiosk.flow.text import Words
from kiosk.flow.view import Intent
from kiosk.ui.app import KioskApp
from kiosk.ui.catalogue import Catalogue
from kiosk.ui.widgets.button import IntentButton
from kiosk.ui.widgets.choice_row import ChoiceRow
from kiosk.ui.widgets.key_grid import DELETE, SHIFT, KeyPlate
from kiosk.ui.widgets.scroller import DOWN, UP, Arrow
from kiosk.ui.widgets.titlebar import HOLD_SECONDS, TitleBar
from kiosk.ui.widgets.viewport import Viewport

Result = TypeVar("Result")

PATIENCE = 10.0  # seconds that a finger waits for a control
GLANCE = 0.03  # seconds between two looks
ENGLISH = Catalogue()

_numbers = itertools.count(1)


class NotOnScreen(LookupError):
    """A control or text did not appear on the screen in time."""


class PilotTouch(MotionEvent):
    """One finger on the screen, in window pixels from the bottom left."""

    def __init__(self, x: float, y: float) -> None:
        place = {"sx": x / (Window.width - 1), "sy": y / (Window.height - 1)}
        super().__init__("finger", next(_numbers), place, is_touch=True, type_id="touch")

    def depack(self, args: dict[str, float]) -> None:
        """Take over the position, as a fraction of the window."""
        self.sx, self.sy = args["sx"], args["sy"]
        self.profile = ["pos"]
        super().depack(args)


class Finger:
    """Taps and types on the screen of `app`.

    In a thread of its own it waits up to `patience` seconds for a control. In the thread that
    draws, waiting would stop the drawing, so the control has to be there already.
    """

    def __init__(self, app: KioskApp, *, hold: float = 0.05, patience: float = PATIENCE) -> None:
        self._app = app
        self._hold = hold
        self._patience = patience

    def down(self, x: float, y: float) -> PilotTouch:
        """Put the finger down at `x`, `y`: pixels from the top left, as in a picture."""
        return drawing(self._app, lambda: _begin(x, Window.height - y))

    def up(self, touch: PilotTouch) -> None:
        """Lift the finger."""
        drawing(self._app, lambda: EventLoop.post_dispatch_input("end", touch))

    def tap(self, x: float, y: float) -> None:
        """Put the finger down at `x`, `y` from the top left, and lift it."""
        touch = self.down(x, y)
        time.sleep(self._hold)
        self.up(touch)

    def press(self, wanted: Intent | str) -> None:
        """Tap the middle of the enabled button with this intent or label; raises NotOnScreen."""

        def ready() -> tuple[float, float] | None:
            if not self._app.stage.listening:
                return None
            button = next(
                (one for one in self._widgets(IntentButton) if is_meant(one, wanted)), None
            )
            return _middle(button) if button is not None and button.enabled else None

        self.tap(*self._wait(ready, f"button {str(wanted)!r}"))

    def choose(self, label: str) -> None:
        """Tap the choice with this label; scroll its list until it is visible.

        `label` is English, in whatever language the choice is shown.
        """

        def look() -> tuple[bool, float, float] | None:
            if not self._app.stage.listening:
                return None
            row = next((one for one in self._widgets(ChoiceRow) if english_of(one) == label), None)
            if row is None:
                return None
            view = next(one for one in self._widgets(Viewport) if row in one.walk(restrict=True))
            _, bottom = view.to_window(view.x, view.y)
            _, y = row.to_window(row.center_x, row.center_y)
            if bottom < y < bottom + view.height:
                return True, *_middle(row)
            way = DOWN if y < bottom else UP
            arrows = [one for one in self._widgets(Arrow) if one.way == way and one.enabled]
            return (False, *_middle(arrows[0])) if arrows else None

        found = False
        while not found:
            found, *place = self._wait(look, f"choice {label!r}")
            self.tap(*place)
            if not found and threading.current_thread() is threading.main_thread():
                EventLoop.idle()  # draw the scrolled list: this thread is the one that draws

    def key(self, key: str) -> None:
        """Tap the key that types `key`, or `DELETE` or `SHIFT`; raises NotOnScreen."""

        def ready() -> tuple[bool, float, float] | None:
            plate = next(iter(self._widgets(KeyPlate)), None)
            way = plate.way_to(key) if plate is not None else None
            return (way.key == key, *_middle(way)) if way is not None else None

        found = False
        while not found:
            found, *place = self._wait(ready, "a key")
            self.tap(*place)

    def hold(self, key: str, seconds: float = 0.8) -> None:
        """Hold the key that types `key`, so that its accents appear."""
        before, self._hold = self._hold, seconds
        try:
            self.key(key)
        finally:
            self._hold = before

    def hold_title(self) -> None:
        """Hold the left of the title bar until the technician's page opens."""

        def bar() -> tuple[float, float] | None:
            found = next(iter(self._widgets(TitleBar)), None)
            if found is None or not self._app.stage.listening:
                return None
            x, y = found.to_window(found.x, found.center_y)
            return x + found.height / 4, Window.height - y

        touch = self.down(*self._wait(bar, "title bar"))
        time.sleep(HOLD_SECONDS + 0.3)
        self.up(touch)

    def flip(self, switch: str) -> None:
        """Tap the switch of the simulated board with this label."""
        from kiosk.demo.board_panel import BoardSwitch  # noqa: PLC0415 - a kiosk on a wall has none

        def look() -> tuple[float, float] | None:
            beside = (one for child in Window.children for one in child.walk(restrict=True))
            switches = (one for one in beside if isinstance(one, BoardSwitch))
            return next((_middle(one) for one in switches if one.spoken == switch), None)

        self.tap(*self._wait(look, f"switch {switch!r}"))

    def write(self, characters: Iterable[str]) -> None:
        """Tap one key after the other, with Shift before each capital."""
        for character in characters:
            if character != character.lower():
                self.key(SHIFT)
            self.key(character.lower())

    def delete(self, number: int) -> None:
        """Tap Delete `number` times."""
        for _ in range(number):
            self.key(DELETE)

    def _widgets(self, kind: type[Widget]) -> Iterator[Widget]:
        return (one for one in self._app.stage.walk(restrict=True) if isinstance(one, kind))

    def _wait(self, look: Callable[[], Result | None], what: str) -> Result:
        """Return a result that `look` gives twice in a row: a new page first has to settle."""
        before: list[Result | None] = [None]

        def settled() -> Result | None:
            found = look()
            same = found is not None and found == before[0]
            before[0] = found
            return found if same else None

        if threading.current_thread() is threading.main_thread():
            return until(self._app, look, self._patience, what)
        return until(self._app, settled, self._patience, what)


class Eye:
    """Reads the screen of `app`, and takes pictures of it."""

    def __init__(self, app: KioskApp, *, patience: float = PATIENCE) -> None:
        self._app = app
        self._patience = patience

    def texts(self) -> list[str]:
        """Return all texts on the screen as last drawn, in the order of the widget tree."""
        return drawing(self._app, self._texts)

    def wait_for(self, part: str) -> str:
        """Wait for a text that contains `part`, and return it; raises NotOnScreen.

        `part` may be in the language of the screen or in English.
        """

        def look() -> str | None:
            texts = [*self._texts(), *self._english_texts()]
            return next((one for one in texts if part in one), None)

        return until(self._app, look, self._patience, f"text {part!r}")

    def photograph(self, path: Path) -> None:
        """Write what the window shows to a PNG file."""

        def take() -> None:
            # Draw now, because the buffer may hold an older frame than the one that is shown.
            Window.dispatch("on_draw")
            # Kivy numbers its screenshots by what is in the folder, so each gets its own folder.
            with TemporaryDirectory(dir=path.parent) as folder:
                taken = Window.screenshot(name=str(Path(folder).absolute() / path.name))
                Path(taken).replace(path)

        drawing(self._app, take)

    def _english_texts(self) -> list[str]:
        """Return the English of all texts of the view that are on the screen."""
        stage = self._app.stage
        if stage.view is None:
            return []
        shown = set(self._texts())
        words = _words_in(stage.view)
        return [ENGLISH.say(each) for each in words if stage.context.say(each) in shown]

    def _texts(self) -> list[str]:
        widgets = self._app.stage.walk(restrict=True)
        return [one.text for one in widgets if isinstance(one, Label) and one.text]


def _begin(x: float, y: float) -> PilotTouch:
    touch = PilotTouch(x, y)
    EventLoop.post_dispatch_input("begin", touch)
    return touch


def is_meant(button: IntentButton, wanted: Intent | str) -> bool:
    """Return whether `button` has this intent, or this English label."""
    return button.intent is wanted if isinstance(wanted, Intent) else english_of(button) == wanted


def english_of(control: IntentButton | ChoiceRow) -> str:
    """Return the English label, in whatever language the control shows it."""
    return ENGLISH.say(control.label)


def _words_in(value: object) -> Iterator[Words]:
    """Yield all texts in a view, at any depth."""
    if isinstance(value, Words):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _words_in(each)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _words_in(getattr(value, field.name))


def _middle(widget: Widget) -> tuple[float, float]:
    """Return the middle of `widget` in window pixels from the top left."""
    x, y = widget.to_window(widget.center_x, widget.center_y)
    return x, Window.height - y


def drawing(app: KioskApp, work: Callable[[], Result]) -> Result:
    """Run `work` in the thread that draws, and return its result."""
    if threading.current_thread() is threading.main_thread():
        return work()
    done: Future[Result] = Future()

    def order() -> None:
        try:
            done.set_result(work())
        except Exception as error:  # noqa: BLE001 - raised again in the thread that waits
            done.set_exception(error)

    app.call(order)
    return done.result(timeout=PATIENCE)


def until(app: KioskApp, look: Callable[[], Result | None], patience: float, what: str) -> Result:
    """Return the first result of `look` that is not None; raises NotOnScreen after `patience`."""
    deadline = time.monotonic() + patience
    while True:
        found = drawing(app, look)
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise NotOnScreen(what)
        time.sleep(GLANCE)
