# SPDX-License-Identifier: Apache-2.0
"""What every widget is given to draw with and to report to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kiosk.flow.text import Words
from kiosk.flow.view import Entry, Intent
from kiosk.ui.theme import Theme
from kiosk.ui.typed import TypedText


@dataclass(frozen=True, slots=True)
class Context:
    """The looks, the language, and the ways back.

    These are: a button was pressed, a choice was touched, a key changed an entry.
    """

    theme: Theme
    say: Callable[[Words], str]
    typed: TypedText
    press: Callable[[Intent], None]
    choose: Callable[[int], None]
    changed: Callable[[Entry], None]
