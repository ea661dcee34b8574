# SPDX-License-Identifier: Apache-2.0
"""The app: shows views and sends the events of the user at the screen.

Import this after `toolkit.prepare`, or better through `kiosk.ui.open_screen`.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable

from kivy.base import EventLoop, ExceptionManager, runTouchApp, stopTouchApp
from kivy.clock import Clock
from kivy.core.window import Window

from kiosk.flow.events import Event
from kiosk.flow.view import View
from kiosk.ui.catalogue import Catalogues
from kiosk.ui.failure import ErrorRecovery
from kiosk.ui.keyboard import meaning
from kiosk.ui.speaking import Speak, silent
from kiosk.ui.stage import Stage
from kiosk.ui.touch import Fingers
from kiosk.ui.typed import TypedText
from kiosk.values import Fingertip

FIRST_FRAMES = 30
LAYOUTS = 60  # layout rounds in a frame: a text's width can depend on the height of another


class KioskApp:
    """One window for the life of the process.

    `show`, `forget`, `key`, `touch`, `call` and `stop` may be called from any thread; `run` only in
    the main thread. `send` and `speak` (which reads aloud) are called in the main thread and must
    return at once, as a queue's put does. `on_failure` is called in the main thread after an
    uncaught exception. By then everything typed is wiped and the screen is empty.
    """

    def __init__(
        self,
        catalogues: Catalogues,
        send: Callable[[Event], None],
        on_failure: Callable[[], None],
        speak: Speak = silent,
    ) -> None:
        self._typed = TypedText()
        self._on_failure = on_failure
        self.stage = Stage(catalogues, self._typed, send, speak)
        self._orders: deque[Callable[[], None]] = deque()
        self._frames = 0
        self._keys_down: set[int] = set()  # of the system's keyboards
        self._fingers = Fingers()
        EventLoop.add_input_provider(self._fingers)
        Clock.max_iteration = LAYOUTS
        self._handler = ErrorRecovery(self._recover)
        # Everything made so far lives as long as the process. Freezing it makes the collection
        # after a visit so fast that nobody sees the screen stop.
        gc.freeze()

    def show(self, view: View) -> None:
        """Put `view` on the screen."""
        self.call(lambda: self.stage.show(view))

    def forget(self, fields: tuple[str, ...] | None = None) -> None:
        """Wipe what was typed into `fields`; without `fields`, wipe all and empty the screen."""
        self.call(lambda: self._forget(fields))

    def key(self, key: str) -> None:
        """Handle a key press: a character, or one of the names that `focus` knows."""
        self.call(lambda: self.stage.key(key))

    def touch(self, tip: Fingertip) -> None:
        """Take over one report of the touch reader about a finger."""
        self._fingers.take(tip)

    def hear_keyboards(self) -> None:
        """Let all keyboards of the system type: for desks, not for kiosks on a wall."""
        Window.bind(on_key_down=self._key_down, on_key_up=self._key_up)

    def _key_down(self, _: object, code: int, __: int, text: str | None, held: list[str]) -> bool:
        key = meaning(code, text, shifted="shift" in held)
        if key in {"press", "5"} and code in self._keys_down:
            key = "held"
        self._keys_down.add(code)
        if key:
            self.stage.key(key)
        return True  # no shortcuts of Kivy's own

    def _key_up(self, _: object, code: int, *__: object) -> None:
        self._keys_down.discard(code)

    def call(self, order: Callable[[], None]) -> None:
        """Run `order` in the thread that owns the widgets, in the order of the calls."""
        self._orders.append(order)
        Clock.schedule_once(self._carry_out, 0)

    def run(self) -> None:
        """Show the window until `stop`."""
        ExceptionManager.add_handler(self._handler)
        # Under KMSDRM a first scene that never changes can stay black, so draw it a few times.
        self._redraw = Clock.schedule_interval(self._draw_again, 0)
        try:
            runTouchApp(self.stage)
        finally:
            ExceptionManager.remove_handler(self._handler)
            self._forget()

    def stop(self) -> None:
        """End `run`."""
        self.call(stopTouchApp)

    def _carry_out(self, _: float) -> None:
        while self._orders:
            self._orders.popleft()()

    def _forget(self, fields: tuple[str, ...] | None = None) -> None:
        self._typed.forget(fields)
        if fields is None:
            self.stage.forget()
            gc.collect()  # widgets refer to one another, so their texts would stay in memory
        else:
            self.stage.refresh()

    def _recover(self) -> None:
        """Wipe what was typed and clear the screen; the flow then says what to show."""
        self._forget()
        if self._orders:
            Clock.schedule_once(self._carry_out, 0)
        self._on_failure()

    def _draw_again(self, _: float) -> bool:
        self._frames += 1
        Window.canvas.ask_update()
        return self._frames < FIRST_FRAMES
