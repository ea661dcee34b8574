# mypy: allow-subclassing-any
"""The root of the window: it puts each view on the screen, and hears every touch first."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from kivy.uix.floatlayout import FloatLayout

from kiosk.flow.access import Access, Language
from kiosk.flow.events import Chosen, Event, Pressed, Touched, Typed
from kiosk.flow.view import Entry, Intent, View
from kiosk.ui.catalogue import Catalogues
from kiosk.ui.context import Context
from kiosk.ui.palette import NHS
from kiosk.ui.screens import Screen, screen_for
from kiosk.ui.screens.entry import EntryScreen
from kiosk.ui.theme import theme_for
from kiosk.ui.typed import TypedText
from kiosk.ui.widgets.countdown import CountdownOverlay
from kiosk.ui.widgets.shape import Backdrop

TOUCHED_SECONDS = 0.5  # at most one Touched in this time
DEAF_SECONDS = 0.3  # a double tap on Continue must not press the next page's Continue too
GIVING = {Intent.CONTINUE, Intent.CONFIRM}  # what is typed goes with these


class Stage(FloatLayout):
    """One screen, and the countdown over it while it runs."""

    def __init__(
        self, catalogues: Catalogues, typed: TypedText, send: Callable[[Event], None]
    ) -> None:
        super().__init__()
        self._catalogues, self._typed, self._send = catalogues, typed, send
        self._view: View | None = None
        self._spoken_to = (Language.ENGLISH, Access())
        self._screen: Screen | None = None
        self._overlay: CountdownOverlay | None = None
        self._touched_at = self._pressed_at = float("-inf")
        self._backdrop = Backdrop(self, NHS.background)
        self._prepare()
        self.bind(size=self._resize)

    @property
    def view(self) -> View | None:
        """What is on the screen, as a value."""
        return self._view

    @property
    def listening(self) -> bool:
        """Whether a button pressed now would be heard."""
        return monotonic() - self._pressed_at >= DEAF_SECONDS

    def show(self, view: View) -> None:
        """Put `view` on the screen: in place where the present screen suits it, else anew."""
        self._view = view
        spoken_to = (view.frame.language, view.frame.access)
        if spoken_to != self._spoken_to:
            self._spoken_to = spoken_to
            self.clear()
            self._prepare()
        if self._screen is None or not self._screen.update(view):
            self._build(view)
        self._show_countdown(view)

    def clear(self) -> None:
        """Take everything off the screen."""
        self.clear_widgets()
        self._screen = self._overlay = None

    def forget(self) -> None:
        """Take everything off the screen, and let go of the view."""
        self.clear()
        self._view = None

    def refresh(self) -> None:
        """Draw what is typed by now."""
        if isinstance(self._screen, EntryScreen):
            self._screen.box.refresh()

    def strike(self, key: str) -> None:
        """Type as if `key` had been touched; nothing happens where there is nothing to type."""
        if isinstance(self._screen, EntryScreen):
            self._screen.strike(key)

    def on_touch_down(self, touch: Any) -> bool:
        """A finger comes down, anywhere."""
        now = monotonic()
        if now - self._touched_at >= TOUCHED_SECONDS:
            self._touched_at = now
            self._send(Touched())
        return bool(super().on_touch_down(touch))

    def _prepare(self) -> None:
        language, access = self._spoken_to
        theme = theme_for(self.width, self.height, access)
        self._backdrop.paint(theme.palette.background)
        say = self._catalogues[language].say
        self.context = Context(theme, say, self._typed, self._press, self._choose, self._changed)

    def _resize(self, *_: object) -> None:
        self.clear()
        self._prepare()
        if self._view is not None:
            self.show(self._view)

    def _build(self, view: View) -> None:
        self.clear()
        self._screen = screen_for(self.context, view)
        self.add_widget(self._screen)

    def _show_countdown(self, view: View) -> None:
        countdown = view.frame.countdown
        if countdown is None:
            if self._overlay is not None:
                self.remove_widget(self._overlay)
                self._overlay = None
        elif self._overlay is not None:
            self._overlay.draw(countdown)
        else:
            if self._screen is not None:
                self._screen.let_go()
            self._overlay = CountdownOverlay(self.context, countdown)
            self.add_widget(self._overlay)

    def _press(self, intent: Intent) -> None:
        if not self.listening:
            return
        self._pressed_at = monotonic()
        if intent in GIVING and isinstance(self._screen, EntryScreen):
            field = self._screen.field
            self._send(Pressed(intent, self._typed.copy(field), field))
        else:
            self._send(Pressed(intent))

    def _choose(self, number: int) -> None:
        if self.listening:
            self._pressed_at = monotonic()
            self._send(Chosen(number))

    def _changed(self, entry: Entry) -> None:
        field = entry.field
        met = self._typed.met(field, entry.rules)
        self._send(Typed(field, self._typed.length(field), met))
