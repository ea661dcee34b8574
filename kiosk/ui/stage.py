# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The root of the window: puts each view on the screen, and is the first to get each touch."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from kivy.uix.floatlayout import FloatLayout
from kivy.uix.widget import Widget

from kiosk.flow.drawing.aloud import Line, Reading, aloud, warning
from kiosk.flow.events import Chosen, Event, Pressed, Touched, Typed
from kiosk.flow.preferences import Access, Language
from kiosk.flow.text import Verbatim
from kiosk.flow.view import Entry, EntryKind, EntryPage, Intent, Resting, View, Welcome
from kiosk.ui.catalogue import Catalogues
from kiosk.ui.context import Context
from kiosk.ui.focus import Focus
from kiosk.ui.palette import NHS
from kiosk.ui.screens import Screen, screen_for
from kiosk.ui.screens.entry import EntryScreen
from kiosk.ui.speaking import Speak
from kiosk.ui.theme import theme_for
from kiosk.ui.typed import TypedText
from kiosk.ui.widgets.countdown import CountdownOverlay
from kiosk.ui.widgets.shape import Backdrop

TOUCHED_SECONDS = 0.5  # at most one Touched in this time
DEAF_SECONDS = 0.3  # a double tap on Continue must not press the next page's Continue too

SUBMITTING = {Intent.CONTINUE, Intent.CONFIRM}  # these send what is typed


class Stage(FloatLayout):
    """One screen, and the countdown over it while it runs."""

    def __init__(
        self,
        catalogues: Catalogues,
        typed: TypedText,
        send: Callable[[Event], None],
        speak: Speak,
    ) -> None:
        super().__init__()
        self._catalogues, self._typed, self._send = catalogues, typed, send
        self._speak, self._offered = speak, False
        self._heard: Reading | None = None  # the part of the page that was read aloud
        self._counted = ""  # the spoken number of characters, until the view that follows it
        self._acted = self._warned = False  # the user acted; the user was warned about the time
        self._view: View | None = None
        self._spoken_to = (Language.ENGLISH, Access())
        self._screen: Screen | None = None
        self._overlay: CountdownOverlay | None = None
        self._covered_part: object = None  # where the focus was before the countdown
        self._touched_at = self._pressed_at = float("-inf")
        self._backdrop = Backdrop(self, NHS.background)
        self.focus = Focus(self, self._say_aloud)
        self._prepare()
        self.bind(size=self._resize)

    @property
    def view(self) -> View | None:
        """The view on the screen, or None."""
        return self._view

    @property
    def screen(self) -> Screen | None:
        """The screen that draws the view, or None."""
        return self._screen

    @property
    def covered(self) -> bool:
        """Whether the countdown covers the page."""
        return self._overlay is not None

    @property
    def front(self) -> Widget:
        """The widget that reacts to touches: the countdown if it is shown, else the page."""
        return self._overlay or self._screen or self

    @property
    def listening(self) -> bool:
        """Whether a button would react to a press now."""
        return monotonic() - self._pressed_at >= DEAF_SECONDS

    def show(self, view: View) -> None:
        """Put `view` on the screen: update the present page if possible, else build another."""
        before, self._view = self._view, view
        spoken_to = (view.frame.language, view.frame.access)
        part, covered = None, self.covered
        if spoken_to != self._spoken_to:
            if before is not None and before.heading == view.heading:
                part = self.focus.part
            if view.frame.language is not self._spoken_to[0]:
                self._heard = None  # the user did not understand it: read it again
            self._spoken_to = spoken_to
            self.clear()
            self._prepare()
        if self._screen is None or not self._screen.update(view):
            self._build(view)
        elif view.frame.remaining is not None:
            self._screen.show_remaining(view.frame.remaining)
        self._show_countdown(view, covered=covered)
        if covered and not self.covered:
            part = self._covered_part
        self._read_aloud(view, self.focus.return_to(part))

    def clear(self) -> None:
        """Remove everything from the screen."""
        self.focus.leave()
        self.clear_widgets()
        self._screen = self._overlay = None

    def forget(self) -> None:
        """Remove everything from the screen, drop the view, and stop speaking."""
        self.clear()
        self._view = None
        self._offered = False
        self._stop_speaking()

    def refresh(self) -> None:
        """Redraw what is typed."""
        if isinstance(self._screen, EntryScreen):
            self._screen.box.refresh()

    def strike(self, key: str) -> None:
        """Type `key` as if it had been touched; without an entry, do nothing."""
        if isinstance(self._screen, EntryScreen):
            self._screen.strike(key)

    def key(self, key: str) -> None:
        """Handle a key press, from any device with keys: see `focus`."""
        if key != "held":  # an object may lie on a key
            self._report_touch()
        if key != "speech":
            self._offer()
        self.focus.key(key)

    def on_touch_down(self, touch: Any) -> bool:
        """Report the touch and remove the focus, then let the widgets handle it."""
        if not self.collide_point(*touch.pos):
            return False  # in a demonstration the window is larger than the stage
        self._report_touch()
        self.focus.leave()
        return bool(super().on_touch_down(touch))

    def _report_touch(self) -> None:
        now = monotonic()
        if now - self._touched_at >= TOUCHED_SECONDS:
            self._touched_at = now
            self._send(Touched())

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

    def _show_countdown(self, view: View, *, covered: bool) -> None:
        countdown = view.frame.countdown
        if countdown is None:
            if self._overlay is not None:
                self.remove_widget(self._overlay)
                self._overlay = None
        elif self._overlay is not None:
            self._overlay.draw(countdown)
        else:
            if not covered:
                self._covered_part = self.focus.part
                self.focus.leave()
            if self._screen is not None:
                self._screen.release_all()
            self._overlay = CountdownOverlay(self.context, countdown)
            self.add_widget(self._overlay)

    def _press(self, intent: Intent) -> None:
        if not self.listening:
            return
        self._pressed_at = monotonic()
        self._acted = True
        if intent in SUBMITTING and isinstance(self._screen, EntryScreen):
            field = self._screen.field
            self._send(Pressed(intent, self._typed.copy(field), field))
        else:
            self._send(Pressed(intent))

    def _choose(self, number: int) -> None:
        if self.listening:
            self._pressed_at = monotonic()
            self._acted = True
            self._send(Chosen(number))

    def _changed(self, entry: Entry) -> None:
        field = entry.field
        met = self._typed.met(field, entry.rules)
        length = self._typed.length(field)
        self._send(Typed(field, length, met))
        self._acted, self._counted = True, str(length)  # the number, never the characters
        self._say_aloud(self._counted)

    # ------------------------------------------------------------ reading aloud

    def _read_aloud(self, view: View, focused: str) -> None:
        """Say what is new (a page, its changes, the time warning), then the `focused` control.

        A change that the user did not cause waits until the current speech has ended.
        """
        counted, self._counted = self._counted, ""
        if not view.frame.access.speech:
            self._stop_speaking()
            if not isinstance(view, Welcome | Resting):
                self._offer()  # a card was inserted
            return
        if view.frame.countdown is not None:
            if not self._warned:
                self._warned = True
                self._say_lines(*warning(view.frame.countdown))
            return
        before, now = self._heard, aloud(view, self._address(view))
        lines, self._heard = now.after(before), now
        same = now.is_of(before)
        if lines and counted and same:
            lines = ((Verbatim(counted),), *lines)
        if self._warned and not lines:
            lines = (now.place,)  # the user got more time: say which page this is
        if focused and lines[-1:] != ((Verbatim(focused),),):
            lines = (*lines, (Verbatim(focused),))
        if lines:
            asked = self._acted or self._warned or bool(focused)
            self._say_lines(*lines, politely=same and not asked)
            self._acted = self._warned = False

    def _address(self, view: View) -> str:
        """Return the email address in the box, which may be read aloud; "" on other pages."""
        if not isinstance(view, EntryPage) or view.entry.kind is not EntryKind.EMAIL:
            return ""
        return "".join(self._typed.characters(view.entry.field))

    def _say_lines(self, *lines: Line, politely: bool = False) -> None:
        sentences = [", ".join(map(self.context.say, line)) for line in lines]
        words = ". ".join(sentence.removesuffix(".") for sentence in sentences)
        self._say_aloud(words, politely=politely)

    def _offer(self) -> None:
        """Say how to have the screen read aloud, once in a visit."""
        offer = None if self._view is None else self._view.frame.offer
        if offer is not None and not self._offered:
            self._offered = True
            self._speak(self.context.say(offer), self._spoken_to[0])

    def _say_aloud(self, words: str, *, politely: bool = False) -> None:
        language, access = self._spoken_to
        if access.speech and words:
            self._speak(words, language, politely=politely)

    def _stop_speaking(self) -> None:
        self._warned = False
        if self._heard is not None:
            self._heard = None
            self._speak("", self._spoken_to[0])
