# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""The page for an email address, which is shown in clear, with its keyboard."""

from __future__ import annotations

from kiosk.ui.screens.answer import AnswerScreen
from kiosk.ui.widgets.key_grid import KeyPlate, address_keyboard


class AddressScreen(AnswerScreen):
    """An answer page whose keys have the signs and endings of email addresses."""

    def keys(self) -> KeyPlate:
        """Return the keys for typing an address."""
        return address_keyboard(self.context, self._view.entry.endings, self.strike)
