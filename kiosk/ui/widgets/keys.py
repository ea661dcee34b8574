# mypy: allow-subclassing-any
"""Keys to type with. A key works the moment a finger comes down on it.

So nothing is lost when two thumbs type fast and their touches overlap. The whole plate is live: a
touch between two keys, or beside the end of a row, is the nearest key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kivy.clock import Clock
from kivy.uix.label import Label
from kivy.uix.widget import Widget

from kiosk.flow.text import Text, text
from kiosk.ui.context import Context
from kiosk.ui.theme import Size
from kiosk.ui.widgets.shape import Backdrop

SHIFT, DELETE, SPACE, NOTHING = "shift", "delete", " ", ""

HOLD_SECONDS, REPEAT_SECONDS = 0.5, 0.12


@dataclass(frozen=True, slots=True)
class Cap:
    """A key: the character it types or one of the names above, its width in columns, its words."""

    key: str
    columns: float = 1
    label: Text | None = None


Rows = Sequence[Sequence[Cap]]

LETTERS: Rows = (
    [Cap(key) for key in "1234567890"],
    [Cap(key) for key in "qwertyuiop"],
    [Cap(key) for key in "asdfghjkl'"],
    [
        Cap(SHIFT, 1.5, text("Shift")),
        *[Cap(key) for key in "zxcvbnm"],
        Cap(DELETE, 1.5, text("Delete")),
    ],
    [Cap("-", 1.5), Cap(SPACE, 7, text("Space")), Cap(".", 1.5)],
)

ADDRESS: Rows = (
    [Cap(key) for key in "1234567890"],
    [Cap(key) for key in "qwertyuiop"],
    [Cap(key) for key in "asdfghjkl-"],
    [*[Cap(key) for key in "zxcvbnm._"], Cap(DELETE, 1, text("Delete"))],
)
AT_COLUMNS = 2

DIGITS: Rows = (
    [Cap(key) for key in "123"],
    [Cap(key) for key in "456"],
    [Cap(key) for key in "789"],
    [Cap(NOTHING), Cap("0"), Cap(DELETE, 1, text("Delete"))],
)


class KeyCap(Label):
    """One key as it is drawn; touches are the plate's business."""

    def __init__(self, context: Context, cap: Cap, character_size: float) -> None:
        theme = context.theme
        palette = theme.palette
        self.cap = cap
        word = context.say(cap.label) if cap.label else cap.key
        special = len(word) > 1
        super().__init__(
            text=word,
            font_name=theme.regular,
            font_size=theme.px(Size.SMALL if special else character_size),
            color=palette.text,
            size_hint=(None, None),
        )
        self._resting = palette.special_key if cap.key in {SHIFT, DELETE} else palette.surface
        self._pressed = palette.tint
        drop, radius = theme.px(2), theme.px(6)
        self._edge = Backdrop(self, palette.key_edge, radius, (0, 0, 0, drop))
        self._face = Backdrop(self, self._resting, radius, (0, drop, 0, 0))
        self._travel = ((0, drop, 0, 0), (0, 0, 0, drop))

    @property
    def key(self) -> str:
        """What a touch on this key types, the shift key aside."""
        return self.cap.key

    def press(self, down: bool) -> None:
        """Look pressed, or not: another colour, and lower."""
        self._face.inset(self, self._travel[down])
        self._face.paint(self._pressed if down else self._resting)


class KeyPlate(Widget):
    """Rows of keys that fill the widget; `on_key` hears the character or `DELETE`."""

    def __init__(
        self,
        context: Context,
        rows: Rows,
        on_key: Callable[[str], None],
        *,
        character_size: float,
        gap: float,
        **properties: Any,
    ) -> None:
        super().__init__(**properties)
        self._on_key = on_key
        self._gap = context.theme.px(gap)
        self._columns = max(sum(cap.columns for cap in caps) for caps in rows)
        self._rows = [[KeyCap(context, cap, character_size) for cap in caps] for caps in rows]
        self._down: dict[Any, KeyCap] = {}
        self._shifted = False
        self._repeat: Any = None
        for caps in self._rows:
            for cap in caps:
                if cap.key != NOTHING:
                    self.add_widget(cap)
        self.bind(pos=self._place, size=self._place)

    @property
    def caps(self) -> list[KeyCap]:
        """Every key."""
        return [cap for caps in self._rows for cap in caps if cap.key != NOTHING]

    def on_touch_down(self, touch: Any) -> bool:
        """A finger comes down: its key types at once."""
        if not self.collide_point(*touch.pos):
            return False
        cap = self._nearest(*touch.pos)
        if cap.key == NOTHING:
            return True
        touch.grab(self)
        self._down[touch] = cap
        cap.press(down=True)
        self._strike(cap)
        return True

    def on_touch_up(self, touch: Any) -> bool:
        """A finger goes up, wherever it has got to."""
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        cap = self._down.pop(touch, None)
        if cap is not None and cap not in self._down.values():
            cap.press(down=cap.key == SHIFT and self._shifted)
            self._stop_repeating(cap)
        return True

    def _strike(self, cap: KeyCap) -> None:
        if cap.key == SHIFT:
            self._shift(not self._shifted)
            return
        if cap.key == DELETE:
            self._on_key(DELETE)
            self._repeat = Clock.schedule_once(self._strike_again, HOLD_SECONDS)
            return
        self._on_key(cap.key.upper() if self._shifted else cap.key)
        self._shift(False)

    def _strike_again(self, _: float) -> None:
        if self.get_root_window() is not None:
            self._on_key(DELETE)
            self._repeat = Clock.schedule_once(self._strike_again, REPEAT_SECONDS)

    def _stop_repeating(self, cap: KeyCap) -> None:
        if cap.key == DELETE and self._repeat is not None:
            self._repeat.cancel()
            self._repeat = None

    def _shift(self, shifted: bool) -> None:
        if shifted == self._shifted:
            return
        self._shifted = shifted
        for cap in self.caps:
            if cap.cap.label is None:
                cap.text = cap.key.upper() if shifted else cap.key
            elif cap.key == SHIFT:
                cap.press(down=shifted)

    def _nearest(self, x: float, y: float) -> KeyCap:
        pitch = (self.height + self._gap) / len(self._rows)
        number = int((self.top + self._gap / 2 - y) / pitch)
        caps = self._rows[min(max(number, 0), len(self._rows) - 1)]
        return min(caps, key=lambda cap: max(cap.x - x, x - cap.right))

    def _place(self, *_: object) -> None:
        """Whole pixels for every key, the rounding spread so that the outer edges meet."""
        # Not self.top: Kivy's cached sum may be older than the height that brought us here.
        gap, ceiling = self._gap, self.y + self.height
        wide, high = (self.width + gap) / self._columns, (self.height + gap) / len(self._rows)
        for number, caps in enumerate(self._rows):
            top = round(ceiling - number * high)
            bottom = round(ceiling - (number + 1) * high) + gap
            left = (self._columns - sum(cap.cap.columns for cap in caps)) / 2
            for cap in caps:
                x = round(self.x + left * wide)
                left += cap.cap.columns
                cap.pos = (x, bottom)
                cap.size = (round(self.x + left * wide) - gap - x, top - bottom)


def keyboard(context: Context, on_key: Callable[[str], None]) -> KeyPlate:
    """Letters, digits and the signs that occur in names."""
    return KeyPlate(context, LETTERS, on_key, character_size=22, gap=5)


def address_keyboard(
    context: Context, endings: Sequence[str], on_key: Callable[[str], None]
) -> KeyPlate:
    """Letters, digits, the signs of e-mail addresses, and `endings`: one touch each."""
    # Each ending has room by its length, and a short one is no narrower than a key.
    lengths = [len(ending) + 4 for ending in endings]
    share = (len(ADDRESS[0]) - AT_COLUMNS) / max(sum(lengths), 1)
    last = [Cap(ending, share * length) for ending, length in zip(endings, lengths, strict=True)]
    rows = [*ADDRESS, [Cap("@", AT_COLUMNS), *last]]
    return KeyPlate(context, rows, on_key, character_size=22, gap=5)


def keypad(context: Context, on_key: Callable[[str], None], **properties: Any) -> KeyPlate:
    """Digits, large."""
    return KeyPlate(context, DIGITS, on_key, character_size=30, gap=8, **properties)
