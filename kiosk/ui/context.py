# SPDX-License-Identifier: Apache-2.0
"""The context that each widget gets: how to draw, and whom to call when the user acts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kiosk.flow.text import Words
from kiosk.flow.view import Entry, Intent
from kiosk.ui.theme import Theme
from kiosk.ui.typed import TypedText


@dataclass(frozen=True, slots=True)
class Context:
    """The theme, the words of the language, what is typed, and three callbacks.

    The callbacks: `press` a button was pressed, `choose` a choice was touched, `changed` a key
    changed an entry.
    """

    theme: Theme
    say: Callable[[Words], str]
    typed: TypedText
    press: Callable[[Intent], None]
    choose: Callable[[int], None]
    changed: Callable[[Entry], None]
