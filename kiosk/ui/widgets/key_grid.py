# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The keys to type with. A key types at the moment when a finger comes down on it.

So no key is lost when two thumbs type fast and their touches overlap. The whole plate reacts: a
touch between two keys, or beside the end of a row, counts for the nearest key. A finger held on a
letter brings up its accents in a row that waits for the next touch, so the user need not slide. A
key of a keypad, held down while a letter is in focus, does the same.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any

from kivy.clock import Clock
from kivy.uix.label import Label
from kivy.uix.widget import Widget

from kiosk.flow.preferences import Language
from kiosk.ui.context import Context
from kiosk.ui.theme import Size
from kiosk.ui.widgets.caps import (
    ACCENTS,
    CYRILLIC,
    DELETE,
    KEY_ROWS,
    LATIN,
    NOTHING,
    SHIFT,
    SIGNS,
    SPACE,
    Cap,
    Rows,
    address,
    digits,
    letters,
)
from kiosk.ui.widgets.shape import Backdrop

__all__ = [
    "DELETE",
    "KEY_ROWS",
    "SHIFT",
    "KeyCap",
    "KeyPlate",
    "address_keyboard",
    "keyboard",
    "keypad",
]

HOLD_SECONDS, REPEAT_SECONDS = 0.5, 0.12
LARGEST, LARGEST_SIGN = 42, 30  # letters and signs on a key of ten millimetres


class KeyCap(Label):
    """The drawing of one key; the plate handles its touches."""

    def __init__(self, context: Context, cap: Cap, character_size: float) -> None:
        theme = context.theme
        palette = theme.palette
        self.cap, self.context = cap, context
        word = cap.sign or cap.key
        size = Size.SMALL if len(word) > 1 else character_size
        most = LARGEST if len(word) == 1 and not cap.sign else LARGEST_SIGN
        self._largest = min(theme.letters(size), theme.px(most))
        super().__init__(
            text=word,
            font_name=theme.regular,
            font_size=self._largest,
            color=palette.text,
            size_hint=(None, None),
        )
        special = bool(cap.sign) and cap.key != SPACE
        self._resting = palette.special_key if special else palette.surface
        self._pressed = palette.tint
        drop, line, radius = theme.px(3), theme.px(1.5), theme.px(6)
        self._edge = Backdrop(self, palette.edge, radius)
        self._face = Backdrop(self, self._resting, radius - line)
        self._travel = ((line, drop, line, line), (line, line, line, drop))
        self.press(down=False)

    @property
    def key(self) -> str:
        """The character that the key types before shift, or its name."""
        return self.cap.key

    @property
    def spoken(self) -> str:
        """The name that is read aloud."""
        return self.context.say(self.cap.words) if self.cap.words else self.text

    def fit(self) -> None:
        """Shrink words that are wider than the key: central's endings can have any length."""
        self.font_size = self._largest
        self.texture_update()
        if self.texture_size[0] > self.width > 0:
            self.font_size *= self.width / self.texture_size[0]

    def press(self, down: bool) -> None:
        """Draw the key pressed (another colour, and lower) or not."""
        self._face.inset(self, self._travel[down])
        self._face.paint(self._pressed if down else self._resting)


class KeyPlate(Widget):
    """Rows of keys that fill the widget; `on_key` gets each character, or `DELETE`.

    Each of the `layers` has its own rows; the first layer is shown first.
    """

    def __init__(
        self,
        context: Context,
        layers: dict[str, Rows],
        on_key: Callable[[str], None],
        *,
        character_size: float,
        gap: float,
        accents: bool = False,
        **properties: Any,
    ) -> None:
        super().__init__(**properties)
        self._accented = accents
        self.context, self._layers, self._on_key = context, layers, on_key
        self._character_size, self._gap = character_size, context.theme.px(gap)
        self._down: dict[Any, KeyCap] = {}
        self._shifted = False
        self._held: Any = None
        self._accents: list[KeyCap] = []
        self._accents_if_held: list[str] = []  # the accents of the letter that was typed last
        self._letter: KeyCap | None = None  # typed last, of the present layer
        self._rows: list[list[KeyCap]] = []
        self.bind(pos=self._place, size=self._place)
        self.turn_to(next(iter(layers)))

    @property
    def columns(self) -> float:
        """The number of keys in the longest row of all layers."""
        return max(
            sum(cap.columns for cap in caps) for rows in self._layers.values() for caps in rows
        )

    @property
    def caps(self) -> list[KeyCap]:
        """All keys of the present layer, and the accents that are offered."""
        return [
            *(cap for caps in self._rows for cap in caps if cap.key != NOTHING),
            *self._accents,
        ]

    @property
    def accents(self) -> list[KeyCap]:
        """The accents that are offered, of the letter that was typed last."""
        return self._accents

    @property
    def resume_key(self) -> KeyCap:
        """The key that gets the focus next: the letter that was typed last, else the first key."""
        return self._letter or self.caps[0]

    def accents_of(self, cap: KeyCap) -> list[str]:
        """Return the accents that `cap` offers when held, as capitals if it types a capital."""
        accents = ACCENTS.get(cap.key, "") if self._accented and cap not in self._accents else ""
        found = [one.upper() if cap.text.isupper() else one for one in accents]
        return [one for one in found if len(one) == 1]  # a capital ß is two letters

    def offer_accents(self, cap: KeyCap) -> None:
        """Offer the accents of `cap` if it was typed last: a keyboard's key is held down on it."""
        if cap is self._letter and not self._accents:
            self._offer(self._accents_if_held)

    def dismiss_accents(self) -> None:
        """Take away the accents that are offered."""
        self._offer(())

    def reach(self, cap: KeyCap) -> tuple[float, float]:
        """Return the width and height of the area whose touches count for this key."""
        return cap.width + self._gap, cap.height + self._gap

    def offers(self, character: str) -> bool:
        """Return whether a layer can type `character`, directly or as an accent."""
        small = character.lower()
        keys = {cap.key for rows in self._layers.values() for caps in rows for cap in caps}
        return small in keys or (self._accented and small in "".join(ACCENTS.values()))

    def way_to(self, key: str) -> KeyCap | None:
        """Return the key that types `key`, or the one that leads to its layer; else None."""
        for cap in self.caps:
            if cap.key == key:
                return cap
        for layer, rows in self._layers.items():
            if any(cap.key == key for caps in rows for cap in caps):
                return next((cap for cap in self.caps if cap.key == layer), None)
        return None

    def turn_to(self, layer: str) -> None:
        """Show the keys of another layer, as capitals if shift is on."""
        shifted, self._shifted = self._shifted, False
        self._down.clear()
        self._accents, self._letter = [], None
        self.clear_widgets()
        rows, context = self._layers[layer], self.context
        self._columns = max(sum(cap.columns for cap in caps) for caps in rows)
        self._rows = [[KeyCap(context, cap, self._character_size) for cap in caps] for caps in rows]
        for cap in self.caps:
            self.add_widget(cap)
        self._shift(shifted)
        self._place()

    def on_touch_down(self, touch: Any) -> bool:
        """Type the key under the finger at once."""
        if not self.collide_point(*touch.pos):
            return False
        cap = self._nearest(*touch.pos)
        if cap.key == NOTHING:
            return True
        touch.grab(self)
        self._down[touch] = cap
        cap.press(down=True)
        self.strike(cap)
        return True

    def on_touch_up(self, touch: Any) -> bool:
        """Release the key of this finger, wherever the finger is now."""
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        cap = self._down.pop(touch, None)
        if cap is not None and cap not in self._down.values():
            cap.press(down=cap.key == SHIFT and self._shifted)
            self.cancel_hold()
        return True

    def strike(self, cap: KeyCap) -> None:
        """Do what `cap` does, and prepare what it does if it is held."""
        accent = cap in self._accents
        self.cancel_hold()
        self._offer(())
        if cap.key in self._layers:
            self.turn_to(cap.key)
        elif cap.key == SHIFT:
            self._shift(not self._shifted)
        elif cap.key == DELETE:
            self._letter = None
            self._on_key(DELETE)
            self._once_held(self._strike_again, HOLD_SECONDS)
        elif accent:
            self._on_key(DELETE)
            self._on_key(cap.key)
        else:
            self._type(cap)

    def _type(self, cap: KeyCap) -> None:
        offered = self._accents_if_held = self.accents_of(cap)
        self._letter = cap
        self._on_key(cap.key.upper() if self._shifted else cap.key)
        self._shift(False)
        if offered:
            self._once_held(lambda: self._offer(offered), HOLD_SECONDS)

    def _once_held(self, then: Callable[[], None], seconds: float) -> None:
        """Call `then` if the finger stays for `seconds`.

        The call waits one more frame. If drawing took long, the finger may already be up and its
        event not yet handled.
        """

        def one_frame_later(_: float) -> None:
            self._held = Clock.schedule_once(lambda _: then(), 0)

        self._held = Clock.schedule_once(one_frame_later, seconds)

    def _strike_again(self) -> None:
        if self.get_root_window() is not None:
            self._on_key(DELETE)
            self._once_held(self._strike_again, REPEAT_SECONDS)

    def cancel_hold(self) -> None:
        """Stop the repetition, and let no accents come up."""
        if self._held is not None:
            self._held.cancel()
            self._held = None

    def _offer(self, accents: Sequence[str]) -> None:
        """Show these characters in place of the first row; without any, show the row again."""
        for cap in self._accents:
            self.remove_widget(cap)
        self._accents = [
            KeyCap(self.context, Cap(character), self._character_size) for character in accents
        ]
        for cap in self._accents:
            self.add_widget(cap)
        self._place()

    def _shift(self, shifted: bool) -> None:
        if shifted == self._shifted:
            return
        self._shifted = shifted
        for cap in self.caps:
            if not cap.cap.sign and len(cap.key) == 1:
                cap.text = cap.key.upper() if shifted else cap.key
            elif cap.key == SHIFT:
                cap.press(down=shifted)

    def _nearest(self, x: float, y: float) -> KeyCap:
        pitch = (self.height + self._gap) / len(self._rows)
        number = int((self.top + self._gap / 2 - y) / pitch)
        caps = self._rows[min(max(number, 0), len(self._rows) - 1)]
        if number <= 0 and self._accents:
            caps = self._accents
        return min(caps, key=lambda cap: max(cap.x - x, x - cap.right))

    def _place(self, *_: object) -> None:
        """Place each key on whole pixels, and spread the rounding so that the outer edges meet."""
        # Not self.top: Kivy may have cached it before the height changed.
        gap, ceiling = self._gap, self.y + self.height
        high = (self.height + gap) / len(self._rows)
        for number, caps in enumerate(self._rows):
            top = round(ceiling - number * high)
            bottom = round(ceiling - (number + 1) * high) + gap
            self._place_row(caps, bottom, top - bottom)
        first = self._rows[0][0]
        self._place_row(self._accents, first.y, first.height)
        for cap in self._rows[0]:
            # The accents cover the first row.
            cap.opacity = 0 if self._accents else 1

    def _place_row(self, caps: Sequence[KeyCap], bottom: float, high: float) -> None:
        gap, wide = self._gap, (self.width + self._gap) / self._columns
        left = (self._columns - sum(cap.cap.columns for cap in caps)) / 2
        for cap in caps:
            x = round(self.x + left * wide)
            left += cap.cap.columns
            cap.pos = (x, bottom)
            cap.size = (round(self.x + left * wide) - gap - x, high)
            if len(cap.text) > 1:
                cap.fit()


def keyboard(context: Context, on_key: Callable[[str], None], language: Language) -> KeyPlate:
    """Return a keyboard with letters and the signs of names, in the alphabets of `language`."""
    cyrillic = language is Language.UKRAINIAN
    layers = letters(cyrillic=cyrillic)
    order = [CYRILLIC, LATIN, SIGNS] if cyrillic else [LATIN, SIGNS]
    shown = {layer: layers[layer] for layer in order}
    return KeyPlate(context, shown, on_key, character_size=24, gap=4, accents=True)


def address_keyboard(
    context: Context, endings: Sequence[str], on_key: Callable[[str], None]
) -> KeyPlate:
    """Return a keyboard with letters, digits, the signs of email addresses, and the `endings`."""
    layers = address(endings, divided=context.theme.large)
    return KeyPlate(context, layers, on_key, character_size=24, gap=4)


def keypad(context: Context, on_key: Callable[[str], None], **properties: Any) -> KeyPlate:
    """Return a keypad with large digits, in random order if the user asked for that."""
    order = list("1234567890")
    if context.theme.scrambled:
        secrets.SystemRandom().shuffle(order)
    rows = digits("".join(order))
    return KeyPlate(context, {"digits": rows}, on_key, character_size=30, gap=8, **properties)
