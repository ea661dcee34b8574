# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""Short texts with a sign: a problem, a rule and whether it is met, a step of work."""

from __future__ import annotations

from collections.abc import Sequence

from kivy.uix.boxlayout import BoxLayout

from kiosk.ui.context import Context
from kiosk.ui.palette import Colour
from kiosk.ui.theme import Size
from kiosk.ui.widgets.shape import Backdrop
from kiosk.ui.widgets.sign import Mark, Sign
from kiosk.ui.widgets.writing import Writing


class Remark(BoxLayout):
    """One or more lines beside a sign; without a mark, the text alone.

    `indent` is the distance from the left edge to the text, in pixels.
    """

    def __init__(
        self,
        context: Context,
        content: str,
        mark: Mark | None = None,
        *,
        size: float = Size.BODY,
        sign: float = 24,
        strong: bool = False,
        colour: Colour | None = None,
    ) -> None:
        gap = context.theme.px(8 + sign / 5)
        super().__init__(spacing=gap, size_hint_y=None)
        self.indent = context.theme.px(sign) + gap
        self._least = context.theme.px(sign) if mark else 0
        self.sign: Sign | None = None
        if mark is not None:
            self.sign = Sign(context, mark, sign)
            self.sign.pos_hint = {"center_y": 0.5}
            self.add_widget(self.sign)
        self.words = Writing(
            context, content, size=size, strong=strong, colour=colour, balanced=True
        )
        self.words.pos_hint = {"center_y": 0.5}
        self.words.bind(height=self._fit)
        self.add_widget(self.words)
        self._fit()

    def _fit(self, *_: object) -> None:
        self.height = max(self._least, self.words.height)


class Callout(BoxLayout):
    """Important remarks on white, with a coloured edge at the left."""

    def __init__(self, context: Context, contents: Sequence[str], mark: Mark, edge: Colour) -> None:
        theme = context.theme
        pad = theme.px(14)
        super().__init__(
            orientation="vertical",
            size_hint_y=None,
            padding=(pad + theme.px(6), pad, pad, pad),
            spacing=theme.px(10),
        )
        Backdrop(self, edge, theme.px(4))
        Backdrop(self, theme.palette.surface, theme.px(2), (theme.px(6), 0, 0, 0))
        for content in contents:
            self.add_widget(Remark(context, content, mark, sign=28))
        self.height = self.minimum_height
        self.bind(minimum_height=self.setter("height"))
