# mypy: allow-subclassing-any
"""An e-mail address, in clear, and the keyboard for it."""

from __future__ import annotations

from kivy.uix.widget import Widget

from kiosk.ui.screens.answer import AnswerScreen
from kiosk.ui.widgets.keys import KeyPlate, address_keyboard
from kiosk.ui.widgets.writing import Writing


class AddressScreen(AnswerScreen):
    """Like a question, with the signs and the endings of addresses on its keys."""

    def room_for(self, heading: Writing) -> Widget:
        """What it needs: no other page follows whose keys should be at the same place."""
        return heading

    def keys(self) -> KeyPlate:
        """The keys to type an address with."""
        return address_keyboard(self.context, self._view.entry.endings, self.strike)
