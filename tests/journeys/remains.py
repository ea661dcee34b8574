# SPDX-License-Identifier: Apache-2.0
"""The search for personal data left in a kiosk: buffers, states, widgets and Kivy's caches."""

from __future__ import annotations

from kiosk import compose
from kiosk.values import Secret
from tests.flow.test_properties import secrets_in
from tests.journeys.given import theirs

_THEIRS = theirs()


def remains_of(kiosk: compose.ScreenService) -> list[str]:
    """Return the names of the places that still hold personal data; an empty list is right."""
    left = []
    runtime = kiosk.runtime
    if any(isinstance(each, Secret) and each for each in secrets_in(runtime._state)):
        left.append("the flow's state")
    if runtime._state.changed:
        left.append("the user's language or settings")
    if any(runtime._secrets):
        left.append("the runtime")
    typed = kiosk.screen._typed
    if any(typed.length(field) for field in tuple(typed._buffers)):
        left.append("what was typed")
    left += [f"widget {text!r}" for text in _texts(kiosk) if is_theirs(text)]
    return left


def _texts(kiosk: compose.ScreenService) -> list[str]:
    from kivy.cache import Cache  # noqa: PLC0415 - the window is open by now

    shown = [getattr(each, "text", "") for each in kiosk.screen.stage.walk()]
    cached = [str(key) for objects in Cache._objects.values() for key in tuple(objects)]
    return [str(text) for text in shown] + cached


def is_theirs(text: str) -> bool:
    """Return whether `text` contains input or data of any cardholder."""
    return any(words in text.lower() for words in _THEIRS)
