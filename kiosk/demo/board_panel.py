# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The simulated board, drawn beside the kiosk's screen: lamps, buzzer, and switches to click.

It belongs to the demonstration and not to the screen, so its words are English only. Import it
after the screen was opened, because it imports Kivy.
"""

from __future__ import annotations

from collections.abc import Mapping

from kivy.core.window import Window
from kivy.graphics import Color, SmoothLine
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk.demo.board_layout import LAMPS, PINS, wide
from kiosk.devices.lights.pin_plan import PinPlan
from kiosk.simulated.pins import SimulatedPins
from kiosk.ui.app import KioskApp
from kiosk.ui.context import Context
from kiosk.ui.palette import Colour, colour
from kiosk.ui.widgets.layout import row, space
from kiosk.ui.widgets.press import Pressable
from kiosk.ui.widgets.shape import Backdrop, disc
from kiosk.ui.widgets.writing import Writing

_BOARD, _DARK, _LETTERS = colour("#15202b"), colour("#2c3b49"), colour("#ffffff")
_SWITCHES: Mapping[str, tuple[str, str]] = {
    # The effect of flipping it: while its pin is low, and while it is high.
    "tamper": ("Open the case", "Close the case"),
    "presence": ("Somebody comes", "Nobody is there"),
    "power": ("Power is good", "Power sags"),
}


class BoardPanel(BoxLayout):
    """A lamp for each output, lit as its pin is, and a switch for each input."""

    def __init__(self, app: KioskApp, pins: SimulatedPins, plan: PinPlan) -> None:
        context, px = app.stage.context, app.stage.context.theme.px
        super().__init__(
            orientation="vertical", size_hint=(None, None), padding=px(14), spacing=px(7)
        )
        self._pins = pins
        Backdrop(self, _BOARD)
        self.add_widget(_label(context, "Simulated board", strong=True))
        self._lamps: list[tuple[int, _Lamp]] = []
        for name, (words, lit) in LAMPS.items():
            lamp = _Lamp(context, lit)
            beside = _label(context, words)
            beside.pos_hint = {"center_y": 0.5}
            high = px(26)
            self.add_widget(row(lamp, beside, spacing=px(10), size_hint_y=None, height=high))
            self._lamps.append((getattr(plan, name), lamp))
        self.add_widget(space())
        for name, words_of in _SWITCHES.items():
            self.add_widget(BoardSwitch(context, pins, getattr(plan, name), words_of))
        pins.when_written(lambda: app.call(self._draw))
        self._draw()

    def on_touch_down(self, touch: object) -> bool:
        """Handle a touch on the board, so that it does not reach the screen."""
        inside = bool(self.collide_point(*touch.pos))  # type: ignore[attr-defined]
        return bool(super().on_touch_down(touch)) or inside

    def lit(self) -> set[str]:
        """Return the names of the lamps that are lit."""
        names = [words for words, _ in LAMPS.values()]
        return {name for name, (_, lamp) in zip(names, self._lamps, strict=True) if lamp.lit}

    def _draw(self) -> None:
        levels = self._pins.levels
        for pin, lamp in self._lamps:
            lamp.light(on=levels.get(pin, False))


class BoardSwitch(Pressable, BoxLayout):
    """A switch: a press changes the level of its pin."""

    def __init__(
        self, context: Context, pins: SimulatedPins, pin: int, words: tuple[str, str]
    ) -> None:
        px = context.theme.px
        super().__init__(size_hint_y=None, height=px(44), padding=px(6))
        self._pins, self._pin, self._words_of = pins, pin, words
        self._face = Backdrop(self, _DARK, px(6))
        self._label = _label(context, "", strong=True, align="center")
        self._label.pos_hint = {"center_y": 0.5}
        self.add_widget(self._label)
        self.paint()

    @property
    def spoken(self) -> str:
        """The label: what a press does now."""
        return self._words_of[self._pins.read(self._pin)]

    @property
    def enabled(self) -> bool:
        """Always True."""
        return True

    def pressed(self) -> None:
        """Change the level of the pin."""
        self._pins.set_input(self._pin, high=not self._pins.read(self._pin))
        self.paint()

    def paint(self) -> None:
        """Show what a press does now."""
        self._face.paint(_LETTERS if self.down else _DARK)
        self._label.color = _BOARD if self.down else _LETTERS
        self._label.text = self.spoken


def attach(app: KioskApp, pins: SimulatedPins, size: tuple[int, int]) -> BoardPanel:
    """Draw the board at the right of the screen of `app`, which gets the size `size`.

    The window has to be wider by `wide(size)`.
    """
    app.stage.size_hint, app.stage.size = (None, None), size
    panel = BoardPanel(app, pins, PinPlan.of(PINS, "demo"))
    panel.size, panel.pos = (wide(size), size[1]), (size[0], 0)
    Window.add_widget(panel)
    return panel


class _Lamp(Widget):
    """A disc in its colour while it is lit, else a ring."""

    def __init__(self, context: Context, lit: Colour) -> None:
        side = context.theme.px(22)
        super().__init__(size_hint=(None, None), size=(side, side), pos_hint={"center_y": 0.5})
        self.lit = False
        self._colour, self._line = lit, context.theme.px(1.6)
        self.bind(pos=self._paint)

    def light(self, *, on: bool) -> None:
        """Switch the lamp on or off."""
        self.lit = on
        self._paint()

    def _paint(self, *_: object) -> None:
        self.canvas.clear()
        radius = self.height / 2
        with self.canvas:
            Color(*(self._colour if self.lit else _DARK))
            disc(self.center, radius)
            Color(*self._colour)
            SmoothLine(circle=(*self.center, radius - self._line), width=self._line)


def _label(context: Context, words: str, *, strong: bool = False, align: str = "left") -> Writing:
    return Writing(context, words, size=15, strong=strong, colour=_LETTERS, align=align)
