# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""An e-mail address, in clear, and the keyboard for it."""

from __future__ import annotations

from kiosk.ui.screens.answer import AnswerScreen
from kiosk.ui.widgets.key_grid import KeyPlate, address_keyboard


class AddressScreen(AnswerScreen):
    """Like a question, with the signs and the endings of addresses on its keys."""

    def keys(self) -> KeyPlate:
        """The keys to type an address with."""
        return address_keyboard(self.context, self._view.entry.endings, self.strike)
