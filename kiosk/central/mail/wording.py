# SPDX-License-Identifier: Apache-2.0
"""Central's texts in a cardholder's language: gettext, with `{name}` filled in after translation.

Messages are in English; the catalogues take those in `text("…")` of a `Wording`.
"""

from __future__ import annotations

import gettext
import logging
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

DOMAIN = "central"
LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ("en", "cy", "pl", "uk")
_log = logging.getLogger(__name__)


class Wording:
    """The texts of one language; a missing translation is replaced by English."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else "en"
        self._translations = gettext.translation(DOMAIN, LOCALE, [self.language], fallback=True)

    def text(self, message: str, **values: object) -> str:
        """Return the message with its `{name}` filled in.

        A malformed translation is logged, and replaced by English.
        """
        try:
            return self._translations.gettext(message).format(**values)
        except (LookupError, ValueError, AttributeError):
            _log.error("malformed translation into %s of %r", self.language, message)
            return message.format(**values)

    def moment(self, at: datetime) -> str:
        """Return a date and a time in UTC; months have names in English only."""
        pattern = self.text("%d %B %Y at %H:%M UTC")
        return at.astimezone(UTC).strftime(pattern).lstrip("0")


@cache
def wording(language: str) -> Wording:
    """Return the wording of a language, or of English if the language is not known."""
    return Wording(language)
